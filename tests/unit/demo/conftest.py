"""A wired house, and the demonstration loaded into it without a simulator."""

import json

import pytest
from argon2 import PasswordHasher

from suwen.accounts.passwords import Passwords
from suwen.app import make_app
from suwen.demo import load
from suwen.kernel import house as kernel_house
from suwen.kernel.crypto import KeyBase
from suwen_dev_simulator.app import SimulatorApp
from tests.fixtures_app import development_settings


def build(url, folder):
    """A house with every domain in it, as ``suwen demo load`` finds it after ``db upgrade``."""
    made = kernel_house.build(development_settings(url, folder))
    KeyBase.metadata.create_all(made.vault.store.engine)
    # Eleven accounts: a hasher as slow as the site's would take most of the time.
    made.ports["passwords"] = Passwords(PasswordHasher(1, 8, 1))
    make_app(made)
    return made


@pytest.fixture
def site(database_url, tmp_path):
    """Nothing is loaded yet."""
    made = build(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def loaded(site):
    """The demonstration, loaded once."""
    load(site)
    return site


@pytest.fixture(scope="module")
def shown(sqlite_databases, tmp_path_factory):
    """The demonstration on SQLite, shared by tests that only look at it."""
    made = build(sqlite_databases.migrated(), tmp_path_factory.mktemp("shown"))
    load(made)
    yield made
    made.close()


@pytest.fixture
def wechat_settings(site):
    """The simulator's settings of a merchant; call it to change some of them."""
    folder = site.settings.path("simulator")
    SimulatorApp(folder, "http://127.0.0.1:6544").close()
    path = folder / "wechat.json"

    def change(values):
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change
