import threading

import pytest
import time_machine
from sqlalchemy import func, select, text

from suwen.catalog.errors import BadQuantity, OutOfStock, SkuUnavailable
from suwen.catalog.models import Product, Sku
from suwen.catalog.services import catalog
from suwen.kernel.audit import Actor
from suwen.kernel.errors import Conflict, IllegalTransition, NotFound
from suwen.ledger.services import ledger
from suwen.orders.errors import (
    AmountDiffers,
    BadCollection,
    GatewayRefused,
    IntentExpired,
    ReceiptTaken,
    RefundTooLarge,
)
from suwen.orders.intents import Takings
from suwen.orders.models import Intent, Order, OrderLine
from suwen.orders.quoting import Wish
from suwen.orders.refunds import LineWish
from suwen.orders.services import orders
from suwen.payments.services import payments
from tests.fixtures_shop import CHANGSHA, OFFLINE, PRICE, YUEYANG
from tests.unit.payments import fakes

CASHIER = Actor("staff", 501)


@pytest.fixture
def member(shop):
    return shop.member("13800008001")


def quote(shop, wish):
    return shop.run(lambda db: orders(shop.house, db).quoting.quote(wish))


def gateways(found):
    return {method.gateway for method in found.methods.offered}


def test_offline_is_offered_only_where_the_service_region_is_yueyang(shop, member):
    assert OFFLINE in gateways(quote(shop, shop.wish(member, point=YUEYANG)))
    away = quote(shop, shop.wish(member, point=CHANGSHA))
    assert OFFLINE not in gateways(away)
    assert OFFLINE in {refusal.gateway for refusal in away.methods.refused}


def test_switching_off_counts_for_the_very_next_quote(shop, member):
    shop.run(lambda db: shop.house.switch.set_state(db, "4306", OFFLINE, "disabled"))
    assert OFFLINE not in gateways(quote(shop, shop.wish(member)))


def test_a_region_without_the_test_plugin_does_not_sell(shop, member):
    shop.run(lambda db: shop.house.switch.set_state(db, "4306", "archive_gene_report", "disabled"))
    with pytest.raises(SkuUnavailable) as refused:
        quote(shop, shop.wish(member))
    assert "items.0.sku_id" in refused.value.fields
    quote(shop, shop.wish(member, point=CHANGSHA))


@pytest.mark.parametrize("quantity", [0, -1, 100, 10**9, True, 1.0])
def test_impossible_quantities_are_refused_at_their_field(shop, member, quantity):
    with pytest.raises(BadQuantity) as refused:
        quote(shop, shop.wish(member, quantity=quantity))
    assert "items.0.quantity" in refused.value.fields


def test_an_unpublished_or_unknown_sku_is_refused(shop, member):
    with pytest.raises(SkuUnavailable):
        quote(shop, shop.wish(member, sku=99))
    shop.run(lambda db: catalog(shop.house, db).archive(db.get(Product, shop.product)))
    with pytest.raises(SkuUnavailable):
        quote(shop, shop.wish(member))


@pytest.mark.parametrize(
    "wish",
    [
        {"collection_method": "on_site", "point_id": 999},
        {"collection_method": "on_site"},
        {"collection_method": "mail", "address_id": 999},
        {"collection_method": "fax"},
    ],
)
def test_a_place_that_does_not_fit_is_refused(shop, member, wish):
    with pytest.raises(BadCollection):
        quote(shop, Wish(member, ((shop.sku, 1),), **wish))


def test_paying_an_order_books_it_once(shop, member):
    order = shop.buy(member)
    assert order.state == "paid"
    with shop.house.database.snapshot() as db:
        books = ledger(shop.house, db)
        assert books.balance("clearing.payment_fake") == PRICE
        assert books.balance("receipts") == 0
        assert books.balance("revenue") == -PRICE


def test_a_second_click_finds_the_first_order(shop, member):
    first = shop.place(member, submission="s1")
    assert shop.place(member, submission="s1").number == first.number
    assert shop.place(member, submission="s2").number != first.number


def test_a_gateway_that_is_not_offered_is_refused(shop, member):
    for gateway in ("payment_unknown", ""):
        with pytest.raises(GatewayRefused):
            shop.place(member, gateway)
    with pytest.raises(GatewayRefused):
        shop.place(member, OFFLINE, point=CHANGSHA)


def stock(shop):
    return shop.run(lambda db: db.get(Sku, shop.limited_sku).stock)


