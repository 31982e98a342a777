"""A house with tables for the money domains, on SQLite and on PostgreSQL."""

import pytest

from suwen.kernel import crypto, house, settings
from suwen.kernel.db import metadata
from suwen.kernel.plugins.host import PluginHost
from suwen.ledger.services import ledger


@pytest.fixture
def make_house(tmp_path):
    built = []

    def make(url):
        raw = {
            "suwen.environment": "development",
            "suwen.data_dir": str(tmp_path),
            "suwen.database_url": url,
            "suwen.queue_url": "memory://",
            "suwen.plugins": "false",
        }
        made = house.build(settings.load(raw, environ={}), host=PluginHost(strict=True))
        crypto.KeyBase.metadata.create_all(made.vault.store.engine)
        metadata.create_all(made.database.engine)
        built.append(made)
        return made

    yield make
    for made in built:
        made.close()


@pytest.fixture
def ledger_house(make_house, empty_database_url):
    return make_house(empty_database_url)


@pytest.fixture
def db(ledger_house):
    with ledger_house.database.transaction() as session:
        yield session


@pytest.fixture
def books(ledger_house, db):
    return ledger(ledger_house, db)
