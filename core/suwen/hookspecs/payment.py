"""Payment gateways (支付网关).

A gateway translates between the house and one provider. It holds no state, opens no database and
never decides: it reports facts, and ``suwen.payments`` applies them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Protocol, runtime_checkable

from suwen import hookspec
from suwen.hookspecs.common import PluginContext, Problem


class OrderPolicy(Enum):
    """When the order comes to be: at once, or only after a cashier's confirmation."""

    IMMEDIATE = "order"
    AFTER_CONFIRMATION = "intent"


@dataclass(frozen=True, slots=True)
class GatewayInfo:
    """Facts about a gateway. Amounts are fen, times seconds, windows days."""

    code: str
    title: str
    order_policy: OrderPolicy = OrderPolicy.IMMEDIATE
    flow: str = "qr"
    """``qr``, ``redirect``, ``form``, ``jsapi`` or ``instructions``."""
    min_fen: int = 1
    max_fen: int = 10_000_000_00
    refund_days: int = 365
    max_refunds: int = 50
    refund_interval_s: int = 60
    default_ttl_s: int = 1800
    moves_money_itself: bool = True
    """False where people move the money (a cashier): no polling, refunds are confirmed by staff."""
    public_number_pattern: str = r"[0-9A-Z]{8,32}"


# What the buyer must do next. ``kind`` is the value the API shows.
@dataclass(frozen=True, slots=True)
class ShowQR:
    """Show this text as a QR code."""

    text: str
    kind: ClassVar[str] = "qr"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser there."""

    url: str
    kind: ClassVar[str] = "redirect"


@dataclass(frozen=True, slots=True)
class PostForm:
    """Post these fields there."""

    url: str
    fields: Mapping[str, str]
    kind: ClassVar[str] = "form"


@dataclass(frozen=True, slots=True)
class JsApi:
    """Call the provider's script inside its own browser."""

    params: Mapping[str, str]
    kind: ClassVar[str] = "jsapi"


@dataclass(frozen=True, slots=True)
class Instructions:
    """Tell the buyer what to do by hand."""

    text: str
    kind: ClassVar[str] = "instructions"


Action = ShowQR | Redirect | PostForm | JsApi | Instructions


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """One attempt to take money. ``subject`` is neutral text that names no test or product."""

    out_trade_no: str
    amount_fen: int
    subject: str
    notify_url: str
    return_url: str
    created_at: datetime
    expires_at: datetime
    client_ip: str = "127.0.0.1"
    currency: str = "CNY"
    payer_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreateResult:
    """``provider_state`` is kept with the attempt and given back in ``AttemptRef``."""

    action: Action
    provider_state: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttemptRef:
    """An attempt as the provider knows it."""

    out_trade_no: str
    amount_fen: int
    created_at: datetime
    provider_trade_no: str | None = None
    provider_state: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundRef:
    """A refund as the provider knows it; same number and amount on every retry."""

    out_refund_no: str
    amount_fen: int
    attempt: AttemptRef
    reason: str = ""
    notify_url: str = ""


class PaymentFact(Enum):
    """What a provider can tell about an attempt or a refund."""

    PENDING = "pending"
    CAPTURED = "captured"
    FAILED = "failed"
    CLOSED = "closed"
    NOT_FOUND = "not_found"
    REFUND_PROCESSING = "refund_processing"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    REFUND_ABNORMAL = "refund_abnormal"


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """One fact, however it arrived. UNIQUE (gateway, event_id) makes it count once.

    ``amount_fen`` is the amount of the fact (the captured total, or the refunded sum of this
    refund); it is compared with ours before any state moves.
    """

    gateway: str
    event_id: str
    fact: PaymentFact
    out_trade_no: str
    amount_fen: int | None
    occurred_at: datetime
    provider_trade_no: str | None = None
    out_refund_no: str | None = None
    currency: str = "CNY"
    source: str = "notification"
    """``notification``, ``poll``, ``cashier`` or ``bill``."""
    raw_sha256: str = ""


class CloseOutcome(Enum):
    """What became of the wish to close an unpaid attempt."""

    CLOSED = "closed"
    ALREADY_PAID = "already_paid"
    NOT_FOUND = "not_found"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class NotifyRequest:
    """A provider's call as it came in: raw body, headers with lower-case names."""

    headers: Mapping[str, str]
    body: bytes
    query: str
    remote_addr: str
    received_at: datetime


