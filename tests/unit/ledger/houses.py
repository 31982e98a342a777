"""A house on a migrated database, without installed plugins."""

from suwen.kernel import crypto, house, settings
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.regions import DEFAULT_CODE


def reopen(url, folder, host=None):
    """As another process would open it."""
    raw = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
    }
    return house.build(settings.load(raw, environ={}), host=host or PluginHost(strict=True))


def build(url, folder, host=None):
    made = reopen(url, folder, host)
    crypto.KeyBase.metadata.create_all(made.vault.store.engine)
    with made.database.transaction() as session:
        made.regions.add(session, DEFAULT_CODE, "全国", [""])
        made.regions.add(session, "4306", "岳阳市", ["4306"])
    return made
