"""A small site with accounts and messaging only, on SQLite and on PostgreSQL."""

from __future__ import annotations

from types import SimpleNamespace

import colander
import pytest
import time_machine
from argon2 import PasswordHasher

from suwen.accounts import install as install_accounts
from suwen.accounts.passwords import Passwords
from suwen.accounts.services import Registration, accounts
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.push import Category, ChannelInfo, Outcome, SendResult
from suwen.kernel import crypto
from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.db import metadata
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.regions import DEFAULT_CODE
from suwen.messaging import install as install_messaging

PASSWORD = "correct horse 42"


class Recorder:
    """A channel that keeps what it was given and answers as it is told."""

    settings_schema = colander.MappingSchema

    def __init__(self, code, address_kind):
        self.info = ChannelInfo(code, code, address_kind, frozenset(Category))
        self.sent = []
        self.answers = []

    def check(self, ctx):
        return ()

    def validate_address(self, value):
        return value

    def render(self, ctx, message, default):
        return default

    def send(self, ctx, jobs):
        self.sent += jobs
        answer = self.answers.pop(0) if self.answers else Outcome.ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        return [SendResult(job.delivery_id, answer) for job in jobs]


class Channels:
    def __init__(self):
        self.inbox = Recorder("t_inbox", "member")
        self.phone = Recorder("t_phone", "phone")
        self.email = Recorder("t_email", "email")

    def module(self, channel):
        info = PluginInfo(channel.info.code, channel.info.code, "push")
        return SimpleNamespace(plugin_info=info, suwen_push_channels=lambda: [channel])


def build_house(url, folder, channels):
    host = PluginHost(strict=True)
    for channel in (channels.inbox, channels.phone, channels.email):
        host.register(channel.info.code, channels.module(channel), "1")
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
    }
    house = kernel_house.build(kernel_settings.load(values, environ={}), host=host)
    crypto.KeyBase.metadata.create_all(house.vault.store.engine)
    metadata.create_all(house.database.engine)
    house.ports["passwords"] = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    with house.database.transaction() as session:
        house.regions.add(session, DEFAULT_CODE, "全国", [""])
        house.regions.add(session, "4306", "岳阳市", ["4306"])
        for plugin in host.plugins:
            house.switch.set_state(session, DEFAULT_CODE, plugin, "enabled")
            house.switch.set_state(session, "4306", plugin, "enabled")
    return house


@pytest.fixture(autouse=True)
def clock():
    """Time stands still in the middle of a minute; ``clock.shift(seconds)`` moves it."""
    with time_machine.travel("2026-11-24T02:00:20+00:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def channels():
    return Channels()


@pytest.fixture
def bare_house(empty_database_url, tmp_path, channels):
    """A house whose domains are not installed: a site's includeme does it."""
    house = build_house(empty_database_url, tmp_path, channels)
    yield house
    house.close()


@pytest.fixture
def house(bare_house):
    install_messaging(bare_house)
    install_accounts(bare_house)
    return bare_house


@pytest.fixture
def act(house):
    """``act(lambda service: …)`` in a transaction of its own."""

    def run(step):
        with house.database.transaction() as db:
            return step(accounts(house, db))

    return run


@pytest.fixture
def new_code(act, house, channels):
    """Ask for a code and read it where it arrives."""

    def ask(address, purpose, network="198.51.100.7"):
        act(lambda s: s.request_code(address, purpose, network=network, region=DEFAULT_CODE))
        house.outbox.drain()
        sent = channels.email.sent if "@" in address else channels.phone.sent
        return sent[-1].code

    return ask


@pytest.fixture
def join(act, new_code):
    """Register a member; his id."""

    def register(address="13812345678", password=PASSWORD, **fields):
        code = new_code(address, "register")
        wanted = Registration(address, code, password, DEFAULT_CODE, **fields)
        return act(lambda s: s.register(wanted, "198.51.100.7")).id

    return register
