"""The provider as a contract suite needs it, and the questions that every suite asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, Final, Protocol

import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import (
    AttemptRef,
    CreateRequest,
    CreateResult,
    GatewayError,
    HttpAnswer,
    NotifyRequest,
    PaymentGateway,
    RefundRef,
)

AMOUNT_FEN: Final = 129_900


class Flaw(Enum):
    """What can be wrong with a notification."""

    NONE = "none"
    FORGED = "signed by a stranger in the provider's name"
    UNKNOWN_KEY = "signed with a key that nobody knows"
    ALTERED = "changed on the way"
    PROBE = "a signature that is plainly a probe"
    STALE = "signed more than five minutes ago"
    FUTURE = "signed more than five minutes ahead"
    FOREIGN_MERCHANT = "another merchant's"
    FOREIGN_SEAL = "sealed with a secret that is not ours"
    NOT_JSON = "genuine, but what is inside cannot be read"
    FRACTION = "genuine, but with an amount that is no whole number of fen"


class Breakage(Enum):
    """What can go wrong with the next call to the provider."""

    UNSENT = "no connection"
    LOST = "carried out, but the answer never came"
    SERVER_ERROR = "carried out, but answered with an error of the server"
    BUSY = "too many calls"
    GARBAGE = "answered by something that is not the provider"
    FORGED = "answered well, but with a signature that does not verify"


class PaymentWorld(Protocol):
    """The provider, its buyers and the weather between: written once per gateway.

    ``secrets`` are texts that must never be seen in an error: keys, pass words, the buyer's
    identity at the provider. ``calls`` counts the requests that left for the provider.
    """

    secrets: Sequence[str]

    @property
    def calls(self) -> int:
        """Requests that were sent so far."""
        ...

    def pay(self, number: str) -> None:
        """The buyer pays."""
        ...

    def notification(
        self, number: str, flaw: Flaw = Flaw.NONE, *, delta_fen: int = 0
    ) -> NotifyRequest:
        """What the provider sends for a paid attempt, each time with the same identity."""
        ...

    def refund_notification(self, refund_number: str) -> NotifyRequest:
        """What the provider sends when a refund has succeeded; makes it succeed first."""
        ...

    def break_next(self, how: Breakage) -> None:
        """Spoil the next call."""
        ...

    def advance(self, seconds: float) -> None:
        """Let time pass, for the provider and for ``ctx.now``."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that a test has begun."""

    request: CreateRequest
    result: CreateResult

    @property
    def number(self) -> str:
        """Its merchant number."""
        return self.request.out_trade_no

    @property
    def ref(self) -> AttemptRef:
        """As the house would ask for it later."""
        return AttemptRef(
            self.number,
            self.request.amount_fen,
            self.request.created_at,
            provider_state=self.result.provider_state,
        )


@dataclass
class Numbers:
    """Merchant numbers that no other test uses."""

    count: int = field(default=0)

    def next(self, prefix: str = "SW") -> str:
        """A new one."""
        self.count += 1
        return f"{prefix}20261122{self.count:06d}"


class ContractBase:
    """Fixtures that an author overrides, and the helpers of the suites.

    ``impossible`` names flaws and breakages that cannot happen with this provider, with the
    reason; those tests are skipped and say it.
    """

    impossible: ClassVar[Mapping[Flaw | Breakage, str]] = {}

    @pytest.fixture
    def gateway(self) -> PaymentGateway:
        """The gateway under test."""
        raise NotImplementedError

    @pytest.fixture
    def ctx(self) -> PluginContext:
        """A context with working settings, whose transport leads to the world."""
        raise NotImplementedError

    @pytest.fixture
    def world(self) -> PaymentWorld:
        """The provider."""
        raise NotImplementedError

    @pytest.fixture
    def numbers(self) -> Numbers:
        """Merchant numbers."""
        return Numbers()

    @pytest.fixture
    def attempt(self, gateway: PaymentGateway, ctx: PluginContext, numbers: Numbers) -> Attempt:
        """An attempt that waits for the buyer."""
        return self.begin(gateway, ctx, self.request(ctx, numbers.next()))

    @pytest.fixture
    def paid(self, attempt: Attempt, world: PaymentWorld) -> Attempt:
        """An attempt that has been paid."""
        world.pay(attempt.number)
        return attempt

    def request(
        self, ctx: PluginContext, number: str, amount_fen: int = AMOUNT_FEN, **changes: Any
    ) -> CreateRequest:
        """A purchase that begins now."""
        values: dict[str, Any] = {
            "subject": "素问健康服务",
            "notify_url": "https://shop.example/notify/gateway/1",
            "return_url": "https://shop.example/payments/return",
            "created_at": ctx.now(),
            "expires_at": ctx.now() + timedelta(minutes=30),
        }
        return CreateRequest(number, amount_fen, **{**values, **changes})

    def begin(self, gateway: PaymentGateway, ctx: PluginContext, request: CreateRequest) -> Attempt:
        """Create an attempt."""
        return Attempt(request, gateway.create(ctx, request))

    def refund_of(self, attempt: Attempt, number: str, amount_fen: int) -> RefundRef:
        """A refund of an attempt, for a reason that nobody but us should read."""
        return RefundRef(
            number,
            amount_fen,
            attempt.ref,
            reason="不想做基因检测了",
            notify_url="https://shop.example/notify/gateway/1",
        )

    def is_taken(self, answer: HttpAnswer) -> bool:
        """Whether the provider reads this answer as "taken"; override where the body says it."""
        return 200 <= answer.status < 300

    def may_happen(self, what: Flaw | Breakage) -> None:
        """Skip what is impossible with this provider."""
        if what in self.impossible:
            pytest.skip(self.impossible[what])

    @contextmanager
    def refused(
        self, world: PaymentWorld, *kinds: type[GatewayError]
    ) -> Iterator[pytest.ExceptionInfo[GatewayError]]:
        """Expect a named error of one of these kinds that gives no secret away."""
        with pytest.raises(kinds or GatewayError) as caught:
            yield caught
        assert type(caught.value) is not GatewayError, "the error has no name of its own"
        for text in _texts_of(caught.value):
            assert not [secret for secret in world.secrets if secret in text]


def _texts_of(error: BaseException) -> Iterator[str]:
    seen: BaseException | None = error
    while seen is not None:
        yield from (str(seen), repr(seen), repr(vars(seen)))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def moved(request: NotifyRequest, received_at: datetime) -> NotifyRequest:
    """The same notification, received at another moment."""
    return NotifyRequest(
        request.headers, request.body, request.query, request.remote_addr, received_at
    )
