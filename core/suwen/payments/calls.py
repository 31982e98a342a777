"""Calls to providers. They are made outside any transaction, and may be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import colander
import structlog

from suwen.hookspecs.common import NotSent, PluginContext
from suwen.hookspecs.payment import (
    AttemptRef,
    ConfigError,
    GatewayError,
    GatewayEvent,
    GatewayUnavailable,
    NotifyOutcome,
    OutcomeUnknown,
    PaymentGateway,
    SignatureInvalid,
    StaleNotification,
)
from suwen.kernel.plugins.registry import NotInstalled
from suwen.payments.apply import applier
from suwen.payments.merchants import Merchants
from suwen.payments.models import PaymentAttempt

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """All that a call about one attempt needs. The row is a copy: no session stands behind it."""

    attempt: PaymentAttempt
    gateway: PaymentGateway
    context: PluginContext

    @property
    def ref(self) -> AttemptRef:
        """The attempt as its provider knows it."""
        return attempt_ref(self.attempt)


class Caller:
    """Opens lines to providers and brings their facts home, each in a transaction of its own."""

    def __init__(self, house: House) -> None:
        """Use the house's database, switch and gateways."""
        self.house = house

    def line(self, attempt_id: int) -> Line:
        """Look an attempt up with its gateway; raises ``NotInstalled`` or ``ConfigError``."""
        with self.house.database.snapshot() as db:
            return self.line_in(db, db.get_one(PaymentAttempt, attempt_id))

    def line_in(self, db: Session, attempt: PaymentAttempt) -> Line:
        """As ``line``, for a row of a session that is open anyway."""
        item = self.house.host.gateways.get(attempt.gateway)
        try:
            merchants = Merchants(self.house, db)
            context = merchants.context(item, attempt.region, attempt.account_id)
        except colander.Invalid as error:
            raise ConfigError(f"settings: {error.asdict()}") from None
        return Line(attempt, item.obj, context)

    def ask(self, line: Line, call: Callable[[], T]) -> T:
        """Call a gateway; everything that goes wrong becomes a ``GatewayError``.

        What a plugin raises beside the contract leaves the outcome unknown: money fails closed.
        """
        try:
            return call()
        except (SignatureInvalid, StaleNotification) as error:
            raise OutcomeUnknown(f"the answer cannot be trusted: {error}") from error
        except GatewayError:
            raise
        except NotSent as error:
            raise GatewayUnavailable(str(error)) from error
        except Exception as error:
            log.exception("payments.gateway_failed", gateway=line.attempt.gateway)
            raise OutcomeUnknown(f"{type(error).__name__}: {error}") from error

    def asked_event(self, line: Line, call: Callable[[], GatewayEvent]) -> GatewayEvent:
        """As ``ask``, for calls that answer with a fact; it must be about this attempt."""
        event: Any = self.ask(line, call)
        told = (getattr(event, "gateway", None), getattr(event, "out_trade_no", None))
        if told != (line.attempt.gateway, line.attempt.number):
            raise OutcomeUnknown("the gateway answered about something else")
        found: GatewayEvent = event
        return found

    def apply(self, event: GatewayEvent) -> NotifyOutcome:
        """Apply a fact in a transaction of its own."""
        with self.house.database.transaction() as db:
            return applier(self.house, db).apply(event)


def attempt_ref(attempt: PaymentAttempt) -> AttemptRef:
    """The attempt as its provider knows it."""
    return AttemptRef(
        out_trade_no=attempt.number,
        amount_fen=attempt.amount_fen,
        created_at=attempt.created_at,
        provider_trade_no=attempt.provider_trade_no,
        provider_state=dict(attempt.provider_state),
    )


UNREACHABLE = (GatewayError, NotInstalled)
"""What asking a provider can end in."""
