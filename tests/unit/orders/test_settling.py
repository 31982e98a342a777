"""Refunds on the lines of an order."""

import pytest

from suwen.ledger.services import ledger
from suwen.orders.models import OrderLine
from suwen.orders.services import orders
from suwen.orders.settling import allocate
from suwen.payments.services import payments
from tests.fixtures_shop import PRICE
from tests.unit.payments import fakes


@pytest.fixture
def member(shop):
    return shop.member("13800008001")


def line(key, amount, refunded=0):
    return OrderLine(id=key, amount_fen=amount, refunded_fen=refunded)


@pytest.mark.parametrize(
    ("lines", "wished", "amount", "given"),
    [
        ([line(1, 100), line(2, 50)], {1: 30}, 30, {1: 30}),
        ([line(1, 100), line(2, 50)], {}, 120, {1: 100, 2: 20}),
        ([line(1, 100, 90), line(2, 50)], {1: 40}, 40, {1: 10, 2: 30}),
        ([line(1, 100), line(2, 50)], {2: 50}, 150, {2: 50, 1: 100}),
    ],
)
def test_a_refund_never_takes_more_from_a_line_than_it_holds(lines, wished, amount, given):
    assert allocate(lines, wished, amount) == given


def test_a_refund_made_in_the_providers_console_is_booked_on_the_order(shop, member):
    order = shop.buy(member, quantity=2)
    attempt = shop.run(lambda db: payments(shop.house, db).of_payable("order", order.id))[0]
    told = fakes.refund_event(attempt.number, "CONSOLE1", PRICE)
    shop.run(lambda db: payments(shop.house, db).apply_event(told))
    found = shop.run(lambda db: orders(shop.house, db).lines(order.id))[0]
    assert found.refunded_fen == PRICE
    with shop.house.database.snapshot() as db:
        books = ledger(shop.house, db)
        assert books.balance("revenue") == -PRICE
        assert books.balance("receipts") == 0
