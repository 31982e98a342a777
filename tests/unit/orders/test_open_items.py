"""What waits: unpaid orders and intents, until their time is over."""

import pytest
import time_machine

from suwen.catalog.models import Sku
from suwen.kernel.audit import Actor
from suwen.kernel.db import locked
from suwen.orders import open_items
from suwen.orders.errors import NotPayable
from suwen.orders.intents import Takings
from suwen.orders.models import Order
from suwen.orders.services import orders
from suwen.payments.services import payments
from tests.fixtures_shop import OFFLINE, PRICE
from tests.unit.payments import fakes

CASHIER = Actor("staff", 501)


@pytest.fixture
def member(shop):
    return shop.member("13800008001")


def confirm(shop, intent, amount=PRICE):
    takings = Takings(amount, "R-1")
    return shop.run(
        lambda db: orders(shop.house, db).intents.confirm(intent.code, takings, CASHIER)
    )


def expire_due(shop, **options):
    return shop.run(lambda db: orders(shop.house, db).expire_due(**options))


def state_of(shop, intent):
    return shop.run(lambda db: orders(shop.house, db).intents.get(intent.code).state)


def test_draining_counts_the_intents_that_wait(shop, member):
    def waiting(plugin=OFFLINE):
        return [n for _label, n in shop.run(lambda db: open_items(shop.house, db, "4306", plugin))]

    intent = shop.place(member, OFFLINE)
    assert waiting() == [1]
    assert waiting("push_inbox") == [0]
    confirm(shop, intent)
    assert waiting() == [0]


def test_an_intent_expires_once(shop, member):
    intent = shop.place(member, OFFLINE)
    with time_machine.travel(intent.expires_at, tick=False):
        assert expire_due(shop) == 1
        assert expire_due(shop) == 0
    assert state_of(shop, intent) == "expired"


def test_an_intent_outlives_the_limit_of_its_stock(shop, member):
    intent = shop.place(member, OFFLINE, sku=shop.limited_sku)

    def unlimited(db):
        db.get(Sku, shop.limited_sku).stock = None

    shop.run(unlimited)
    assert confirm(shop, intent, intent.payable_fen).number
    assert shop.run(lambda db: db.get(Sku, shop.limited_sku).stock) is None


@pytest.mark.postgres
def test_an_intent_that_a_cashier_is_confirming_does_not_expire(shop, member):
    intent = shop.place(member, OFFLINE)
    with shop.house.database.transaction() as db:
        order = orders(shop.house, db).intents.confirm(intent.code, Takings(PRICE, "R-1"), CASHIER)
        with time_machine.travel(intent.expires_at, tick=False):
            assert expire_due(shop) == 0
    assert state_of(shop, intent) == "confirmed"
    assert shop.order(order.number).state == "paid"


@pytest.mark.postgres
def test_an_order_that_is_being_paid_does_not_expire(shop, member):
    order = shop.place(member)
    with shop.house.database.transaction() as db:
        locked(db, Order, order.id)
        with time_machine.travel(order.expires_at, tick=False):
            assert expire_due(shop) == 0


def test_an_open_attempt_holds_up_no_other_order(shop, member):
    held, other = shop.place(member), shop.place(member)
    shop.start(held)
    with time_machine.travel(other.expires_at, tick=False):
        assert expire_due(shop, limit=1) == 1
    assert shop.order(held.number).state == "pending_payment"
    assert shop.order(other.number).state == "cancelled"


def test_what_was_cancelled_in_another_tab_is_not_payable(shop, member):
    order = shop.place(member)
    shop.run(lambda db: orders(shop.house, db).cancel(order, Actor("member", member)))
    # The row as this tab read it before.
    assert order.state == "pending_payment"
    with pytest.raises(NotPayable):
        shop.start(order)


@pytest.mark.postgres
def test_two_tabs_start_one_attempt(shop, member):
    order = shop.place(member)
    with shop.house.database.transaction() as db:
        payable = orders(shop.house, db).payable(order)
        with shop.house.database.snapshot() as other:
            assert locked_by_another(other, order)
        first = payments(shop.house, db).start(payable, fakes.FAKE, "10.0.0.1")
    assert shop.start(order).id == first.id


def locked_by_another(db, order):
    from sqlalchemy import select

    query = select(Order.id).where(Order.id == order.id).with_for_update(skip_locked=True)
    return db.scalar(query) is None
