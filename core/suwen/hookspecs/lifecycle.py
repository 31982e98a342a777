"""Life cycle: pages of a plugin, events it hears, personal data it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from suwen import hookspec


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened and was committed.

    ``name`` is one of ``order_paid``, ``order_cancelled``, ``refund_succeeded``,
    ``report_released``, ``questionnaire_scored``, ``member_registered``, ``members_merged``.
    ``data`` holds ids and numbers only, never health data or addresses.
    """

    name: str
    key: str
    region: str
    occurred_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erased:
    """A line of the receipt of an erasure: no personal datum, only what became of which.

    ``action`` is ``erased``, ``anonymised`` or ``kept``; ``reason`` says why something is kept.
    ``what`` and ``reason`` are message ids.
    """

    what: str
    action: str = "erased"
    reason: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something to settle before an erasure. ``path`` is the page where that is done, if any."""

    what: str
    count: int = 1
    path: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long something is kept. A plugin adds its own to ``house.ports["retention"]``.

    ``purge(house, before)`` deletes a batch of what is older and says how many; it is called every
    night until it says 0. Without it the rule is a period that the program asks for elsewhere.
    ``least_days`` is the shortest period that an administrator may choose.
    """

    code: str
    title: str
    default_days: int
    least_days: int
    purge: Callable[[Any, datetime], int] | None = None


class PersonalDataStore(Protocol):
    """Export and erase what a plugin keeps about one member."""

    def export(self, db: Any, member_id: int) -> Mapping[str, Any]:
        """JSON-ready copy of everything kept about the member."""
        ...

    def erase(self, db: Any, member_id: int) -> Sequence[Erased | str]:
        """Delete or anonymise it; returns lines for the receipt. Doing it again must be harmless."""
        ...


@hookspec
def suwen_mount(config: Any) -> None:
    """Add routes, views, templates and navigation to the Pyramid ``Configurator``.

    Called once at start-up. Views of the plugin answer 404 where the region has it off, unless they
    are declared with ``settling=True`` (callbacks, refunds, old records).
    """


@hookspec
def suwen_event(event: Event) -> None:
    """Hear an event. Called from the outbox after the commit, isolated and retried; may repeat."""


@hookspec
def suwen_personal_data() -> PersonalDataStore:  # type: ignore[empty-body]
    """Give the object that exports and erases the plugin's personal data."""
