"""Each planted fault fails the test of the contract that names it."""

import inspect
from dataclasses import replace
from typing import ClassVar

import pytest

from suwen.hookspecs import payment as spec
from suwen.hookspecs.payment import (
    CloseOutcome,
    GatewayUnavailable,
    HttpAnswer,
    NotifyOutcome,
    OutcomeUnknown,
)
from suwen.testing.payment import Breakage, Flaw, Numbers, PaymentGatewayContract
from suwen_payment_wechat.gateway import WeChatPayGateway

# What a test of the contract raises when it finds a fault.
FOUND = (AssertionError, pytest.fail.Exception)


def run(name, gateway, world, **given):
    """One test of the contract, its fixtures made by hand."""
    suite, ctx, numbers = PaymentGatewayContract(), world.context(), Numbers()
    given |= {"gateway": gateway, "ctx": ctx, "world": world, "numbers": numbers}
    test = getattr(suite, name)
    wanted = inspect.signature(test).parameters
    if {"attempt", "paid"} & wanted.keys():
        honest = WeChatPayGateway()
        begun = suite.begin(honest, ctx, suite.request(ctx, numbers.next()))
        given |= {"attempt": begun, "paid": begun}
        if "paid" in wanted:
            world.pay(begun.number)
    test(**{key: value for key, value in given.items() if key in wanted})


class NewCodeEachTime(WeChatPayGateway):
    def create(self, ctx, req):
        result = super().create(ctx, req)
        return replace(result, action=spec.ShowQR(f"{result.action.text}#{ctx.now()}"))


class SwallowsRefusals(WeChatPayGateway):
    def create(self, ctx, req):
        try:
            return super().create(ctx, req)
        except spec.GatewayError:
            return spec.CreateResult(spec.ShowQR("weixin://old"))


class MistakesSilenceForFailure(WeChatPayGateway):
    def create(self, ctx, req):
        try:
            return super().create(ctx, req)
        except OutcomeUnknown:
            raise GatewayUnavailable("no answer") from None


class LeaksItsKey(WeChatPayGateway):
    def create(self, ctx, req):
        try:
            return super().create(ctx, req)
        except OutcomeUnknown:
            raise OutcomeUnknown(f"with key {ctx.settings['apiv3_key']}") from None


class NamelessErrors(WeChatPayGateway):
    def parse_notification(self, ctx, req):
        try:
            return super().parse_notification(ctx, req)
        except spec.GatewayError as error:
            raise ValueError(str(error)) from None


class BelievesEverything(WeChatPayGateway):
    """Reads what a notification says of itself whenever something is wrong with it."""

    def parse_notification(self, ctx, req):
        try:
            return super().parse_notification(ctx, req)
        except spec.GatewayError:
            return ()


class CallsOutWhileReading(WeChatPayGateway):
    def parse_notification(self, ctx, req):
        events = super().parse_notification(ctx, req)
        self.query(ctx, spec.AttemptRef(events[0].out_trade_no, 1, ctx.now()))
        return events


class LooksAtTheClock(WeChatPayGateway):
    def parse_notification(self, ctx, req):
        import time

        return [
            replace(e, raw_sha256=str(time.time())) for e in super().parse_notification(ctx, req)
        ]


class HidesTheDifference(WeChatPayGateway):
    def parse_notification(self, ctx, req):
        return [replace(e, amount_fen=129_900) for e in super().parse_notification(ctx, req)]


class OneIdentityForAll(WeChatPayGateway):
    def query(self, ctx, ref):
        return replace(super().query(ctx, ref), event_id="q")


class TakesFailuresForTaken(WeChatPayGateway):
    def answer(self, outcome):
        return HttpAnswer(200 if outcome is NotifyOutcome.UNKNOWN_ORDER else 204)


class ClosesWhatIsPaid(WeChatPayGateway):
    def close(self, ctx, ref):
        super().close(ctx, ref)
        return CloseOutcome.CLOSED


class NewRefundEachTime(WeChatPayGateway):
    count = 0

    def refund(self, ctx, ref):
        self.count += 1
        return super().refund(ctx, replace(ref, out_refund_no=f"{ref.out_refund_no}X{self.count}"))


