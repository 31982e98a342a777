from datetime import timedelta

import pytest
from sqlalchemy import event as sa_event

from suwen.hookspecs.common import NoAnswer, NotSent
from suwen.hookspecs.payment import (
    AlreadyPaid,
    ConfigError,
    CreateResult,
    DuplicateTradeNo,
    GatewayUnavailable,
    Instructions,
    InvalidRequest,
    JsApi,
    NotPermitted,
    OrderClosed,
    OutcomeUnknown,
    PostForm,
    Redirect,
    ShowQR,
    SignatureInvalid,
)
from suwen.kernel import clock
from suwen.payments import actions
from suwen.payments.announcing import SUBJECT
from suwen.payments.errors import (
    AttemptOver,
    GatewayNotInstalled,
    ProviderBusy,
    ProviderRefused,
)
from suwen.payments.services import payments
from tests.unit.payments.fakes import FAKE, event, payable


def created(gateway):
    return [argument for name, _merchant, argument in gateway.calls if name == "create"]


def test_the_provider_learns_of_the_attempt(start, outside, gateway, read):
    attempt = start(announce=False)

    action = outside.announce(attempt.id)

    assert action == ShowQR(f"https://pay.example/{attempt.number}")
    request = created(gateway)[0]
    assert (request.out_trade_no, request.amount_fen) == (attempt.number, attempt.amount_fen)
    assert request.subject == SUBJECT
    assert request.notify_url == f"http://127.0.0.1:6543/notify/{FAKE}/4306"
    assert request.return_url == f"http://127.0.0.1:6543/payments/{attempt.number}/return"
    assert (request.client_ip, request.expires_at) == ("10.0.0.1", attempt.expires_at)
    row = read(attempt)
    assert (row.state, row.provider_state) == ("pending", {"sent": "1"})


def test_announcing_again_shows_the_same_without_a_call(start, outside, gateway):
    attempt = start()

    assert outside.announce(attempt.id) == ShowQR(f"https://pay.example/{attempt.number}")
    assert len(created(gateway)) == 1


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown(),
        GatewayUnavailable(),
        NotSent(),
        NoAnswer(),
        SignatureInvalid(),
        ZeroDivisionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_time_out_keeps_the_number(start, outside, gateway, read, error):
    attempt = start(announce=False)
    gateway.raises["create"] = [error]

    with pytest.raises(ProviderBusy):
        outside.announce(attempt.id)

    row = read(attempt)
    assert row.state == "created"
    assert row.last_error
    outside.announce(attempt.id)
    assert {request.out_trade_no for request in created(gateway)} == {attempt.number}
    assert len(created(gateway)) == 2
    assert (read(attempt).state, read(attempt).flags) == ("pending", [])


