from datetime import UTC, datetime, timedelta

import colander
import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import (
    AttemptRef,
    CloseOutcome,
    CreateRequest,
    InvalidRequest,
    NotifyOutcome,
    NotifyRequest,
    NotPermitted,
    OfferContext,
    OrderPolicy,
    PaymentFact,
    PaymentGateway,
    RefundExceeds,
    RefundRef,
    RefundWindowClosed,
)
from suwen.kernel.plugins.host import PluginHost
from suwen.testing.http import WsgiTransport
from suwen_payment_offline import plugin
from suwen_payment_offline.gateway import OfflineGateway

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
GATEWAY = OfflineGateway()
TRANSPORT = WsgiTransport({})


def settings(**values):
    return GATEWAY.settings_schema().deserialize(values)


def context(**values):
    return PluginContext(
        region="4306", settings=settings(**values), now=lambda: NOW, transport=TRANSPORT
    )


def request(amount_fen=199_900):
    return CreateRequest(
        out_trade_no="K7Q2M9XA",
        amount_fen=amount_fen,
        subject="素问健康服务",
        notify_url="",
        return_url="",
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )


def attempt(receipt=None):
    return AttemptRef("K7Q2M9XA", 199_900, NOW, provider_trade_no=receipt)


@pytest.fixture(autouse=True)
def _nothing_leaves_the_house():
    yield
    assert TRANSPORT.sent == []


def test_the_plugin_loads_and_follows_the_protocol():
    host = PluginHost(strict=True)
    host.register("payment_offline", plugin, "0.1.0")
    gateway = host.gateways.get("payment_offline").obj
    assert isinstance(gateway, PaymentGateway)
    assert gateway.info.order_policy is OrderPolicy.AFTER_CONFIRMATION
    assert gateway.info.flow == "instructions"
    assert not gateway.info.moves_money_itself
    assert not plugin.plugin_info.default_enabled


def test_create_fills_the_instructions():
    text = "${deadline} 前出示 ${code}，付 ${amount} 元；$$ 不变"
    action = GATEWAY.create(context(instructions=text), request()).action
    assert action.kind == "instructions"
    assert action.text == "2026-11-29 10:00 前出示 K7Q2M9XA，付 1999.00 元；$ 不变"


def test_the_default_instructions_say_everything():
    text = GATEWAY.create(context(), request()).action.text
    assert all(word in text for word in ("K7Q2M9XA", "1999.00", "2026-11-29 10:00"))
    assert "$" not in text
    assert GATEWAY.check(context()) == []


def test_create_refuses_more_than_the_limit():
    ctx = context(max_amount_fen="1999.00")
    assert GATEWAY.create(ctx, request(199_900)).action
    with pytest.raises(NotPermitted) as caught:
        GATEWAY.create(ctx, request(199_901))
    assert caught.value.user_message.interpolate() == "单笔超过 1999.00 元，不能线下支付"


def test_an_attempt_is_captured_once_it_has_a_receipt():
    pending = GATEWAY.query(context(), attempt())
    captured = GATEWAY.query(context(), attempt("YY-000123"))
    assert (pending.fact, captured.fact) == (PaymentFact.PENDING, PaymentFact.CAPTURED)
    assert (captured.amount_fen, captured.provider_trade_no) == (199_900, "YY-000123")
    assert (captured.source, captured.gateway, captured.occurred_at) == (
        "cashier",
        "payment_offline",
        NOW,
    )
    assert pending.event_id != captured.event_id


def test_close_depends_on_the_receipt():
    assert GATEWAY.close(context(), attempt()) is CloseOutcome.CLOSED
    assert GATEWAY.close(context(), attempt("YY-000123")) is CloseOutcome.ALREADY_PAID


