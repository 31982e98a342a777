from datetime import timedelta

import pytest

from suwen.hookspecs.payment import (
    ConfigError,
    GatewayInfo,
    GatewayUnavailable,
    MerchantBalanceLow,
    NotFound,
    OutcomeUnknown,
    PaymentFact,
    RefundExceeds,
)
from suwen.kernel import clock
from suwen.kernel.audit import Actor
from suwen.kernel.outbox import Later
from suwen.payments import tasks
from suwen.payments.errors import ReasonMissing
from suwen.payments.models import Refund
from tests.unit.payments.fakes import FAKE, event, payable

BOSS = Actor("staff", 42)


@pytest.fixture
def paid(start, run):
    attempt = start(payable(amount=1000))
    run(lambda service, _db: service.apply_event(event(attempt.number, 1000)))
    return attempt


@pytest.fixture
def approved(run, paid):
    def act(amount=400):
        def ask(service, _db):
            refund = service.request_refund(paid, amount, "", Actor("member", 7))
            return service.approve_refund(refund.number, BOSS)

        return run(ask)

    return act


def sent(gateway):
    return [argument for name, _merchant, argument in gateway.calls if name == "refund"]


def test_the_provider_gets_number_amount_and_address(approved, outside, gateway, paid):
    refund = approved()
    gateway.calls.clear()
    outside.process_refund(refund.number)

    ((name, merchant, ref),) = gateway.calls
    assert (name, merchant) == ("refund", "1900")
    assert (ref.out_refund_no, ref.amount_fen) == (refund.number, 400)
    assert (ref.attempt.out_trade_no, ref.attempt.amount_fen) == (paid.number, 1000)
    assert ref.notify_url.endswith(f"/notify/{FAKE}/4306")


def test_a_time_out_is_asked_about_before_it_is_sent_again(approved, outside, gateway, read):
    refund = approved()
    gateway.raises["refund"] = [OutcomeUnknown()]
    assert outside.process_refund(refund.number) == 60
    assert (read(refund).state, read(refund).flags) == ("processing", ["outcome_unknown"])

    gateway.calls.clear()
    assert outside.process_refund(refund.number) is None

    assert [name for name, *_ in gateway.calls] == ["query_refund", "refund"]
    assert (read(refund).state, read(refund).flags) == ("succeeded", [])


def test_a_refund_that_went_through_is_not_sent_twice(approved, outside, gateway, read):
    refund = approved()

    def through_but_unanswered():
        gateway.refunds[refund.number] = PaymentFact.REFUND_SUCCEEDED

    gateway.hooks["refund"] = through_but_unanswered
    gateway.raises["refund"] = [OutcomeUnknown()]
    outside.process_refund(refund.number)
    outside.process_refund(refund.number)

    assert len(sent(gateway)) == 1
    assert read(refund).state == "succeeded"


def test_a_provider_that_says_not_found_by_raising(approved, outside, gateway, read):
    refund = approved()
    gateway.raises["refund"] = [GatewayUnavailable()]
    outside.process_refund(refund.number)
    gateway.raises["query_refund"] = [NotFound()]
    outside.process_refund(refund.number)

    assert read(refund).state == "succeeded"


def test_processing_is_asked_about_until_it_is_done(approved, outside, gateway, read):
    refund = approved()
    gateway.refund_fact = PaymentFact.REFUND_PROCESSING
    waits = [outside.process_refund(refund.number) for _ in range(9)]

    assert waits == [60, 300, 600, 1800, 3600, 10800, 21600, 21600, 21600]
    assert len(sent(gateway)) == 1
    gateway.refunds[refund.number] = PaymentFact.REFUND_SUCCEEDED
    assert outside.process_refund(refund.number) is None
    assert read(refund).state == "succeeded"


def test_an_abnormal_refund_waits_for_staff(approved, outside, gateway, read, run, balance):
    refund = approved()
    gateway.refund_fact = PaymentFact.REFUND_ABNORMAL
    outside.process_refund(refund.number)
    assert (read(refund).state, read(refund).flags) == ("processing", ["by_hand", "needs_review"])

    gateway.calls.clear()
    assert outside.process_refund(refund.number) is None
    assert gateway.calls == []
    with pytest.raises(ReasonMissing):
        run(lambda service, _db: service.refunds.confirm_by_hand(refund.number, BOSS, " "))
    run(lambda service, _db: service.refunds.confirm_by_hand(refund.number, BOSS, "银行转账 1"))
    assert read(refund).state == "succeeded"
    assert balance("receipts") == -600


