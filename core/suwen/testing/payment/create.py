"""Beginning a payment: once per number, however often it is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import (
    Action,
    AlreadyPaid,
    DuplicateTradeNo,
    GatewayUnavailable,
    InvalidRequest,
    OrderClosed,
    OutcomeUnknown,
    PaymentFact,
    PaymentGateway,
    RateLimited,
)
from suwen.testing.payment.world import (
    AMOUNT_FEN,
    Attempt,
    Breakage,
    ContractBase,
    Numbers,
    PaymentWorld,
)


class CreateContract(ContractBase):
    """``create``."""

    def test_the_buyer_is_told_what_to_do(self, attempt: Attempt) -> None:
        assert isinstance(attempt.result.action, get_args(Action))
        assert all(
            isinstance(part, str) for pair in attempt.result.provider_state.items() for part in pair
        )

    def test_the_same_request_again_gives_the_same_action(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, attempt: Attempt
    ) -> None:
        world.advance(5)

        again = gateway.create(ctx, attempt.request)

        assert again == attempt.result

    def test_the_same_number_with_another_amount_is_refused(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, attempt: Attempt
    ) -> None:
        other = self.request(ctx, attempt.number, AMOUNT_FEN + 1)

        with self.refused(world, DuplicateTradeNo, InvalidRequest):
            gateway.create(ctx, other)

        assert gateway.query(ctx, attempt.ref).amount_fen in {AMOUNT_FEN, None}

    @pytest.mark.parametrize("amount", [0, -1, True, 1.0, 10**18, "100"])
    def test_what_is_no_amount_is_refused_unsent(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        numbers: Numbers,
        amount: Any,
    ) -> None:
        before = world.calls

        with self.refused(world, InvalidRequest):
            gateway.create(ctx, self.request(ctx, numbers.next(), amount))

        assert world.calls == before

    def test_the_smallest_and_the_largest_amount_pass(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, numbers: Numbers
    ) -> None:
        for amount in (gateway.info.min_fen, gateway.info.max_fen):
            attempt = self.begin(gateway, ctx, self.request(ctx, numbers.next(), amount))
            world.pay(attempt.number)

            assert gateway.query(ctx, attempt.ref).amount_fen == amount

    @pytest.mark.parametrize(
        "subject", ["素问健康服务 🧬", "a } & \" \\ ' <b>\n\t健康", "健康" * 100, "é\u0301\u202e"]
    )
    def test_odd_subjects_pass(
        self, gateway: PaymentGateway, ctx: PluginContext, numbers: Numbers, subject: str
    ) -> None:
        request = self.request(ctx, numbers.next(), subject=subject)

        attempt = self.begin(gateway, ctx, request)

        assert gateway.query(ctx, attempt.ref).fact in {
            PaymentFact.PENDING,
            PaymentFact.NOT_FOUND,
        }

    @pytest.mark.parametrize("how", [Breakage.LOST, Breakage.SERVER_ERROR, Breakage.FORGED])
    def test_after_an_unknown_outcome_the_same_number_goes_on(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        numbers: Numbers,
        how: Breakage,
    ) -> None:
        self.may_happen(how)
        request = self.request(ctx, numbers.next())
        world.break_next(how)

        with self.refused(world, OutcomeUnknown) as caught:
            gateway.create(ctx, request)
        attempt = self.begin(gateway, ctx, request)
        world.pay(attempt.number)

        assert caught.value.outcome_unknown
        assert gateway.query(ctx, attempt.ref).amount_fen == AMOUNT_FEN

    def test_an_answer_that_is_not_the_providers_says_nothing(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, numbers: Numbers
    ) -> None:
        self.may_happen(Breakage.GARBAGE)
        world.break_next(Breakage.GARBAGE)

        with self.refused(world, OutcomeUnknown):
            gateway.create(ctx, self.request(ctx, numbers.next()))

    def test_what_was_not_sent_may_be_tried_again(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, numbers: Numbers
    ) -> None:
        self.may_happen(Breakage.UNSENT)
        world.break_next(Breakage.UNSENT)

        with self.refused(world, GatewayUnavailable) as caught:
            gateway.create(ctx, self.request(ctx, numbers.next()))

        assert caught.value.retryable
        assert not caught.value.outcome_unknown

    def test_a_busy_provider_is_asked_later(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, numbers: Numbers
    ) -> None:
        self.may_happen(Breakage.BUSY)
        world.break_next(Breakage.BUSY)

        with self.refused(world, RateLimited) as caught:
            gateway.create(ctx, self.request(ctx, numbers.next()))

        assert caught.value.retryable

    def test_a_paid_attempt_cannot_begin_again(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, paid: Attempt
    ) -> None:
        with self.refused(world, AlreadyPaid, DuplicateTradeNo):
            gateway.create(ctx, paid.request)

    def test_a_closed_attempt_needs_a_new_number(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, attempt: Attempt
    ) -> None:
        gateway.close(ctx, attempt.ref)

        with self.refused(world, OrderClosed):
            gateway.create(ctx, attempt.request)

    def test_a_purchase_that_has_expired_is_not_begun(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, numbers: Numbers
    ) -> None:
        late = self.request(ctx, numbers.next(), expires_at=ctx.now() - timedelta(minutes=1))

        with self.refused(world, InvalidRequest, OrderClosed):
            gateway.create(ctx, late)
