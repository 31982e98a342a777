"""The development outbox: what console channels show instead of sending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from suwen.kernel import clock, ids
from suwen.messaging.models import ConsoleMessage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.db import Database

CAPACITY: Final = 500

Console = Callable[[str, str, str, "str | None"], None]


class ConsoleForbidden(RuntimeError):
    """A console exists in development only."""


def writer(database: Database, *, development: bool) -> Console:
    """``console(channel, address, text, code)`` that keeps what it was given, newest 500.

    Raises ``ConsoleForbidden`` outside development.
    """
    if not development:
        raise ConsoleForbidden

    def write(channel: str, address: str, text: str, code: str | None = None) -> None:
        with database.transaction() as session:
            session.add(
                ConsoleMessage(
                    id=ids.new_id(),
                    channel=channel,
                    address=address,
                    text=text,
                    code=code,
                    at=clock.now(),
                )
            )
            session.flush()
            _trim(session)

    return write


def _trim(session: Session) -> None:
    oldest = session.scalars(
        select(ConsoleMessage.id).order_by(ConsoleMessage.id.desc()).offset(CAPACITY).limit(1)
    ).first()
    if oldest is not None:
        session.execute(
            delete(ConsoleMessage).where(ConsoleMessage.id <= oldest),
            execution_options={"synchronize_session": False},
        )


def items(session: Session, limit: int = 100) -> Sequence[dict[str, Any]]:
    """What was shown, newest first, ready for ``/_dev/outbox.json``."""
    rows = session.scalars(
        select(ConsoleMessage).order_by(ConsoleMessage.id.desc()).limit(limit)
    ).all()
    return [
        {
            "channel": row.channel,
            "address": row.address,
            "text": row.text,
            "code": row.code,
            "at": row.at.isoformat(),
        }
        for row in rows
    ]