def test_a_closed_refund_fails_and_is_retried_under_its_number(
    approved, outside, gateway, read, run
):
    refund = approved()
    gateway.refund_fact = PaymentFact.REFUND_FAILED
    assert outside.process_refund(refund.number) is None
    assert read(refund).state == "failed"

    run(lambda service, _db: service.refunds.retry(refund.number, BOSS))
    outside.process_refund(refund.number)
    # The same answer to another try counts again.
    assert read(refund).state == "failed"

    run(lambda service, _db: service.refunds.retry(refund.number, BOSS))
    gateway.refund_fact = PaymentFact.REFUND_SUCCEEDED
    outside.process_refund(refund.number)
    assert read(refund).state == "succeeded"
    assert {ref.out_refund_no for ref in sent(gateway)} == {refund.number}


@pytest.mark.parametrize(
    ("error", "state", "flags", "wait"),
    [
        (GatewayUnavailable(), "processing", [], 60),
        (MerchantBalanceLow(), "processing", ["needs_review"], 60),
        (ConfigError(), "processing", ["needs_review"], 60),
        (RefundExceeds("x"), "failed", ["needs_review"], None),
        (ZeroDivisionError(), "processing", ["outcome_unknown"], 60),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_provider_may_say(approved, outside, gateway, read, error, state, flags, wait):
    refund = approved()
    gateway.raises["refund"] = [error]

    assert outside.process_refund(refund.number) == wait
    assert (read(refund).state, read(refund).flags) == (state, flags)
    assert type(error).__name__ in read(refund).last_error


def test_an_answer_about_something_else_is_an_unknown_outcome(approved, outside, gateway, read):
    refund = approved()
    gateway.refund = lambda ctx, ref: event("OTHER", 400, PaymentFact.REFUND_SUCCEEDED)
    outside.process_refund(refund.number)

    assert read(refund).flags == ["outcome_unknown"]


def test_the_providers_pause_between_two_refunds(approved, outside, gateway, read):
    gateway.info = GatewayInfo(FAKE, "测试支付", refund_interval_s=60)
    first, second = approved(), approved()
    outside.process_refund(first.number)

    wait = outside.process_refund(second.number)

    assert 55 < wait <= 60
    assert read(second).state == "approved"


def test_an_uninstalled_plugin_is_waited_for(approved, outside, house, read):
    refund = approved()
    registered = house.host.gateways.get(FAKE)
    house.host.gateways.discard(FAKE)

    assert outside.process_refund(refund.number) == 3600
    assert (read(refund).state, read(refund).flags) == ("approved", ["needs_review"])
    assert "not installed" in read(refund).last_error

    house.host.gateways.add(FAKE, FAKE, registered.obj)
    assert outside.process_refund(refund.number) is None
    assert read(refund).state == "succeeded"


def test_the_old_merchant_pays_back_what_it_took(approved, outside, house, gateway):
    refund = approved()
    with house.database.transaction() as db:
        item = house.host.gateways.get(FAKE)
        house.switch.store_settings(db, "4306", item, {"mchid": "2000", "key": "k2"})
        house.switch.set_state(db, "4306", FAKE, "disabled")

    gateway.calls.clear()
    outside.process_refund(refund.number)

    assert [merchant for _name, merchant, _ref in gateway.calls] == ["1900"]


def test_a_rotated_key_of_the_same_merchant_counts_at_once(approved, outside, house, gateway):
    refund = approved()
    with house.database.transaction() as db:
        item = house.host.gateways.get(FAKE)
        house.switch.store_settings(db, "4306", item, {"mchid": "1900", "key": "k2"})
    seen = []
    refunding = gateway.refund
    gateway.refund = lambda ctx, ref: seen.append(ctx.settings["key"]) or refunding(ctx, ref)

    outside.process_refund(refund.number)

    assert seen == ["k2"]


def test_the_job_sends_and_comes_back(approved, house, gateway, read):
    refund = approved()
    gateway.refund_fact = PaymentFact.REFUND_PROCESSING

    with pytest.raises(Later) as caught:
        tasks.refund(house, {"number": refund.number})

    assert caught.value.seconds == 60
    gateway.refunds[refund.number] = PaymentFact.REFUND_SUCCEEDED
    tasks.refund(house, {"number": refund.number})
    tasks.refund(house, {"number": refund.number})
    assert read(refund).state == "succeeded"
    assert read(refund).finished_at > clock.now() - timedelta(minutes=1)
    assert type(read(refund)) is Refund
