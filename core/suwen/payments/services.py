"""Payments: the one service that surfaces and upper domains talk to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from suwen.hookspecs.payment import Action, GatewayEvent, NotifyOutcome, OfferContext
from suwen.kernel import clock, outbox
from suwen.kernel.audit import Actor
from suwen.kernel.errors import NotFound
from suwen.payments import booking, tasks
from suwen.payments.announcing import Announcer
from suwen.payments.apply import Applier, applier
from suwen.payments.attempts import Attempts
from suwen.payments.calls import UNREACHABLE, Caller, Line
from suwen.payments.merchants import Merchants
from suwen.payments.models import PaymentAttempt, Refund
from suwen.payments.offering import MethodFinder, Methods
from suwen.payments.payable import Payable, PayableSource, payable_of
from suwen.payments.polling import Poller
from suwen.payments.reading import PaymentView, Reader
from suwen.payments.refunding import Refunder
from suwen.payments.refunds import Refunds
from suwen.payments.states import OPEN

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

_QUERY_BUCKET_S = 5


class PaymentService:
    """Offers, takes and gives back money.

    ``refunds`` holds the decisions about refunds, ``reader`` what pages show.

    ``announce``, ``poll`` and ``process_refund`` call a provider: they use transactions of their
    own and refuse to run while the session is inside one (commit first).
    """

    def __init__(
        self,
        db: Session,
        finder: MethodFinder,
        attempts: Attempts,
        applier: Applier,
        refunds: Refunds,
        caller: Caller,
    ) -> None:
        """Parts over the same session."""
        self._db, self._finder, self._attempts = db, finder, attempts
        self._applier, self.refunds, self._caller = applier, refunds, caller
        self.reader = Reader(db, caller.house.host)

    def methods(self, context: OfferContext) -> Methods:
        """Gateways for a purchase: offered, in the region's order, and refused, with the reason."""
        return self._finder.methods(context)

    def payable(self, kind: str, source: PayableSource) -> Payable:
        """A row of an upper domain as something to pay."""
        return payable_of(kind, source)

    def intent_terms(
        self, region: str, gateway: str, code: str, amount_fen: int
    ) -> tuple[timedelta, str]:
        """How long an intent waits, and what its member is told to do.

        Raises ``MethodRefused`` when the gateway does not take this amount here.
        """
        return self._attempts.intent_terms(region, gateway, code, amount_fen)

    def start(self, payable: Payable, gateway: str, client_ip: str) -> PaymentAttempt:
        """An attempt to announce after the commit; see ``Attempts.start``."""
        return self._attempts.start(payable, gateway, client_ip)

    def announce(self, attempt_id: int, payer_id: str | None = None) -> Action:
        """What the buyer must do next; see ``Announcer.announce``."""
        self._outside()
        return Announcer(self._caller).announce(attempt_id, payer_id)

    def line(self, attempt: PaymentAttempt) -> Line | None:
        """What announcing an attempt takes, read in the transaction that started it; None where its
        settings cannot be used.
        """
        try:
            return self._caller.line_in(self._db, attempt)
        except UNREACHABLE:
            return None

    def announced(self, attempt: PaymentAttempt, line: Line | None) -> PaymentView:
        """Announce an attempt that was just started, on its line, and show it."""
        self._outside()
        if line is None:
            self.announce(attempt.id)
        else:
            attempt = Announcer(self._caller).announce_on(line)
            if attempt.state in OPEN:
                return self.reader.shown(attempt)
        return self.view(attempt.member_id, attempt.number)

    def confirm_by_cashier(
        self, payable: Payable, gateway: str, amount_fen: int, actor: Actor, receipt: str
    ) -> PaymentAttempt:
        """A captured attempt for money on the counter; see ``Attempts.confirm_by_cashier``."""
        return self._attempts.confirm_by_cashier(payable, gateway, amount_fen, actor, receipt)

    def apply_event(self, event: GatewayEvent, *, region: str | None = None) -> NotifyOutcome:
        """Apply one fact in the caller's transaction; see ``Applier.apply``."""
        return self._applier.apply(event, region=region)

    def poll(self, attempt_id: int) -> PaymentAttempt:
        """Ask the provider once; raises ``GatewayError`` or ``NotInstalled``."""
        self._outside()
        return Poller(self._caller).poll(attempt_id)

    def poll_soon(self, attempt_id: int) -> None:
        """Let a job ask the provider, at most once in five seconds: the buyer came back."""
        bucket = int(clock.now().timestamp()) // _QUERY_BUCKET_S
        key = f"{tasks.QUERY}:{attempt_id}:{bucket}"
        outbox.put(self._db, tasks.QUERY, key, attempt_id=attempt_id)

    def view(self, member_id: int, number: str) -> PaymentView:
        """A member's own payment; raises ``NotFound``."""
        return self.reader.of_member(member_id, number)

    def owner_of(self, number: str) -> int:
        """Id of the member whose payment it is; raises ``NotFound``."""
        return self.reader.owner_of(number)

    def attempt_id(self, number: str) -> int:
        """Id of the attempt of this number; raises ``NotFound``."""
        found = self._attempts.by_number(number)
        if found is None:
            raise NotFound
        return found.id

    def knows_gateway(self, gateway: str) -> bool:
        """Whether payments of this gateway stand, be its plugin installed or not."""
        return self._attempts.knows(gateway)

    def close_open(self, kind: str, payable_id: int) -> None:
        """Let a job close what is open for a payable that no longer wants money."""
        booking.close_open(self._db, kind, payable_id)

    def has_open(self, kind: str, payable_id: int) -> bool:
        """Whether a buyer may still be paying."""
        return self._attempts.has_open(kind, payable_id)

    def of_payable(self, kind: str, payable_id: int) -> Sequence[PaymentAttempt]:
        """All attempts of a payable, oldest first."""
        return self._attempts.of_payable(kind, payable_id)

    def captured_attempt(self, kind: str, payable_id: int) -> PaymentAttempt:
        """The attempt that took the money, under its lock; raises ``NotRefundable``.

        Take it before a lock of what was paid for: facts from the provider do so too.
        """
        return self._attempts.captured_or_refuse(kind, payable_id)

    def request_refund(
        self,
        attempt: PaymentAttempt | int,
        amount_fen: int,
        reason: str,
        actor: Actor,
        *,
        ref: str | None = None,
    ) -> Refund:
        """Reserve money for a refund; see ``Refunds.request``."""
        return self.refunds.request(attempt, amount_fen, reason, actor, ref=ref)

    def refund_unclaimed(self, attempt_id: int, reason: str) -> Refund | None:
        """Send back money that nobody can take, once and without asking staff."""
        return self.refunds.refund_unclaimed(attempt_id, reason)

    def approve_refund(self, number: str, actor: Actor) -> Refund:
        """See ``Refunds.approve``."""
        return self.refunds.approve(number, actor)

    def reject_refund(self, number: str, actor: Actor, reason: str) -> Refund:
        """See ``Refunds.reject``."""
        return self.refunds.reject(number, actor, reason)

    def open_refunds(self, numbers: Sequence[str]) -> set[str]:
        """Those of the numbers that still hold money back or wait for a decision."""
        return self.refunds.open_numbers(numbers)

    def process_refund(self, number: str) -> float | None:
        """See ``Refunder.process``."""
        self._outside()
        return Refunder(self._caller).process(number)

    def _outside(self) -> None:
        if self._db.in_transaction():
            raise RuntimeError("a provider is never called inside a transaction: commit first")


def payments(house: House, db: Session) -> PaymentService:
    """The service of one unit of work."""
    finder = MethodFinder(db, house.host, house.switch)
    applies = applier(house, db)
    attempts = Attempts(
        db, house.host, house.settings.environment, finder, Merchants(house, db), applies
    )
    refunds = Refunds(db, house.host, house.audit, applies)
    return PaymentService(db, finder, attempts, applies, refunds, Caller(house))