def test_the_last_pieces_are_sold_once(shop, member):
    barrier, outcomes = threading.Barrier(6), []

    def work():
        barrier.wait()
        try:
            shop.place(member, sku=shop.limited_sku)
            outcomes.append("sold")
        except OutOfStock:
            outcomes.append("out")

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["out"] * 3 + ["sold"] * 3
    assert stock(shop) == 0


def test_cancelling_gives_the_stock_back(shop, member):
    order = shop.place(member, sku=shop.limited_sku, quantity=2)
    assert stock(shop) == 1
    shop.run(lambda db: orders(shop.house, db).cancel(order, Actor("member", member)))
    assert stock(shop) == 3
    with pytest.raises(IllegalTransition):
        shop.run(lambda db: orders(shop.house, db).cancel(order, Actor("member", member)))
    assert stock(shop) == 3


def test_an_unpaid_order_expires(shop, member):
    order = shop.place(member, sku=shop.limited_sku)
    with time_machine.travel(order.expires_at, tick=False):
        assert shop.run(lambda db: orders(shop.house, db).expire_due()) == 1
        assert shop.run(lambda db: orders(shop.house, db).expire_due()) == 0
    assert shop.order(order.number).state == "cancelled"
    assert stock(shop) == 3


def test_money_for_a_cancelled_order_is_sent_back_once(shop, member):
    order = shop.place(member)
    attempt = shop.start(order)
    shop.run(lambda db: orders(shop.house, db).cancel(order, Actor("member", member)))
    for event_id in ("a", "b"):
        told = fakes.event(attempt.number, PRICE, event_id=event_id)
        shop.run(lambda db, told=told: payments(shop.house, db).apply_event(told))
    assert shop.order(order.number).state == "cancelled"
    with shop.house.database.snapshot() as db:
        books = ledger(shop.house, db)
        assert books.balance("receipts") == -PRICE
        assert books.balance("revenue") == 0
    shop.house.outbox.drain()
    with shop.house.database.snapshot() as db:
        assert ledger(shop.house, db).balance("receipts") == 0
        assert ledger(shop.house, db).balance("clearing.payment_fake") == 0


def test_others_orders_do_not_exist(shop, member):
    order = shop.place(member)
    stranger = shop.member("13800008002")
    for number in (order.number, "SW0"):
        with pytest.raises(NotFound):
            shop.run(lambda db, number=number: orders(shop.house, db).of_member(stranger, number))


def test_the_page_is_keyset_and_constant_in_statements(shop, member):
    made = [shop.place(member).number for _ in range(5)]
    first = shop.run(lambda db: orders(shop.house, db).page(member_id=member, limit=3))
    rest = shop.run(
        lambda db: orders(shop.house, db).page(member_id=member, cursor=first.next_cursor, limit=3)
    )
    assert [o.number for o, _ in (*first.items, *rest.items)] == made[::-1]
    assert rest.next_cursor is None


# Intents


def confirm(shop, intent, amount=PRICE, receipt="R-1"):
    return shop.run(
        lambda db: orders(shop.house, db).intents.confirm(
            intent.code, Takings(amount, receipt), CASHIER
        )
    )


def rows(shop, model):
    return shop.run(lambda db: db.scalar(select(func.count()).select_from(model)))


def test_an_intent_is_no_order(shop, member):
    intent = shop.place(member, OFFLINE)
    assert isinstance(intent, Intent)
    assert intent.instructions
    assert rows(shop, Order) == rows(shop, OrderLine) == 0


def test_confirming_makes_the_order_paid_and_twice_changes_nothing(shop, member):
    intent = shop.place(member, OFFLINE)
    first, second = confirm(shop, intent), confirm(shop, intent)
    assert first.number == second.number
    assert shop.order(first.number).state == "paid"
    assert rows(shop, Order) == 1
    with shop.house.database.snapshot() as db:
        assert ledger(shop.house, db).balance("clearing.payment_offline") == PRICE


def test_many_cashiers_confirm_one_intent_once(shop, member):
    intent = shop.place(member, OFFLINE)
    barrier, numbers = threading.Barrier(5), []

    def work():
        barrier.wait()
        numbers.append(confirm(shop, intent).number)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 5
    assert len(set(numbers)) == 1
    assert rows(shop, Order) == 1


def test_a_receipt_is_used_once(shop, member):
    confirm(shop, shop.place(member, OFFLINE))
    with pytest.raises(ReceiptTaken):
        confirm(shop, shop.place(member, OFFLINE))
    assert rows(shop, Order) == 1


