"""Push channels (消息通道): how a message reaches a member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, runtime_checkable

from suwen import hookspec
from suwen.hookspecs.common import PluginContext, Problem


class Category(Enum):
    """What a message is for; consent and quiet hours depend on it."""

    OTP = "otp"
    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    MARKETING = "marketing"


class Idempotency(Enum):
    """Whether a repeated send is harmless: never, by our key, or because we can ask."""

    NONE = "none"
    KEY = "key"
    QUERY = "query"


class Outcome(Enum):
    """What became of one delivery."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    RETRY = "retry"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    ADDRESS_GONE = "address_gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """Facts about a channel. ``address_kind`` is ``phone``, ``email`` or ``member``."""

    code: str
    title: str
    address_kind: str
    categories: frozenset[Category]
    idempotency: Idempotency = Idempotency.NONE
    dedupe_window_s: int = 0
    uncertain_default: str = "park"
    """``park`` (a person decides) or ``resend`` when it is unknown whether it was sent."""
    max_batch: int = 1


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as this channel will carry it. Never a result, never a test's name."""

    text: str
    subject: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class SendJob:
    """One delivery. ``idempotency_key`` stays the same over retries."""

    delivery_id: int
    idempotency_key: str
    address: str
    content: Rendered
    kind: str
    category: Category
    attempt: int
    created_at: datetime
    member_id: int | None = None
    code: str | None = None
    """The one-time code that ``content`` carries; shown by console back ends only."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """What the provider said to one job."""

    delivery_id: int
    outcome: Outcome
    provider_id: str = ""
    code: str = ""
    detail: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class MessageFact:
    """What there is to say. ``payload`` holds plain values such as numbers and links."""

    kind: str
    locale: str
    payload: Mapping[str, str] = field(default_factory=dict)


class AddressInvalid(Exception):
    """The address cannot be used on this channel."""


class ChannelMisconfigured(Exception):
    """The channel's settings are wrong: it is paused and staff are told."""


@runtime_checkable
class PushChannel(Protocol):
    """One channel. ``send`` is called outside any transaction and never raises for an answer."""

    info: ChannelInfo
    settings_schema: type

    def check(self, ctx: PluginContext) -> Sequence[Problem]:
        """Self-test that sends nothing."""
        ...

    def validate_address(self, value: str) -> str:
        """The address in canonical form; raises ``AddressInvalid``."""
        ...

    def render(self, ctx: PluginContext, message: MessageFact, default: Rendered) -> Rendered:
        """The message in this channel's form; ``default`` is the core's own wording. Pure."""
        ...

    def send(self, ctx: PluginContext, jobs: Sequence[SendJob]) -> Sequence[SendResult]:
        """Send; exactly one result per job. Raises ``NotSent`` only when nothing left the house."""
        ...


@hookspec
def suwen_push_channels() -> Sequence[PushChannel]:  # type: ignore[empty-body]
    """Register push channels. Called once at start-up."""
