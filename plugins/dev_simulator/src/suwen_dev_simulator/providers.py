"""What the rest of the simulator asks of a provider; WeChat is the first of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from suwen_dev_simulator.faults import Faults
from suwen_dev_simulator.router import Route
from suwen_dev_simulator.store import Row


@dataclass(frozen=True, slots=True)
class Envelope:
    """A notification as it leaves."""

    headers: Mapping[str, str]
    body: bytes


class Refused(Exception):
    """The provider does not let the buyer do this now; the text is for the buyer."""


class Provider(Protocol):
    """One payment provider."""

    name: str
    """In paths and tables, such as ``wechat``."""
    gateway: str
    """The shop's name for it, such as ``payment_wechat``."""
    title: str
    schedule: Sequence[float]
    """Seconds before each repetition of a notification that was not taken."""

    def routes(self) -> Sequence[Route]:
        """Its interface for merchants."""
        ...

    def notify_paid(self, payment: Row) -> None:
        """Queue what the merchant is told about a payment; called in the transaction of it."""
        ...

    def settle_refunds(self) -> None:
        """Finish refunds whose time has come."""
        ...

    def envelope(self, delivery: Row, faults: Faults) -> Envelope:
        """Sign and seal a queued notification at the moment of sending."""
        ...

    def taken(self, status: int, body: bytes) -> bool:
        """Whether the merchant's answer ends the notification."""
        ...
