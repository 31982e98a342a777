"""The inbox keeps the contract of the push family."""

import pytest

import suwen_push_inbox.plugin
from suwen.hookspecs.common import PluginContext
from suwen.kernel.db import Database
from suwen.testing.http import WsgiTransport
from suwen.testing.personal import Filled, PersonalDataContract
from suwen.testing.push import NOW, PushChannelContract
from suwen_push_inbox.channel import InboxChannel
from suwen_push_inbox.models import InboxMessage


class TestContract(PushChannelContract):
    @pytest.fixture
    def channel(self, empty_database_url):
        database = Database(empty_database_url)
        InboxMessage.__table__.create(database.engine)
        made = InboxChannel()
        made.use(database)
        yield made
        database.dispose()

    @pytest.fixture
    def ctx(self):
        return PluginContext("4306", {}, lambda: NOW, WsgiTransport({}))

    @pytest.fixture
    def good_addresses(self):
        return {" 7 ": "7", "383436896342024522": "383436896342024522"}

    @pytest.fixture
    def bad_addresses(self):
        return ["", "0", "-7", "seven", "7\n", "９", "9" * 20]


class TestPersonalData(PersonalDataContract):
    @pytest.fixture
    def plugin_module(self):
        return suwen_push_inbox.plugin

    @pytest.fixture
    def filled(self, house, member):
        return Filled(house.database.transaction, member)