class NotifyOutcome(Enum):
    """What the house made of a notification; the gateway turns it into the provider's answer."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UNKNOWN_ORDER = "unknown_order"
    AMOUNT_MISMATCH = "amount_mismatch"
    SIGNATURE_INVALID = "signature_invalid"
    STALE = "stale"
    MALFORMED = "malformed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, body and content type that the provider expects to read."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


class GatewayError(Exception):
    """A provider said no, or said nothing.

    ``outcome_unknown`` means: ask again with the same number, never with a new one.
    ``user_message`` is safe to show; ``provider_message`` is for staff.
    """

    retryable: ClassVar[bool] = False
    outcome_unknown: ClassVar[bool] = False
    notify_outcome: ClassVar[NotifyOutcome] = NotifyOutcome.FAILED

    def __init__(
        self, provider_message: str = "", *, provider_code: str = "", user_message: str = ""
    ) -> None:
        """Keep what the provider said and what the buyer may read."""
        super().__init__(provider_message or type(self).__name__)
        self.provider_code = provider_code
        self.provider_message = provider_message
        self.user_message = user_message


class ConfigError(GatewayError):
    """Settings are missing or contradict each other."""


class SignatureInvalid(GatewayError):
    """The signature does not verify: a stranger, or the wrong key."""

    notify_outcome = NotifyOutcome.SIGNATURE_INVALID


class StaleNotification(GatewayError):
    """The signed time is more than five minutes away."""

    notify_outcome = NotifyOutcome.STALE


class InvalidRequest(GatewayError):
    """The provider, or the body of a call, cannot be understood."""

    notify_outcome = NotifyOutcome.MALFORMED


class DuplicateTradeNo(GatewayError):
    """The number was used with other parameters."""


class AlreadyPaid(GatewayError):
    """The attempt was paid before."""


class OrderClosed(GatewayError):
    """The provider has closed the attempt: a new number is needed."""


class NotFound(GatewayError):
    """The provider does not know the number."""


class RateLimited(GatewayError):
    """Too many calls; later."""

    retryable = True


class NotPermitted(GatewayError):
    """The merchant account lacks the permission."""


class MerchantBalanceLow(GatewayError):
    """The merchant account cannot cover the refund now."""

    retryable = True


class RefundExceeds(GatewayError):
    """More than was captured."""


class RefundWindowClosed(GatewayError):
    """Too late for a refund by this gateway."""


class GatewayUnavailable(GatewayError):
    """Could not connect: nothing was sent."""

    retryable = True


class OutcomeUnknown(GatewayError):
    """Sent, but the answer is missing or says nothing."""

    retryable = True
    outcome_unknown = True


@runtime_checkable
class PaymentGateway(Protocol):
    """One way to pay. Calls are made outside any transaction and may be repeated."""

    info: GatewayInfo
    settings_schema: type

    def create(self, ctx: PluginContext, req: CreateRequest) -> CreateResult:
        """Announce the attempt to the provider; idempotent by ``out_trade_no``."""
        ...

    def query(self, ctx: PluginContext, ref: AttemptRef | RefundRef) -> GatewayEvent:
        """Ask for the present state of an attempt or a refund."""
        ...

    def close(self, ctx: PluginContext, ref: AttemptRef) -> CloseOutcome:
        """Close an unpaid attempt, so that it can no longer be paid."""
        ...

    def refund(self, ctx: PluginContext, ref: RefundRef) -> GatewayEvent:
        """Give money back; idempotent by ``out_refund_no``."""
        ...

    def parse_notification(self, ctx: PluginContext, req: NotifyRequest) -> Sequence[GatewayEvent]:
        """Verify and read a notification; pure. Raises a ``GatewayError`` for anything doubtful."""
        ...

    def answer(self, outcome: NotifyOutcome) -> HttpAnswer:
        """What the provider must read so that it stops, or repeats, its notification."""
        ...

    def check(self, ctx: PluginContext) -> Sequence[Problem]:
        """Self-test of the settings that sends nothing and moves nothing."""
        ...


@dataclass(frozen=True, slots=True)
class OfferContext:
    """The purchase for which gateways are being listed."""

    region: str
    amount_fen: int
    collection_method: str
    collection_point_id: int | None
    surface: str = "web"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a gateway is not offered here. ``reason`` is for people, ``reason_code`` for machines."""

    reason_code: str
    reason: str


@hookspec
def suwen_payment_gateways() -> Sequence[PaymentGateway]:  # type: ignore[empty-body]
    """Register payment gateways. Called once at start-up; a code registered twice is an error."""


@hookspec
def suwen_payment_veto(gateway: str, context: OfferContext) -> Denied | None:
    """Say ``Denied`` to hide a gateway for this purchase, or None for no opinion.

    Called for each candidate while offering and once more while creating, inside the request's
    transaction; a receiver that raises counts as a denial of its own plugin's gateways only.
    """
