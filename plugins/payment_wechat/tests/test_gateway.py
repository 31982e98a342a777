"""Calls: what is sent, what is believed, what becomes of refusals."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from suwen.hookspecs import payment as spec
from suwen.hookspecs.common import HttpResponse
from suwen.hookspecs.payment import (
    AttemptRef,
    CloseOutcome,
    CreateRequest,
    InvalidRequest,
    OutcomeUnknown,
    PaymentFact,
    RefundRef,
)
from suwen_payment_wechat import errors, orders
from suwen_payment_wechat.errors import AnswerUnverified
from suwen_payment_wechat.gateway import WeChatPayGateway

NUMBER = "SW20261122000001"


@pytest.fixture
def gateway():
    return WeChatPayGateway()


@pytest.fixture
def ctx(wechat):
    return wechat.context()


@pytest.fixture
def request_(wechat):
    now = wechat.now()
    return CreateRequest(
        NUMBER,
        129_900,
        "素问健康服务",
        "https://shop.example/notify",
        "https://shop.example/",
        now,
        now + timedelta(minutes=30),
    )


@pytest.fixture
def attempt(gateway, ctx, request_):
    gateway.create(ctx, request_)
    return AttemptRef(NUMBER, 129_900, ctx.now())


def answer_with(wechat, body, status=200):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = wechat.signed_answer(status, content)
    wechat.transport.answer(answer.status, answer.content, answer.headers)


class TestCreate:
    def test_the_body_is_the_documented_one_and_always_the_same(
        self, gateway, ctx, wechat, request_
    ):
        gateway.create(ctx, request_)
        wechat.advance(7)
        gateway.create(ctx, request_)

        first, second = wechat.transport.sent
        assert first.content == second.content
        assert first.headers["authorization"] != second.headers["authorization"]
        assert json.loads(first.content) == {
            "appid": "wx51a70000c0de0001",
            "mchid": "1600000001",
            "description": "素问健康服务",
            "out_trade_no": NUMBER,
            "time_expire": orders.rfc3339(request_.expires_at),
            "notify_url": "https://shop.example/notify",
            "amount": {"total": 129_900, "currency": "CNY"},
        }

    @pytest.mark.parametrize(
        "changes",
        [
            {"out_trade_no": "SHORT"},
            {"out_trade_no": "S" * 33},
            {"out_trade_no": "SW2026/../../x"},
            {"out_trade_no": "SW２０２６１１２２"},
            {"currency": "USD"},
            {"subject": "\u200b\n"},
            {"notify_url": "http://shop.example/notify"},
        ],
    )
    def test_what_the_provider_would_refuse_is_not_sent(
        self, gateway, ctx, wechat, request_, changes
    ):
        with pytest.raises(InvalidRequest):
            gateway.create(ctx, replace(request_, **changes))

        assert wechat.calls == 0

    def test_long_subjects_end_between_two_characters(self):
        assert orders.shorten("健康" * 100, 127) == ("健康" * 21)
        assert orders.shorten("a🧬", 4) == "a"

    def test_times_are_written_in_beijing(self, request_):
        written = orders.rfc3339(request_.expires_at)

        assert written.endswith("+08:00")
        assert len(written) == 25

    def test_an_answer_without_a_code_says_nothing(self, gateway, ctx, wechat, request_):
        answer_with(wechat, {"prepay_id": "x"})

        with pytest.raises(OutcomeUnknown):
            gateway.create(ctx, request_)

    def test_another_product_needs_only_a_class(self, ctx, wechat, request_):
        class H5:
            path = "/v3/pay/transactions/h5"

            def fields(self, req):
                return {
                    "scene_info": {"payer_client_ip": req.client_ip, "h5_info": {"type": "Wap"}}
                }

            def action(self, account, answer):
                return spec.Redirect(answer["h5_url"])

        result = WeChatPayGateway(H5()).create(ctx, request_)

        assert result.action == spec.Redirect(f"http://127.0.0.1:8089/pay/wechat/{NUMBER}")


class TestAnswers:
    def test_success_without_a_signature_is_not_believed(self, gateway, ctx, wechat, attempt):
        wechat.transport.alter_answer(lambda answer: replace(answer, headers={}))

        with pytest.raises(AnswerUnverified) as caught:
            gateway.query(ctx, attempt)

        assert caught.value.outcome_unknown
        assert isinstance(caught.value, spec.SignatureInvalid)

    def test_a_refusal_with_a_wrong_signature_is_not_believed(self, gateway, ctx, wechat, attempt):
        """Otherwise whoever can answer for the provider could have a paid order closed."""
        wechat.transport.alter_answer(
            lambda answer: HttpResponse(404, answer.headers, b'{"code":"ORDER_NOT_EXIST"}')
        )

        with pytest.raises(AnswerUnverified):
            gateway.query(ctx, attempt)

    def test_an_old_answer_is_not_believed(self, gateway, ctx, wechat, attempt):
        old = []
        wechat.transport.alter_answer(lambda answer: old.append(answer) or answer)
        gateway.query(ctx, attempt)
        wechat.advance(301)
        wechat.transport.alter_answer(lambda _answer: old[0])

        with pytest.raises(AnswerUnverified):
            gateway.query(ctx, attempt)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"amount":{"total":1.0}}'])
    def test_signed_nonsense_says_nothing(self, gateway, ctx, wechat, attempt, body):
        answer_with(wechat, body)

        with pytest.raises(OutcomeUnknown):
            gateway.query(ctx, attempt)

    @pytest.mark.parametrize(
        "changes",
        [
            {"out_trade_no": "SW20261122000002"},
            {"mchid": "1600000002"},
            {"appid": "wx0000000000000000"},
            {"trade_state": "NEW_STATE"},
        ],
    )
    def test_an_answer_about_something_else_says_nothing(
        self, gateway, ctx, wechat, attempt, changes
    ):
        answer_with(wechat, {**transaction(wechat), **changes})

        with pytest.raises(OutcomeUnknown):
            gateway.query(ctx, attempt)


def transaction(wechat, state="SUCCESS"):
    return {
        "mchid": wechat.identity.mchid,
        "appid": wechat.identity.appid,
        "out_trade_no": NUMBER,
        "trade_state": state,
        "amount": {"total": 129_900},
    }


@pytest.mark.parametrize(
    ("state", "fact"),
    [
        ("SUCCESS", PaymentFact.CAPTURED),
        ("REFUND", PaymentFact.CAPTURED),
        ("NOTPAY", PaymentFact.PENDING),
        ("USERPAYING", PaymentFact.PENDING),
        ("PAYERROR", PaymentFact.FAILED),
        ("CLOSED", PaymentFact.CLOSED),
        ("REVOKED", PaymentFact.CLOSED),
    ],
)
def test_every_state_is_a_fact(gateway, ctx, wechat, attempt, state, fact):
    answer_with(wechat, transaction(wechat, state))

    event = gateway.query(ctx, attempt)

    assert (event.fact, event.event_id) == (fact, f"q:{NUMBER}:{state}")


def test_an_unpaid_answer_may_have_no_amount(gateway, ctx, wechat, attempt):
    body = transaction(wechat, "NOTPAY")
    del body["amount"]
    answer_with(wechat, body)

    assert gateway.query(ctx, attempt).amount_fen is None


class TestClose:
    @pytest.mark.parametrize("code", ["ORDERPAID", "ORDER_PAID", "INVALID_REQUEST", "PARAM_ERROR"])
    def test_whatever_code_a_paid_order_gives_the_query_decides(
        self, gateway, ctx, wechat, attempt, code
    ):
        wechat.pay(NUMBER)
        answer_with(wechat, {"code": code, "message": "x"}, 400)

        assert gateway.close(ctx, attempt) is CloseOutcome.ALREADY_PAID

    def test_a_refusal_of_an_open_order_stays_a_refusal(self, gateway, ctx, wechat, attempt):
        answer_with(wechat, {"code": "INVALID_REQUEST", "message": "x"}, 400)

        with pytest.raises(InvalidRequest):
            gateway.close(ctx, attempt)

    def test_a_failed_payment_can_be_closed(self, gateway, ctx, wechat, attempt):
        wechat.fail(NUMBER)

        assert gateway.query(ctx, attempt).fact is PaymentFact.FAILED
        assert gateway.close(ctx, attempt) is CloseOutcome.CLOSED


class TestRefund:
    def test_the_reason_stays_in_the_house(self, gateway, ctx, wechat, attempt):
        wechat.pay(NUMBER)
        ref = RefundRef("RF20261122000001", 900, attempt, reason="肝癌易感基因检测不做了")

        gateway.refund(ctx, ref)

        assert json.loads(wechat.transport.sent[-1].content) == {
            "out_trade_no": NUMBER,
            "out_refund_no": "RF20261122000001",
            "amount": {"refund": 900, "total": 129_900, "currency": "CNY"},
        }

    @pytest.mark.parametrize(
        ("state", "fact"),
        [
            ("SUCCESS", PaymentFact.REFUND_SUCCEEDED),
            ("CLOSED", PaymentFact.REFUND_FAILED),
            ("ABNORMAL", PaymentFact.REFUND_ABNORMAL),
        ],
    )
    def test_how_a_refund_ends(self, gateway, ctx, wechat, attempt, state, fact):
        wechat.pay(NUMBER)
        ref = RefundRef("RF20261122000001", 900, attempt, notify_url="https://shop.example/n")
        gateway.refund(ctx, ref)

        wechat.wechat.finish_refund(ref.out_refund_no, state)

        assert gateway.query(ctx, ref).fact is fact
        notice = wechat._request_of(wechat._queued(ref.out_refund_no))
        assert gateway.parse_notification(ctx, notice)[0].fact is fact

    def test_more_than_was_paid_is_not_even_sent(self, gateway, ctx, wechat, attempt):
        wechat.pay(NUMBER)
        before = wechat.calls

        with pytest.raises(spec.RefundExceeds):
            gateway.refund(ctx, RefundRef("RF20261122000001", 129_901, attempt))

        assert wechat.calls == before

    def test_two_refunds_within_a_minute_are_too_many(self, gateway, ctx, wechat, attempt):
        wechat.pay(NUMBER)
        gateway.refund(ctx, RefundRef("RF20261122000001", 900, attempt))

        with pytest.raises(spec.RateLimited):
            gateway.refund(ctx, RefundRef("RF20261122000002", 900, attempt))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"code": "PARAM_ERROR"}, spec.InvalidRequest),
        (403, {"code": "OUT_TRADE_NO_USED"}, spec.DuplicateTradeNo),
        (400, {"code": "ORDER_CLOSED"}, spec.OrderClosed),
        (400, {"code": "ORDERPAID"}, spec.AlreadyPaid),
        (404, {"code": "RESOURCE_NOT_EXISTS"}, spec.NotFound),
        (403, {"code": "NO_AUTH"}, spec.NotPermitted),
        (403, {"code": "NOT_ENOUGH"}, spec.MerchantBalanceLow),
        (401, {"code": "SIGN_ERROR"}, spec.ConfigError),
        (429, {"code": "FREQUENCY_LIMITED"}, spec.RateLimited),
        (500, {"code": "SYSTEM_ERROR"}, spec.OutcomeUnknown),
        (400, {"code": "SOMETHING_NEW"}, spec.InvalidRequest),
        (503, {"code": "SOMETHING_NEW"}, spec.OutcomeUnknown),
        (429, {}, spec.RateLimited),
        (403, {}, spec.NotPermitted),
        (404, {}, spec.OutcomeUnknown),
        (400, {}, spec.OutcomeUnknown),
        (302, {}, spec.OutcomeUnknown),
        (502, {}, spec.OutcomeUnknown),
    ],
)
def test_codes_become_named_errors(status, body, kind):
    error = errors.from_answer(HttpResponse(status, {}, json.dumps(body).encode()))

    assert type(error) is kind
    assert error.provider_code == body.get("code", str(status))
    assert error.user_message


def test_messages_of_the_provider_are_cut_and_cleaned():
    openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    body = {"code": "PARAM_ERROR", "message": f"openid {openid} 无效\x00\n" + "长" * 500}

    error = errors.from_answer(HttpResponse(400, {}, json.dumps(body).encode()))

    assert openid not in str(error)
    assert "无效" in str(error)
    assert len(str(error)) < 260
    assert str(error).isprintable()


@pytest.mark.parametrize("content", [b"<html>", b"", b'{"code":5}', b'{"code":""}', b"\xff"])
def test_pages_of_a_proxy_have_no_code(content):
    error = errors.from_answer(HttpResponse(404, {}, content))

    assert (type(error), error.provider_code) == (OutcomeUnknown, "404")
