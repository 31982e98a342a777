"""Genuinely signed notifications whose content is odd."""

import json

import pytest

from suwen.hookspecs.payment import InvalidRequest, NotifyOutcome, PaymentFact
from suwen_payment_wechat.gateway import WeChatPayGateway
from suwen_payment_wechat.notification import MAX_BYTES


@pytest.fixture
def parse(wechat):
    return lambda notice: WeChatPayGateway().parse_notification(wechat.context(), notice)


@pytest.fixture
def payment(wechat):
    return {
        "mchid": wechat.identity.mchid,
        "appid": wechat.identity.appid,
        "out_trade_no": "SW20261122000001",
        "transaction_id": "4200000000202611220000000001",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-22T10:00:00+08:00",
        "amount": {"total": 129_900, "payer_total": 120_000, "currency": "CNY"},
    }


@pytest.fixture
def refund(wechat):
    return {
        "mchid": wechat.identity.mchid,
        "out_trade_no": "SW20261122000001",
        "out_refund_no": "RF20261122000001",
        "refund_status": "SUCCESS",
        "success_time": "2026-11-22T10:00:00+08:00",
        "amount": {"total": 129_900, "refund": 900, "payer_total": 120_000, "payer_refund": 831},
    }


def dumps(value):
    return json.dumps(value).encode()


def test_the_whole_price_counts_not_what_was_left_after_a_coupon(wechat, parse, payment):
    (event,) = parse(wechat.sealed(dumps(payment)))

    assert event.amount_fen == 129_900
    assert event.occurred_at.isoformat() == "2026-11-22T02:00:00+00:00"
    assert event.event_id == "8a6a1d1c-7d0c-4a5a-9c52-000000000001"


def test_another_currency_is_told(wechat, parse, payment):
    payment["amount"]["currency"] = "USD"

    assert parse(wechat.sealed(dumps(payment)))[0].currency == "USD"


@pytest.mark.parametrize(
    ("state", "fact"),
    [
        ("SUCCESS", PaymentFact.REFUND_SUCCEEDED),
        ("ABNORMAL", PaymentFact.REFUND_ABNORMAL),
        ("CLOSED", PaymentFact.REFUND_FAILED),
    ],
)
def test_refunds_end_in_three_ways(wechat, parse, refund, state, fact):
    refund["refund_status"] = state
    notice = wechat.sealed(dumps(refund), event_type=f"REFUND.{state}")

    (event,) = parse(notice)

    assert (event.fact, event.amount_fen) == (fact, 900)


def test_fractions_where_no_amount_stands_do_not_matter(wechat, parse, payment):
    payment["promotion_detail"] = [{"rate": 0.05}]

    assert parse(wechat.sealed(dumps(payment)))


@pytest.mark.parametrize("kind", ["MCHTRANSFER.BILL.FINISHED", "COUPON.USE", "TRANSACTIONS"])
def test_what_does_not_concern_payments_is_taken_and_ignored(wechat, parse, kind):
    assert parse(wechat.sealed(b"{}", event_type=kind)) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("amount", "total"), "129900"),
        (("amount", "total"), 129_900.0),
        (("amount", "total"), True),
        (("amount", "total"), None),
        (("amount", "total"), -1),
        (("amount", "total"), 10**13),
        (("amount",), 129_900),
        (("amount",), None),
        (("mchid",), "1600000002"),
        (("mchid",), 1_600_000_001),
        (("appid",), "wx0000000000000000"),
        (("appid",), None),
        (("out_trade_no",), ""),
        (("out_trade_no",), 12),
        (("out_trade_no",), "SW\x00"),
        (("out_trade_no",), "SW\ud800"),
        (("transaction_id",), ["4200"]),
        (("trade_state",), "PAID"),
        (("trade_state",), None),
        (("success_time",), "yesterday"),
        (("success_time",), "2026-11-22T10:00:00"),
        (("success_time",), 1_795_305_600),
    ],
)
def test_content_that_is_not_as_documented_is_refused(wechat, parse, payment, path, value):
    target = payment
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value

    with pytest.raises(InvalidRequest) as caught:
        parse(wechat.sealed(dumps(payment)))

    assert caught.value.notify_outcome is NotifyOutcome.MALFORMED
    assert path[-1] in str(caught.value)


def test_a_foreign_merchants_refund_is_refused(wechat, parse, refund):
    for changed in ({**refund, "mchid": "1600000002"}, {**refund, "mchid": None}):
        with pytest.raises(InvalidRequest):
            parse(wechat.sealed(dumps(changed), event_type="REFUND.SUCCESS"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"id":"1"}',
        b'{"id":1,"event_type":"TRANSACTION.SUCCESS"}',
        b'{"id":"1","event_type":"TRANSACTION.SUCCESS"}',
        b'{"id":"1","event_type":"TRANSACTION.SUCCESS","resource":[]}',
        b'{"id":"1","event_type":"TRANSACTION.SUCCESS","resource":{}}',
        b'{"a":NaN}',
        b'{"a":1e3}',
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 50_000,
        b"\xff",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_signed_garbage_is_malformed(wechat, parse, body):
    with pytest.raises(InvalidRequest):
        parse(wechat.signed(body))


@pytest.mark.parametrize("plain", [b"", b"[]", b'{"amount":1.5}', b"\xff"])
def test_sealed_garbage_is_malformed(wechat, parse, plain):
    with pytest.raises(InvalidRequest):
        parse(wechat.sealed(plain))


def test_size_is_judged_before_anything_else(wechat, parse):
    with pytest.raises(InvalidRequest, match="large"):
        parse(wechat.signed(b" " * (MAX_BYTES + 1)))


def test_names_of_headers_may_be_spelt_in_any_case(wechat, payment):
    notice = wechat.sealed(dumps(payment))
    loud = type(notice)(
        {name.upper(): value for name, value in notice.headers.items()},
        notice.body,
        "",
        "127.0.0.1",
        notice.received_at,
    )

    assert WeChatPayGateway().parse_notification(wechat.context(), loud)


def test_refusals_look_alike_and_success_is_empty():
    gateway = WeChatPayGateway()
    answers = {outcome: gateway.answer(outcome) for outcome in NotifyOutcome}

    assert (answers[NotifyOutcome.ACCEPTED].status, answers[NotifyOutcome.ACCEPTED].body) == (
        204,
        b"",
    )
    refusals = [answer for answer in answers.values() if answer.status >= 400]
    assert {json.loads(answer.body)["code"] for answer in refusals} == {"FAIL"}
    assert len({answer.body for answer in refusals}) == 1
    assert answers[NotifyOutcome.SIGNATURE_INVALID].status == 401
