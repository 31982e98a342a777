"""Domain events: what happened, told to other domains at once and to plugins after the commit.

A domain's receiver runs in the sender's transaction and its failure rolls everything back. Every
event is also written to the outbox for the plugins that listen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.lifecycle import Event

Receiver = Callable[["Session", "Event"], None]


class EventBus:
    """Receivers by event name, in the order in which the floors of the house subscribe."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._receivers: dict[str, list[Receiver]] = {}

    def subscribe(self, name: str, receiver: Receiver) -> None:
        """Call ``receiver(session, event)`` for every event of this name."""
        self._receivers.setdefault(name, []).append(receiver)

    def publish(self, session: Session, event: Event) -> None:
        """Tell all receivers of the event's name, then all of ``*``."""
        for receiver in (*self._receivers.get(event.name, ()), *self._receivers.get("*", ())):
            receiver(session, event)