def test_a_refund_succeeds_at_once_and_counts_once():
    ref = RefundRef("R0001", 50_000, attempt("YY-000123"), reason="改期")
    event = GATEWAY.refund(context(), ref)
    assert event.fact is PaymentFact.REFUND_SUCCEEDED
    assert (event.amount_fen, event.out_refund_no, event.out_trade_no) == (
        50_000,
        "R0001",
        "K7Q2M9XA",
    )
    assert GATEWAY.query(context(), ref) == event
    other = GATEWAY.refund(context(), RefundRef("R0002", 50_000, attempt()))
    assert other.event_id != event.event_id


@pytest.mark.parametrize(
    ("amount_fen", "days", "error"),
    [
        (0, 0, InvalidRequest),
        (True, 0, InvalidRequest),
        (1.0, 0, InvalidRequest),
        (199_901, 0, RefundExceeds),
        (1, 1096, RefundWindowClosed),
    ],
)
def test_a_refund_that_cannot_be(amount_fen, days, error):
    ctx = PluginContext("4306", settings(), lambda: NOW + timedelta(days=days), TRANSPORT)
    with pytest.raises(error):
        GATEWAY.refund(ctx, RefundRef("R0001", amount_fen, attempt("YY-000123")))


def test_nobody_may_notify():
    call = NotifyRequest({}, b"{}", "", "127.0.0.1", NOW)
    with pytest.raises(InvalidRequest):
        GATEWAY.parse_notification(context(), call)
    assert {GATEWAY.answer(outcome).status for outcome in NotifyOutcome} == {404}


def veto(gateway, amount_fen, **values):
    offer = OfferContext("4306", amount_fen, "on_site", 1, settings=values)
    return plugin.suwen_payment_veto(gateway=gateway, context=offer)


def test_the_veto_begins_above_the_limit():
    assert veto("payment_offline", 30_000, max_amount_fen=30_000) is None
    denied = veto("payment_offline", 30_001, max_amount_fen=30_000)
    assert denied.reason_code == "over_cash_limit"
    assert denied.reason.interpolate() == "单笔超过 300.00 元，不能线下支付"


def test_the_veto_uses_the_default_where_nothing_is_stored():
    assert veto("payment_offline", 5_000_000) is None
    assert veto("payment_offline", 5_000_001) is not None


def test_other_gateways_are_none_of_its_business():
    assert veto("payment_wechat", 10**9, max_amount_fen=1) is None


@pytest.mark.parametrize(
    ("text", "fen"), [("5000", 500_000), ("5000.5", 500_050), ("0.01", 1), (" 12.34 ", 1234)]
)
def test_the_limit_is_entered_in_yuan(text, fen):
    assert settings(max_amount_fen=text)["max_amount_fen"] == fen


def test_the_limit_is_shown_in_yuan_and_stored_in_fen():
    schema = GATEWAY.settings_schema()
    stored = settings(max_amount_fen="300.00")
    assert stored["max_amount_fen"] == 30_000
    assert schema.deserialize(stored) == stored
    assert schema.serialize(stored)["max_amount_fen"] == "300.00"
    assert schema.deserialize(schema.serialize(stored)) == stored


@pytest.mark.parametrize(
    "text", ["-1", "1e3", "1.234", "１２", "1,000", "abc", "0", "0.00", 0, -5, 12.5, True]
)
def test_a_limit_that_is_no_amount_is_refused(text):
    with pytest.raises(colander.Invalid) as caught:
        settings(max_amount_fen=text)
    assert list(caught.value.asdict()) == ["max_amount_fen"]


@pytest.mark.parametrize("days", ["0", "31", "7.5"])
def test_days_outside_the_range_are_refused(days):
    with pytest.raises(colander.Invalid):
        settings(intent_days=days)


@pytest.mark.parametrize("text", ["付 ${price}", "付 $ 元", "x" * 1001])
def test_instructions_that_cannot_be_filled_are_refused(text):
    with pytest.raises(colander.Invalid):
        settings(instructions=text)


def test_check_finds_instructions_without_a_code():
    found = GATEWAY.check(context(instructions="请到收银台付款 ${amount} 元"))
    assert [(one.level, one.field, one.text.interpolate()) for one in found] == [
        ("warning", "instructions", "付款说明里没有占位符 code")
    ]
