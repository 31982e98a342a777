"""What the provider tells: believed once, refused in its own words, never lost."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from tests.functional.shopping import order_by_wechat, start

REFUSED = {
    "forged": ({"forge": True}, 401),
    "stale": ({"stale_s": 301}, 401),
    "ahead": ({"stale_s": -301}, 401),
    "amount": ({"amount_delta_fen": 1}, 409),
}


@pytest.fixture
def buyer(market):
    """Somebody who has an order with an open payment."""
    client = market.client()
    client.register(region_code="4306")
    client.order = order_by_wechat(client)
    client.payment = start(client, client.order)
    return client


def state(buyer):
    """The order's."""
    return buyer.get(f"/orders/{buyer.order['number']}")["state"]


def refusal(answer, status):
    """Refused as WeChat Pay expects: it looks at the status and shows the code."""
    assert answer[0] == status, answer
    assert json.loads(answer[1])["code"] == "FAIL"


@pytest.mark.parametrize("name", REFUSED)
def test_bad_notification_is_refused_and_books_nothing(market, buyer, name):
    faults, status = REFUSED[name]
    before = market.balances()
    market.faults(**faults)
    (answer,) = market.pay(buyer.payment["number"])
    refusal(answer, status)
    assert state(buyer) == "pending_payment"
    assert market.balances() == before

    market.faults()
    assert deliver_again(market) == [(204, b"")]
    assert state(buyer) == "paid"


def deliver_again(market):
    """The provider repeats by its schedule; nobody waits for it here."""
    before = len(market.answers)
    market.simulator.store.run("update delivery set due_at = 0 where state = 'waiting'")
    market.simulator.deliver_due()
    return market.answers[before:]


def test_stale_by_exactly_five_minutes_is_the_edge(market, buyer):
    market.faults(stale_s=295)
    assert market.pay(buyer.payment["number"]) == [(204, b"")]
    assert state(buyer) == "paid"


def test_unknown_order_is_refused_and_applied_once_it_is_known(market, buyer):
    number, before = buyer.payment["number"], market.balances()
    rename(market, number, "SWPLOST00000001")
    (answer,) = market.pay(number)
    refusal(answer, 404)
    assert market.balances() == before
    (again,) = deliver_again(market)
    refusal(again, 404)

    rename(market, "SWPLOST00000001", number)
    assert deliver_again(market) == [(204, b"")]
    assert state(buyer) == "paid"


def rename(market, old, new):
    """Lose a payment from the books, or find it again."""
    with market.house.database.transaction() as db:
        query = text("UPDATE payment_attempt SET number = :new WHERE number = :old")
        assert db.execute(query, {"old": old, "new": new}).rowcount == 1


def test_copies_have_one_effect(market, buyer):
    market.faults(duplicate=15)
    answers = market.pay(buyer.payment["number"])
    assert answers == [(204, b"")] * 16
    assert state(buyer) == "paid"
    assert [e["event"] for e in buyer.get(f"/orders/{buyer.order['number']}")["timeline"]] == [
        "placed",
        "paid",
    ]


def test_altered_body_and_headers_are_refused(market, buyer):
    market.faults(drop=1)
    market.pay(buyer.payment["number"])
    market.faults()
    deliver_again(market)
    url, headers, body = market.notices[-1]
    before = market.balances()
    for changed in (body.replace(b"encrypt-resource", b"encrypt_resource"), body[:-1], b"", b"{}"):
        refusal(market.notify(url, headers, changed), 401)
    signed = ("timestamp", "nonce", "signature", "serial")
    for name in (f"wechatpay-{word}" for word in signed):
        without = {key: value for key, value in headers.items() if key.lower() != name}
        assert len(without) == len(headers) - 1
        refusal(market.notify(url, without, body), 401)
    assert market.balances() == before


def test_notification_to_a_gateway_that_is_not_there(market):
    status, _body = market.notify("http://127.0.0.1:6543/notify/payment_nobody/4306", {}, b"{}")
    assert status == 404
    status, _body = market.notify("http://127.0.0.1:6543/notify/payment_offline/4306", {}, b"{}")
    assert status == 404


def test_huge_notification_is_cut_off(market):
    body = b"x" * (65 * 1024)
    status, _body = market.notify("http://127.0.0.1:6543/notify/payment_wechat/4306", {}, body)
    assert status == 413


def test_lost_notifications_are_found_by_asking(market, buyer):
    market.faults(drop=1)
    market.pay(buyer.payment["number"])
    assert state(buyer) == "pending_payment"
    with market.house.database.transaction() as db:
        db.execute(text("UPDATE outbox_item SET due_at = :at"), {"at": "2026-01-01 00:00:00"})
    market.work()
    assert state(buyer) == "paid"


def test_cancelled_and_failed_payments_leave_the_order_open(market, buyer):
    for outcome in ("failed", "cancelled"):
        market.pay(buyer.payment["number"], outcome)
        assert state(buyer) == "pending_payment"
    assert market.pay(buyer.payment["number"]) == [(204, b"")]
    assert state(buyer) == "paid"


def test_money_for_a_cancelled_order_goes_back(market, buyer):
    """Paid at the very moment of cancelling: the money is there, so it is given back."""
    number = buyer.payment["number"]
    market.simulator.till.act(market.simulator.till.find(number), "paid")
    cancelled = buyer.ok("DELETE", f"/orders/{buyer.order['number']}")
    assert cancelled["state"] == "cancelled"
    market.simulator.deliver_due()
    assert market.answers[-1][0] == 204
    assert state(buyer) == "cancelled"
    balances = market.balances()
    assert abs(balances.get("receipts", 0)) == buyer.order["payable_fen"]
    market.simulator.clock.set_speed(1000)
    market.work()
    with market.house.database.snapshot() as db:
        states = db.execute(text("SELECT state FROM payment_refund ORDER BY id DESC")).scalars()
        assert next(states) in {"requested", "approved", "processing", "succeeded"}
