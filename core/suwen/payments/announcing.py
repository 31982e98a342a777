"""Telling the provider about an attempt, so that the buyer can pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import update

from suwen.hookspecs.payment import (
    Action,
    AlreadyPaid,
    CreateRequest,
    CreateResult,
    DuplicateTradeNo,
    GatewayError,
    OrderClosed,
    OutcomeUnknown,
)
from suwen.kernel import clock
from suwen.kernel.plugins.registry import NotInstalled
from suwen.payments import actions
from suwen.payments.booking import held, move_attempt
from suwen.payments.errors import (
    AttemptOver,
    GatewayNotInstalled,
    ProviderBusy,
    ProviderRefused,
)
from suwen.payments.models import PaymentAttempt
from suwen.payments.payable import SUBJECT
from suwen.payments.states import OPEN

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.payments.calls import Caller, Line

log = structlog.get_logger(__name__)


class Announcer:
    """Announces attempts; see ``announce``."""

    def __init__(self, caller: Caller) -> None:
        """Call through ``caller``."""
        self._caller = caller
        self._settings = caller.house.settings

    def announce(self, attempt_id: int, payer_id: str | None = None) -> Action:
        """What the buyer must do next; the same attempt again gives the same action.

        On a time-out the attempt stays and may be announced again under the same number. Raises
        ``ProviderBusy`` (try again), ``ProviderRefused``, ``AttemptOver`` or
        ``GatewayNotInstalled``.
        """
        try:
            line = self._caller.line(attempt_id)
        except NotInstalled:
            raise GatewayNotInstalled from None
        except GatewayError as error:
            raise self._failed(attempt_id, error) from error
        return actions.load(self.announce_on(line, payer_id).action or {})

    def announce_on(self, line: Line, payer_id: str | None = None) -> PaymentAttempt:
        """As ``announce``, on a line that is open already; the attempt as it then stands."""
        attempt = line.attempt
        if attempt.state not in OPEN or attempt.expires_at <= clock.now():
            raise AttemptOver
        if attempt.action is not None:
            return attempt
        try:
            result = self._caller.ask(line, lambda: self._create(line, payer_id))
        except GatewayError as error:
            raise self._failed(attempt.id, error) from error
        return self._keep(attempt, result)

    def _create(self, line: Line, payer_id: str | None) -> CreateResult:
        attempt, base = line.attempt, self._settings.base_url.rstrip("/")
        request = CreateRequest(
            out_trade_no=attempt.number,
            amount_fen=attempt.amount_fen,
            subject=SUBJECT,
            notify_url=notify_url(base, attempt),
            return_url=f"{base}/payments/{attempt.number}/return",
            created_at=attempt.created_at,
            expires_at=attempt.expires_at,
            client_ip=attempt.client_ip or "127.0.0.1",
            currency=attempt.currency,
            payer_id=payer_id,
        )
        result = line.gateway.create(line.context, request)
        if not isinstance(result, CreateResult):
            raise OutcomeUnknown(f"create gave {type(result).__name__}")
        # An action that cannot be shown must not be kept either.
        self._dumped(result.action)
        return result

    def _dumped(self, action: Action) -> dict[str, Any]:
        return actions.dump(action, development=self._settings.development)

    def _keep(self, attempt: PaymentAttempt, result: CreateResult) -> PaymentAttempt:
        state, action = dict(result.provider_state), self._dumped(result.action)
        with self._caller.house.database.transaction() as db:
            if _untouched(db, attempt, state, action):
                move_attempt(db, attempt, "pending", "request")
                attempt.provider_state, attempt.action = state, action
                return attempt
            attempt = held(db, PaymentAttempt, attempt.id)
            attempt.provider_state, attempt.action = state, action
            attempt.last_error = None
            attempt.unflag("outcome_unknown")
            # A notification may have come before this answer.
            if attempt.state == "created":
                move_attempt(db, attempt, "pending", "request")
        return attempt

    def _failed(self, attempt_id: int, error: GatewayError) -> Exception:
        """Keep what the provider said; the error that the buyer reads."""
        log.warning("payments.create_failed", attempt=attempt_id, error=type(error).__name__)
        busy = error.retryable or error.outcome_unknown or isinstance(error, AlreadyPaid)
        with self._caller.house.database.transaction() as db:
            attempt = held(db, PaymentAttempt, attempt_id)
            attempt.last_error = describe(error)
            if error.outcome_unknown:
                attempt.flag("outcome_unknown")
            if isinstance(error, DuplicateTradeNo):
                attempt.flag("needs_review")
            if not busy and attempt.state in OPEN:
                target = "closed" if isinstance(error, OrderClosed) else "failed"
                move_attempt(db, attempt, target, "request", reason=type(error).__name__)
                attempt.closed_at = clock.now() if target == "closed" else None
        if isinstance(error, AlreadyPaid):
            return AttemptOver()
        return ProviderBusy() if busy else ProviderRefused(error.user_message or None)


def _untouched(
    db: Session, attempt: PaymentAttempt, state: dict[str, str], action: dict[str, Any]
) -> bool:
    """Keep the answer in one statement, if nothing has happened to the attempt since it was read."""
    if attempt.state != "created" or attempt.last_error is not None or attempt.flags:
        return False
    still = (PaymentAttempt.state == "created", PaymentAttempt.last_error.is_(None))
    kept = (
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt.id, *still)
        .values(state="pending", provider_state=state, action=action)
        .returning(PaymentAttempt.id)
    )
    return db.execute(kept, execution_options={"synchronize_session": False}).first() is not None


def notify_url(base_url: str, attempt: PaymentAttempt) -> str:
    """Where the provider calls back: plugin and region, and no query string (WeChat Pay's rule)."""
    return f"{base_url.rstrip('/')}/notify/{attempt.gateway}/{attempt.region}"


def describe(error: GatewayError) -> str:
    """One line for staff."""
    parts = (type(error).__name__, error.provider_code, error.provider_message)
    return " ".join(part for part in parts if part)[:500]
