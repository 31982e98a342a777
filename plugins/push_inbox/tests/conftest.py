"""A site with the inbox as its only plugin."""

import pytest
import time_machine
from argon2 import PasswordHasher
from pyramid.config import Configurator
from webtest import TestApp

import suwen_push_inbox.plugin
from suwen.accounts.contacts import parse
from suwen.accounts.passwords import Passwords
from suwen.accounts.services import Registration, accounts
from suwen.app import ini_of
from suwen.kernel import crypto, migrations
from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.db import metadata
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import Device
from suwen.messaging.services import messaging

INCLUDES = (
    "suwen.kernel.i18n",
    "suwen.kernel.web",
    "suwen.kernel.themes",
    "suwen.api",
    "suwen.storefront",
    "suwen.admin",
    "suwen.accounts.staffing.permissions",
    "suwen.messaging",
    "suwen.accounts",
    "suwen.kernel.plugins.mount",
)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-24T02:00:20+00:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def host():
    made = PluginHost(strict=True)
    made.register("push_inbox", suwen_push_inbox.plugin, "0.1.0")
    return made


@pytest.fixture
def house(empty_database_url, tmp_path, host):
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(tmp_path),
        "suwen.database_url": empty_database_url,
        "suwen.queue_url": "memory://",
    }
    built = kernel_house.build(kernel_settings.load(values, environ={}), host=host)
    crypto.KeyBase.metadata.create_all(built.vault.store.engine)
    own = {"push_inbox_message"}
    core = [table for table in metadata.sorted_tables if table.name not in own]
    metadata.create_all(built.database.engine, tables=core)
    # The plugin's own table comes from its own history.
    migrations._run(built.database, host.plugins["push_inbox"].info)
    built.ports["passwords"] = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    with built.database.transaction() as db:
        built.regions.add(db, DEFAULT_CODE, "全国", [""])
        built.switch.set_state(db, DEFAULT_CODE, "push_inbox", "enabled")
    yield built
    built.close()


@pytest.fixture
def app(house):
    config = Configurator(settings=ini_of(house))
    config.registry.house = house
    for name in INCLUDES:
        config.include(name)
    return config.make_wsgi_app()


@pytest.fixture
def member(app, house):
    """A member whose inbox holds the welcome; his id."""
    with house.database.transaction() as db:
        wanted = Registration("13812345678", "", "correct horse 42", DEFAULT_CODE)
        made = accounts(house, db).create(parse(wanted.address), wanted, None)
    house.outbox.drain()
    return made.id


@pytest.fixture
def web(app, house, member):
    """The member's browser."""
    browser = TestApp(app)
    with house.database.transaction() as db:
        token = accounts(house, db).open_browser_session(member, Device())
    browser.set_cookie("dev-session", token)
    return browser


@pytest.fixture
def bearer(app, house, member):
    """Headers of the member's APP."""
    with house.database.transaction() as db:
        pair = accounts(house, db).tokens.sign_in(member, Device())
    return {"Authorization": f"Bearer {pair.access_token}"}


@pytest.fixture
def notify(app, house):
    def tell(member_id, number):
        with house.database.transaction() as db:
            messaging(house, db).notify(
                member_id,
                "order_paid",
                {"number": number},
                key=f"order:{number}",
                region=DEFAULT_CODE,
            )
        house.outbox.drain()

    return tell
