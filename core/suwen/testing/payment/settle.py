"""Asking, closing and giving back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import (
    AttemptRef,
    CloseOutcome,
    GatewayError,
    GatewayEvent,
    InvalidRequest,
    OutcomeUnknown,
    PaymentFact,
    PaymentGateway,
    RefundExceeds,
    RefundRef,
    RefundWindowClosed,
)
from suwen.testing.payment.world import (
    AMOUNT_FEN,
    Attempt,
    Breakage,
    ContractBase,
    Numbers,
    PaymentWorld,
)

REFUND_FACTS = {PaymentFact.REFUND_PROCESSING, PaymentFact.REFUND_SUCCEEDED}


def check_event(event: GatewayEvent, gateway: PaymentGateway) -> None:
    """What holds for every fact."""
    assert event.gateway == gateway.info.code
    assert event.event_id
    assert event.amount_fen is None or type(event.amount_fen) is int
    assert event.occurred_at.utcoffset() is not None


class QueryContract(ContractBase):
    """``query`` of attempts."""

    def test_an_unpaid_attempt_is_pending(
        self, gateway: PaymentGateway, ctx: PluginContext, attempt: Attempt
    ) -> None:
        event = gateway.query(ctx, attempt.ref)

        check_event(event, gateway)
        assert (event.fact, event.source) == (PaymentFact.PENDING, "poll")
        assert event.out_trade_no == attempt.number

    def test_a_paid_attempt_tells_its_amount(
        self, gateway: PaymentGateway, ctx: PluginContext, paid: Attempt
    ) -> None:
        event = gateway.query(ctx, paid.ref)

        check_event(event, gateway)
        assert (event.fact, event.amount_fen) == (PaymentFact.CAPTURED, AMOUNT_FEN)
        assert event.provider_trade_no
        assert event.currency == "CNY"

    def test_a_fact_has_one_identity_and_another_fact_another(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, attempt: Attempt
    ) -> None:
        pending = gateway.query(ctx, attempt.ref)
        world.pay(attempt.number)
        first = gateway.query(ctx, attempt.ref)
        world.advance(60)
        second = gateway.query(ctx, attempt.ref)

        assert first.event_id == second.event_id != pending.event_id

    def test_an_unknown_number_is_not_found(
        self, gateway: PaymentGateway, ctx: PluginContext, numbers: Numbers
    ) -> None:
        event = gateway.query(ctx, AttemptRef(numbers.next(), AMOUNT_FEN, ctx.now()))

        check_event(event, gateway)
        assert (event.fact, event.amount_fen) == (PaymentFact.NOT_FOUND, None)

    @pytest.mark.parametrize("how", list(Breakage))
    def test_without_a_believable_answer_there_is_no_fact(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        how: Breakage,
    ) -> None:
        self.may_happen(how)
        world.break_next(how)

        with self.refused(world) as caught:
            gateway.query(ctx, paid.ref)

        assert caught.value.retryable


class CloseContract(ContractBase):
    """``close``."""

    def test_closing_twice_is_closed(
        self, gateway: PaymentGateway, ctx: PluginContext, attempt: Attempt
    ) -> None:
        outcomes = [gateway.close(ctx, attempt.ref) for _ in range(2)]

        assert outcomes == [CloseOutcome.CLOSED] * 2
        assert gateway.query(ctx, attempt.ref).fact is PaymentFact.CLOSED

    def test_money_that_has_arrived_is_not_closed(
        self, gateway: PaymentGateway, ctx: PluginContext, paid: Attempt
    ) -> None:
        assert gateway.close(ctx, paid.ref) is CloseOutcome.ALREADY_PAID
        assert gateway.query(ctx, paid.ref).fact is PaymentFact.CAPTURED

    def test_an_unknown_number_cannot_be_closed(
        self, gateway: PaymentGateway, ctx: PluginContext, numbers: Numbers
    ) -> None:
        ref = AttemptRef(numbers.next(), AMOUNT_FEN, ctx.now())

        assert gateway.close(ctx, ref) is CloseOutcome.NOT_FOUND

    def test_an_unknown_outcome_is_settled_by_trying_again(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, attempt: Attempt
    ) -> None:
        self.may_happen(Breakage.LOST)
        world.break_next(Breakage.LOST)

        with self.refused(world, OutcomeUnknown):
            gateway.close(ctx, attempt.ref)

        assert gateway.close(ctx, attempt.ref) is CloseOutcome.CLOSED


class RefundContract(ContractBase):
    """``refund`` and the query of refunds."""

    def test_part_of_the_money_goes_back(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
    ) -> None:
        ref = self.refund_of(paid, numbers.next("RF"), 1_000)

        event = gateway.refund(ctx, ref)
        world.refund_notification(ref.out_refund_no)
        later = gateway.query(ctx, ref)

        check_event(event, gateway)
        assert event.fact in REFUND_FACTS
        assert (later.fact, later.amount_fen) == (PaymentFact.REFUND_SUCCEEDED, 1_000)
        assert (later.out_trade_no, later.out_refund_no) == (paid.number, ref.out_refund_no)
        assert gateway.query(ctx, paid.ref).fact is PaymentFact.CAPTURED

    @pytest.mark.parametrize("how", [None, Breakage.LOST, Breakage.SERVER_ERROR])
    def test_the_same_number_gives_back_once(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
        how: Breakage | None,
    ) -> None:
        """Two more than half would not fit: the second try must be the first refund again."""
        ref = self.refund_of(paid, numbers.next("RF"), AMOUNT_FEN // 2 + 1)
        if how is None:
            gateway.refund(ctx, ref)
        else:
            self.may_happen(how)
            world.break_next(how)
            with self.refused(world, OutcomeUnknown):
                gateway.refund(ctx, ref)

        again = gateway.refund(ctx, ref)

        assert again.fact in REFUND_FACTS
        assert (again.out_refund_no, again.amount_fen) == (ref.out_refund_no, ref.amount_fen)

    def test_the_same_refund_with_another_amount_is_refused(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
    ) -> None:
        number = numbers.next("RF")
        gateway.refund(ctx, self.refund_of(paid, number, 1_000))
        world.advance(gateway.info.refund_interval_s + 1)

        with self.refused(world):
            gateway.refund(ctx, self.refund_of(paid, number, 2_000))

    def test_no_more_goes_back_than_came(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
    ) -> None:
        with self.refused(world, RefundExceeds, InvalidRequest):
            gateway.refund(ctx, self.refund_of(paid, numbers.next("RF"), AMOUNT_FEN + 1))
        gateway.refund(ctx, self.refund_of(paid, numbers.next("RF"), AMOUNT_FEN - 1))
        world.advance(gateway.info.refund_interval_s + 1)

        with self.refused(world, RefundExceeds, InvalidRequest):
            gateway.refund(ctx, self.refund_of(paid, numbers.next("RF"), 2))
        last = gateway.refund(ctx, self.refund_of(paid, numbers.next("RF"), 1))

        assert last.fact in REFUND_FACTS

    @pytest.mark.parametrize("amount", [0, -1, True, 1.0])
    def test_what_is_no_amount_is_refused(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
        amount: Any,
    ) -> None:
        with self.refused(world, InvalidRequest):
            gateway.refund(ctx, self.refund_of(paid, numbers.next("RF"), amount))

    def test_unpaid_money_cannot_go_back(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        attempt: Attempt,
        numbers: Numbers,
    ) -> None:
        with self.refused(world):
            gateway.refund(ctx, self.refund_of(attempt, numbers.next("RF"), 1_000))

    def test_the_window_for_refunds_ends(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
    ) -> None:
        world.advance(timedelta(days=gateway.info.refund_days + 1).total_seconds())

        with self.refused(world, RefundWindowClosed):
            gateway.refund(ctx, self.refund_of(paid, numbers.next("RF"), 1_000))

    def test_an_unknown_refund_is_not_found(
        self, gateway: PaymentGateway, ctx: PluginContext, paid: Attempt, numbers: Numbers
    ) -> None:
        ref = self.refund_of(paid, numbers.next("RF"), 1_000)

        assert gateway.query(ctx, ref).fact is PaymentFact.NOT_FOUND

    def test_refunds_have_identities_of_their_own(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
    ) -> None:
        events = [gateway.query(ctx, paid.ref)]
        for _ in range(2):
            ref: RefundRef = self.refund_of(paid, numbers.next("RF"), 500)
            gateway.refund(ctx, ref)
            world.refund_notification(ref.out_refund_no)
            events.append(gateway.query(ctx, ref))
            world.advance(gateway.info.refund_interval_s + 1)

        assert len({event.event_id for event in events}) == len(events)

    def test_another_accounts_attempt_is_not_touched(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
    ) -> None:
        """What an attempt keeps of its account must be the account of the settings."""
        if not paid.result.provider_state:
            pytest.skip("attempts keep nothing of their account")
        foreign = {name: value + "9" for name, value in paid.ref.provider_state.items()}
        ref = AttemptRef(paid.number, AMOUNT_FEN, ctx.now(), provider_state=foreign)
        before = world.calls

        with self.refused(world, GatewayError):
            gateway.refund(ctx, RefundRef(numbers.next("RF"), 1_000, ref))

        assert world.calls == before