def test_the_amount_must_be_exact(shop, member):
    intent = shop.place(member, OFFLINE)
    for amount in (PRICE - 1, PRICE + 1, 0):
        with pytest.raises(AmountDiffers):
            confirm(shop, intent, amount)
    assert rows(shop, Order) == 0


def test_an_expired_or_rejected_intent_makes_no_order(shop, member):
    intent = shop.place(member, OFFLINE)
    with time_machine.travel(intent.expires_at, tick=False), pytest.raises(IntentExpired):
        confirm(shop, intent)
    shop.run(lambda db: orders(shop.house, db).intents.reject(intent.code, "未到店", CASHIER))
    with pytest.raises(IllegalTransition):
        confirm(shop, intent)
    assert rows(shop, Order) == 0


def test_stock_is_checked_at_the_counter(shop, member):
    intent = shop.place(member, OFFLINE, sku=shop.limited_sku, quantity=3)
    shop.place(member, sku=shop.limited_sku)
    with pytest.raises(OutOfStock):
        confirm(shop, intent, 9999)
    assert rows(shop, Order) == 1
    assert stock(shop) == 2


def test_the_price_of_an_intent_is_frozen(shop, member):
    intent = shop.place(member, OFFLINE)

    def dearer(db):
        db.get(Sku, shop.sku).price_fen = PRICE * 2

    shop.run(dearer)
    assert confirm(shop, intent).payable_fen == PRICE


def test_an_intent_belongs_to_its_member(shop, member):
    intent = shop.place(member, OFFLINE)
    stranger = shop.member("13800008002")
    with pytest.raises(NotFound):
        shop.run(
            lambda db: orders(shop.house, db).intents.cancel(
                stranger, intent.code, Actor("member", stranger)
            )
        )


# Refunds


def test_partial_refunds_end_in_a_refunded_order(shop, member):
    order = shop.buy(member, quantity=3)
    line = shop.run(lambda db: orders(shop.house, db).lines(order.id))[0]
    shop.give_back(order, LineWish(line.id, quantity=1))
    assert shop.order(order.number).state == "paid"
    shop.give_back(order)
    assert shop.order(order.number).state == "refunded"
    with shop.house.database.snapshot() as db:
        assert ledger(shop.house, db).balance("revenue") == 0
        assert ledger(shop.house, db).balance("receipts") == 0


def test_no_more_than_the_line_holds(shop, member):
    order = shop.buy(member)
    line = shop.run(lambda db: orders(shop.house, db).lines(order.id))[0]
    for wish in (LineWish(line.id, amount_fen=PRICE + 1), LineWish(line.id, quantity=2)):
        with pytest.raises(RefundTooLarge):
            shop.refund(order, wish)
    shop.refund(order, LineWish(line.id, amount_fen=PRICE))
    with pytest.raises(RefundTooLarge):
        shop.refund(order, LineWish(line.id, amount_fen=1))


def test_an_unpaid_order_has_nothing_to_refund(shop, member):
    with pytest.raises(Conflict):
        shop.refund(shop.place(member))


def test_an_order_of_a_switched_off_gateway_is_still_refunded(shop, member):
    order = shop.buy(member)
    shop.run(lambda db: shop.house.switch.set_state(db, "4306", fakes.FAKE, "disabled"))
    shop.give_back(order)
    assert shop.order(order.number).state == "refunded"


def test_the_address_is_sealed(shop, member):
    from suwen.accounts.services import accounts

    address = shop.run(
        lambda db: (
            accounts(shop.house, db)
            .addresses(member)
            .create("王小明", "13800008001", "430602", "金鹗中路 1 号")
        )
    )
    wish = Wish(member, ((shop.sku, 1),), "mail", address_id=address.id)
    found = quote(shop, wish)
    assert found.region.code == "4306"
    assert found.address["recipient"] == "王小明"
    with shop.house.database.snapshot() as db:
        stored = db.execute(text("SELECT sealed FROM postal_address")).scalar_one()
    assert "王小明".encode() not in bytes(stored)


def test_a_member_cannot_hold_all_the_stock_unpaid(shop, member):
    from suwen.orders.errors import TooManyOpen
    from suwen.orders.placing import MAX_OPEN

    made = [shop.place(member) for _ in range(MAX_OPEN - 1)]
    shop.place(member, OFFLINE)
    for gateway in (fakes.FAKE, OFFLINE):
        with pytest.raises(TooManyOpen):
            shop.place(member, gateway)
    shop.pay(made[0])
    shop.place(member)
    shop.place(shop.member("13800008002"))