def test_an_unknown_outcome_is_flagged(start, outside, gateway, read):
    attempt = start(announce=False)
    gateway.raises["create"] = [OutcomeUnknown()]

    with pytest.raises(ProviderBusy):
        outside.announce(attempt.id)

    assert read(attempt).flags == ["outcome_unknown"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (InvalidRequest("bad", provider_code="PARAM_ERROR"), "failed"),
        (NotPermitted(), "failed"),
        (ConfigError(), "failed"),
        (DuplicateTradeNo(), "failed"),
        (OrderClosed(), "closed"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_definite_no_ends_the_attempt(start, outside, gateway, read, error, state):
    attempt = start(announce=False)
    gateway.raises["create"] = [error]

    with pytest.raises(ProviderRefused):
        outside.announce(attempt.id)

    assert read(attempt).state == state
    with pytest.raises(AttemptOver):
        outside.announce(attempt.id)
    assert start().id != attempt.id


def test_the_buyer_reads_the_providers_safe_text(start, outside, gateway):
    attempt = start(announce=False)
    gateway.raises["create"] = [NotPermitted("secret", user_message="商户暂不能收款")]

    with pytest.raises(ProviderRefused) as caught:
        outside.announce(attempt.id)

    assert caught.value.text == "商户暂不能收款"


def test_already_paid_ends_nothing(start, outside, gateway, read):
    attempt = start(announce=False)
    gateway.raises["create"] = [AlreadyPaid()]

    with pytest.raises(AttemptOver):
        outside.announce(attempt.id)

    assert read(attempt).state == "created"


def test_what_is_over_is_not_announced(start, outside, run, gateway):
    attempt = start()
    run(lambda service, _db: service.apply_event(event(attempt.number, attempt.amount_fen)))
    with pytest.raises(AttemptOver):
        outside.announce(attempt.id)

    second = start(announce=False)

    def expire(_service, db):
        db.get_one(type(second), second.id).expires_at = clock.now() - timedelta(seconds=1)

    run(expire)
    gateway.calls.clear()
    with pytest.raises(AttemptOver):
        outside.announce(second.id)
    assert gateway.calls == []


def test_an_uninstalled_plugin_is_named(start, outside, house):
    attempt = start(announce=False)
    house.host.gateways.discard(FAKE)

    with pytest.raises(GatewayNotInstalled):
        outside.announce(attempt.id)


def test_a_provider_is_never_called_inside_a_transaction(start, run, gateway):
    attempt = start(announce=False)

    def act(service, db):
        db.connection()
        service.announce(attempt.id)

    with pytest.raises(RuntimeError, match="commit first"):
        run(act)
    assert gateway.calls == []


@pytest.mark.parametrize(
    "result",
    [
        None,
        CreateResult(None),
        CreateResult(Redirect("javascript:alert(1)")),
        CreateResult(Redirect("/relative")),
        CreateResult(Redirect("https://user@host/")),
        CreateResult(PostForm("https://a;b/", {})),
        CreateResult("qr"),
    ],
)
def test_what_cannot_be_shown_is_an_unknown_outcome(start, outside, gateway, read, result):
    attempt = start(announce=False)
    gateway.create = lambda ctx, req: result

    with pytest.raises(ProviderBusy):
        outside.announce(attempt.id)

    assert (read(attempt).state, read(attempt).action) == ("created", None)


@pytest.mark.parametrize(
    ("action", "dumped"),
    [
        (ShowQR("weixin://x"), {"kind": "qr", "text": "weixin://x"}),
        (Redirect("https://a.example/x"), {"kind": "redirect", "url": "https://a.example/x"}),
        (
            PostForm("https://a.example/", {"a": "1"}),
            {"kind": "form", "url": "https://a.example/", "fields": {"a": "1"}},
        ),
        (JsApi({"appId": "1"}), {"kind": "jsapi", "params": {"appId": "1"}}),
        (Instructions("请到柜台"), {"kind": "instructions", "text": "请到柜台"}),
    ],
)
def test_actions_are_kept_as_they_are(action, dumped):
    assert actions.dump(action, development=False) == dumped
    assert actions.load(dumped) == action


def test_plain_http_is_for_development():
    simulated = Redirect("http://127.0.0.1:6544/pay")

    assert actions.dump(simulated, development=True)["url"] == simulated.url
    with pytest.raises(actions.BadAction):
        actions.dump(simulated, development=False)
    assert actions.origin("https://a.example:8443/x?y") == "https://a.example:8443"


@pytest.fixture
def begun(house):
    """An attempt with its line, committed and not announced."""
    with house.database.transaction() as db:
        service = payments(house, db)
        attempt = service.start(payable(), FAKE, "10.0.0.1")
        return attempt, service.line(attempt)


def test_what_was_just_started_is_announced_without_reading_it_again(house, begun, outside, read):
    seen = []

    def note(_c, _cursor, statement, *_):
        if not statement.startswith("BEGIN"):
            seen.append(statement.split()[0])

    sa_event.listen(house.database.engine, "before_cursor_execute", note)
    view = outside.announced(*begun)
    sa_event.remove(house.database.engine, "before_cursor_execute", note)

    assert seen == ["UPDATE", "INSERT"]
    row = read(begun[0])
    assert (view.state, view.announced, view.action) == ("pending", True, row.action)
    assert (row.state, row.action["kind"]) == ("pending", "qr")


def test_a_notification_before_the_answer_is_not_lost(begun, outside, gateway, run, read):
    attempt, line = begun
    create = gateway.create

    def paid_at_once(ctx, request):
        fact = event(attempt.number, attempt.amount_fen)
        run(lambda service, _db: service.apply_event(fact))
        return create(ctx, request)

    gateway.create = paid_at_once

    view = outside.announced(attempt, line)

    assert (view.state, view.action) == ("captured", None)
    assert (read(attempt).state, read(attempt).action["kind"]) == ("captured", "qr")


def test_a_second_tab_that_failed_meanwhile_leaves_no_mark(begun, outside, gateway, read):
    attempt, line = begun
    create = gateway.create

    def beside_another(ctx, request):
        gateway.create = raising(OutcomeUnknown("no answer"))
        with pytest.raises(ProviderBusy):
            outside.announce(attempt.id)
        return create(ctx, request)

    gateway.create = beside_another

    assert outside.announced(attempt, line).state == "pending"

    row = read(attempt)
    assert (row.state, row.flags, row.last_error) == ("pending", [], None)


def test_an_attempt_without_a_line_is_announced_all_the_same(begun, outside):
    assert outside.announced(begun[0], None).state == "pending"


def raising(error):
    def call(*_):
        raise error

    return call
