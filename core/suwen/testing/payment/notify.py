"""Notifications: only the provider is believed, and only about this merchant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import (
    ConfigError,
    GatewayError,
    InvalidRequest,
    NotifyOutcome,
    NotifyRequest,
    PaymentFact,
    PaymentGateway,
    SignatureInvalid,
    StaleNotification,
)
from suwen.testing.payment.settle import check_event
from suwen.testing.payment.world import (
    AMOUNT_FEN,
    Attempt,
    ContractBase,
    Flaw,
    Numbers,
    PaymentWorld,
    moved,
)
from suwen.testing.purity import impure_calls

# A gateway may find the signature or the content at fault first; both are refusals.
REFUSALS: dict[Flaw, tuple[type[GatewayError], ...]] = {
    Flaw.FORGED: (SignatureInvalid,),
    Flaw.UNKNOWN_KEY: (SignatureInvalid,),
    Flaw.ALTERED: (SignatureInvalid, InvalidRequest),
    Flaw.PROBE: (SignatureInvalid,),
    Flaw.STALE: (StaleNotification,),
    Flaw.FUTURE: (StaleNotification,),
    Flaw.FOREIGN_MERCHANT: (InvalidRequest, SignatureInvalid),
    Flaw.FOREIGN_SEAL: (ConfigError, SignatureInvalid, InvalidRequest),
    Flaw.NOT_JSON: (InvalidRequest,),
    Flaw.FRACTION: (InvalidRequest,),
}
HUGE = b"{" + b'"a":"' + b"x" * 3_000_000 + b'"}'
GARBAGE = [
    b"",
    b"\x00\xff\xfe",
    b"null",
    b"[]",
    b"{}",
    b'{"id":1e999}',
    b"[" * 100_000,
    b"a=1&b=2&a=3",
    "支付成功".encode("gbk"),
    HUGE,
]


class NotificationContract(ContractBase):
    """``parse_notification`` and ``answer``."""

    def test_a_payment_is_told(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, paid: Attempt
    ) -> None:
        (event,) = gateway.parse_notification(ctx, world.notification(paid.number))

        check_event(event, gateway)
        assert (event.fact, event.amount_fen) == (PaymentFact.CAPTURED, AMOUNT_FEN)
        assert (event.out_trade_no, event.source) == (paid.number, "notification")
        assert len(event.raw_sha256) == 64

    def test_a_refund_is_told(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        numbers: Numbers,
    ) -> None:
        ref = self.refund_of(paid, numbers.next("RF"), 1_000)
        gateway.refund(ctx, ref)

        notice = world.refund_notification(ref.out_refund_no)
        (event,) = gateway.parse_notification(ctx, notice)

        check_event(event, gateway)
        assert (event.fact, event.amount_fen) == (PaymentFact.REFUND_SUCCEEDED, 1_000)
        assert (event.out_trade_no, event.out_refund_no) == (paid.number, ref.out_refund_no)

    def test_a_repeated_notification_is_the_same_fact(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, paid: Attempt
    ) -> None:
        notices = [world.notification(paid.number) for _ in range(3)]
        world.advance(30)
        notices.append(world.notification(paid.number))

        events = [event for each in notices for event in gateway.parse_notification(ctx, each)]

        assert len({event.event_id for event in events}) == 1

    def test_notification_and_poll_tell_apart(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, paid: Attempt
    ) -> None:
        """Each counts once, and the house sees that both say the same of the same number."""
        (told,) = gateway.parse_notification(ctx, world.notification(paid.number))
        asked = gateway.query(ctx, paid.ref)

        assert told.event_id != asked.event_id
        assert (told.fact, told.amount_fen) == (asked.fact, asked.amount_fen)
        assert told.provider_trade_no == asked.provider_trade_no

    def test_reading_is_pure(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, paid: Attempt
    ) -> None:
        notice, before = world.notification(paid.number), world.calls

        first = gateway.parse_notification(ctx, notice)
        second = gateway.parse_notification(ctx, notice)

        assert list(first) == list(second)
        assert world.calls == before
        assert impure_calls(lambda: gateway.parse_notification(ctx, notice)) == []

    @pytest.mark.parametrize("delta", [1, -1, 100_000])
    def test_another_amount_is_told_as_it_is(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        delta: int,
    ) -> None:
        """Comparing is the business of the house; the gateway must not hide the difference."""
        notice = world.notification(paid.number, delta_fen=delta)

        (event,) = gateway.parse_notification(ctx, notice)

        assert event.amount_fen == AMOUNT_FEN + delta

    @pytest.mark.parametrize("flaw", list(REFUSALS))
    def test_what_is_doubtful_is_refused(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        flaw: Flaw,
    ) -> None:
        self.may_happen(flaw)
        notice, before = world.notification(paid.number, flaw), world.calls

        with self.refused(world, *REFUSALS[flaw]) as caught:
            gateway.parse_notification(ctx, notice)

        answer = gateway.answer(caught.value.notify_outcome)
        assert not self.is_taken(answer)
        assert world.calls == before

    def test_an_old_notification_cannot_be_replayed(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, paid: Attempt
    ) -> None:
        self.may_happen(Flaw.STALE)
        notice = world.notification(paid.number)
        on_time = moved(notice, notice.received_at + timedelta(seconds=299))
        too_late = moved(notice, notice.received_at + timedelta(seconds=301))

        assert gateway.parse_notification(ctx, on_time)
        with self.refused(world, StaleNotification):
            gateway.parse_notification(ctx, too_late)

    def test_without_headers_nothing_is_believed(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, paid: Attempt
    ) -> None:
        notice = world.notification(paid.number)
        for headers in (
            {},
            dict.fromkeys(notice.headers, ""),
            dict.fromkeys(notice.headers, "é\r\n"),
        ):
            stripped = NotifyRequest(
                headers, notice.body, notice.query, notice.remote_addr, notice.received_at
            )
            if headers or notice.headers:
                with self.refused(world):
                    gateway.parse_notification(ctx, stripped)

    @pytest.mark.parametrize("body", GARBAGE, ids=lambda body: repr(body[:12]))
    def test_garbage_is_refused_by_name(
        self,
        gateway: PaymentGateway,
        ctx: PluginContext,
        world: PaymentWorld,
        paid: Attempt,
        body: bytes,
    ) -> None:
        """With the headers of a genuine notification, so that only the body is at fault."""
        notice = world.notification(paid.number)
        spoilt = NotifyRequest(
            notice.headers, body, notice.query, notice.remote_addr, notice.received_at
        )

        with self.refused(world):
            gateway.parse_notification(ctx, spoilt)

    @pytest.mark.parametrize("outcome", list(NotifyOutcome))
    def test_the_provider_reads_what_we_mean(
        self, gateway: PaymentGateway, outcome: NotifyOutcome
    ) -> None:
        """What was booked ends the notifications; everything else must come again."""
        answer = gateway.answer(outcome)

        booked = outcome in {NotifyOutcome.ACCEPTED, NotifyOutcome.DUPLICATE}
        assert self.is_taken(answer) is booked
        assert len(answer.body) < 1_000
