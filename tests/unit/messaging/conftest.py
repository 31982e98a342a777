"""A house with three recording channels and members who have addresses."""

import pytest
import time_machine

from suwen.hookspecs.push import Category
from suwen.messaging import install
from suwen.messaging.services import messaging
from tests.unit.accounts.conftest import Channels, build_house

ADDRESSES = {7: {"phone": ["+8613812345678"], "email": ["wang@example.cn"]}, 8: {}}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-11-24T02:00:20+00:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def channels():
    return Channels()


@pytest.fixture
def house(database_url, tmp_path, channels):
    house = build_house(database_url, tmp_path, channels)
    install(house)
    house.ports["addresses"] = lambda db, member_id, kind: ADDRESSES[member_id].get(kind, [])
    yield house
    house.close()


@pytest.fixture
def notify(house):
    def tell(kind="order_paid", member_id=7, key="order:1", region="4306", **payload):
        category = Category.MARKETING if payload.pop("marketing", False) else None
        with house.database.transaction() as db:
            return messaging(house, db).notify(
                member_id,
                kind,
                payload or {"number": "SW1"},
                key=key,
                region=region,
                category=category,
            )

    return tell