class EuroInFloats(WeChatPayGateway):
    def query(self, ctx, ref):
        event = super().query(ctx, ref)
        return replace(event, amount_fen=float(event.amount_fen or 0))


class Shrugs(WeChatPayGateway):
    def check(self, ctx):
        return ()


class ShowsItself(WeChatPayGateway):
    def create(self, ctx, req):
        self.last = ctx.settings["apiv3_key"]
        return super().create(ctx, req)


def unmarked():
    class Schema(WeChatPayGateway.settings_schema):
        pass

    gateway = WeChatPayGateway()

    def bare():
        schema = Schema().clone()
        del schema["apiv3_key"].secret
        return schema

    gateway.settings_schema = bare
    return gateway


FAULTS = [
    (NewCodeEachTime, "test_the_same_request_again_gives_the_same_action", {}),
    (SwallowsRefusals, "test_the_same_number_with_another_amount_is_refused", {}),
    (SwallowsRefusals, "test_a_paid_attempt_cannot_begin_again", {}),
    (SwallowsRefusals, "test_what_is_no_amount_is_refused_unsent", {"amount": 1.0}),
    (
        MistakesSilenceForFailure,
        "test_after_an_unknown_outcome_the_same_number_goes_on",
        {"how": Breakage.LOST},
    ),
    (
        LeaksItsKey,
        "test_after_an_unknown_outcome_the_same_number_goes_on",
        {"how": Breakage.SERVER_ERROR},
    ),
    (NamelessErrors, "test_what_is_doubtful_is_refused", {"flaw": Flaw.FORGED}),
    (NamelessErrors, "test_garbage_is_refused_by_name", {"body": b"{}"}),
    *[
        (BelievesEverything, "test_what_is_doubtful_is_refused", {"flaw": flaw})
        for flaw in Flaw
        if flaw is not Flaw.NONE
    ],
    (BelievesEverything, "test_an_old_notification_cannot_be_replayed", {}),
    (BelievesEverything, "test_without_headers_nothing_is_believed", {}),
    (CallsOutWhileReading, "test_reading_is_pure", {}),
    (LooksAtTheClock, "test_reading_is_pure", {}),
    (HidesTheDifference, "test_another_amount_is_told_as_it_is", {"delta": 1}),
    (OneIdentityForAll, "test_a_fact_has_one_identity_and_another_fact_another", {}),
    (OneIdentityForAll, "test_refunds_have_identities_of_their_own", {}),
    (
        TakesFailuresForTaken,
        "test_the_provider_reads_what_we_mean",
        {"outcome": NotifyOutcome.UNKNOWN_ORDER},
    ),
    (ClosesWhatIsPaid, "test_money_that_has_arrived_is_not_closed", {}),
    (NewRefundEachTime, "test_part_of_the_money_goes_back", {}),
    (EuroInFloats, "test_a_paid_attempt_tells_its_amount", {}),
    (Shrugs, "test_each_broken_setting_is_found", {}),
    (ShowsItself, "test_nothing_shows_secrets_when_it_is_printed", {}),
    (unmarked, "test_settings_explain_themselves_and_mark_secrets", {}),
]


@pytest.mark.parametrize(("faulty", "name", "given"), FAULTS)
def test_a_planted_fault_is_found(wechat, faulty, name, given):
    gateway = faulty()
    if faulty is ShowsItself:
        gateway.last = wechat.settings["apiv3_key"]

    with pytest.raises((*FOUND, ValueError, spec.GatewayError, TypeError)):
        run(name, gateway, wechat, **given)


@pytest.mark.parametrize(
    ("name", "given"),
    sorted({(name, tuple(given.items())) for _f, name, given in FAULTS}, key=repr),
)
def test_the_same_test_passes_for_the_honest_gateway(wechat, name, given):
    run(name, WeChatPayGateway(), wechat, **dict(given))


def test_what_is_impossible_is_skipped_with_its_reason(wechat):
    class Suite(PaymentGatewayContract):
        impossible: ClassVar = {Flaw.PROBE: "the provider sends no probes"}

    with pytest.raises(pytest.skip.Exception, match="no probes"):
        Suite().may_happen(Flaw.PROBE)
