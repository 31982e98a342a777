"""Limits on everything that can be guessed or costs money, holding across processes.

The count is written in the request's transaction. When that transaction is rolled back (a wrong
password raises), the same hit is written again by itself: a failed try must count. If it cannot be
written, the request fails: limits fail closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import BigInteger, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, Database
from suwen.kernel.errors import TooMany
from suwen.kernel.upsert import insert_for

if TYPE_CHECKING:
    from suwen.kernel.crypto import Vault

log = structlog.get_logger(__name__)


class RateCount(Base):
    """Hits of one key in one window. Keys are keyed hashes: no phone number stands here."""

    __tablename__ = "rate_count"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    hits: Mapped[int] = mapped_column(BigInteger, default=1)
    expires_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``hits`` in ``seconds``, counted in fixed windows."""

    name: str
    hits: int
    seconds: int


class Limiter:
    """Counts in the database of the program."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """Count in ``database``; hash keys with ``vault``."""
        self._database = database
        self._vault = vault

    def hit(self, session: Session, limit: Limit, value: str) -> None:
        """Count one try of ``value``; raises ``TooMany`` when it is one too many."""
        row = self._row(limit, value)
        hits = _count(session, row)
        manager = session.info.get("tm")
        if manager is not None:
            manager.get().addAfterAbortHook(self._again, args=(row,))
        if hits > limit.hits:
            wait = row["window_start"] + timedelta(seconds=limit.seconds) - clock.now()
            raise TooMany(max(1, int(wait.total_seconds())))

    def clear(self, session: Session, limit: Limit, value: str) -> None:
        """Forget the tries of ``value`` in the present window (after a success)."""
        row = self._row(limit, value)
        session.execute(
            delete(RateCount).where(
                RateCount.key == row["key"], RateCount.window_start == row["window_start"]
            )
        )

    def forgive(self, session: Session, limit: Limit, value: str) -> None:
        """Take one hit of ``value`` back: a try that turned out to be right."""
        row = self._row(limit, value)
        session.execute(
            update(RateCount)
            .where(
                RateCount.key == row["key"],
                RateCount.window_start == row["window_start"],
                RateCount.hits > 0,
            )
            .values(hits=RateCount.hits - 1),
            execution_options={"synchronize_session": False},
        )

    def used(self, session: Session, limit: Limit, value: str) -> int:
        """Tries of ``value`` so far in the present window."""
        row = self._row(limit, value)
        query = select(RateCount.hits).where(
            RateCount.key == row["key"], RateCount.window_start == row["window_start"]
        )
        return session.scalar(query) or 0

    def purge(self, session: Session) -> None:
        """Delete windows that are over."""
        session.execute(delete(RateCount).where(RateCount.expires_at < clock.now()))

    def _row(self, limit: Limit, value: str) -> dict[str, Any]:
        seconds = int(clock.now().timestamp()) // limit.seconds * limit.seconds
        start = datetime.fromtimestamp(seconds, tz=clock.now().tzinfo)
        key = self._vault.blind_index(f"limit:{limit.name}", value)
        return {
            "key": key,
            "window_start": start,
            "expires_at": start + timedelta(seconds=2 * limit.seconds),
        }

    def _again(self, row: dict[str, Any]) -> None:
        with self._database.transaction() as session:
            _count(session, row)


def _count(session: Session, row: dict[str, Any]) -> int:
    statement = insert_for(session, RateCount).values(**row, hits=1)
    statement = statement.on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"hits": RateCount.hits + 1}
    ).returning(RateCount.hits)
    return int(session.execute(statement).scalar_one())
