"""Outbox: work written in the transaction that causes it and done after the commit.

The table is the truth; the queue only wakes workers. An item is claimed under a lease, done by an
idempotent handler in transactions of its own, and tried again later when the handler raises. An
item whose worker died is claimable again when its lease ends. A worker that was slow with the items
before renews the lease of the next one, or leaves it to whoever has taken it over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import JSON, Index, Integer, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel import clock, ids
from suwen.kernel.db import Base, Database, WithId
from suwen.kernel.upsert import insert_for

if TYPE_CHECKING:
    from collections.abc import Sequence

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)
ROOM = LEASE / 2
"""What must be left of a lease when its handler begins."""
KEPT = timedelta(days=7)
DELAYS_S = (5, 20, 60, 180, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)


class OutboxItem(WithId, Base):
    """One piece of work. ``key`` makes writing it twice harmless; ``payload`` holds ids."""

    __tablename__ = "outbox_item"

    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(50))
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "state", "due_at"),)


class Later(Exception):
    """A handler asks to be called again after ``seconds`` without counting a failure."""

    def __init__(self, seconds: float) -> None:
        """Wait this long."""
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


Handler = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class _Claim:
    id: int
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    token: str
    until: datetime


def put(
    session: Session, kind: str, key: str, *, due_at: datetime | None = None, **payload: Any
) -> bool:
    """Write an item unless one with this key stands; wakes the workers after the commit."""
    return put_all(session, [(kind, key, payload)], due_at=due_at) == 1


def put_all(
    session: Session,
    items: Sequence[tuple[str, str, Mapping[str, Any]]],
    *,
    due_at: datetime | None = None,
) -> int:
    """As ``put``, for ``(kind, key, payload)`` in one statement; how many were written."""
    moment, table = clock.now(), OutboxItem.__table__
    same = {"state": "pending", "attempts": 0, "created_at": moment, "due_at": due_at or moment}
    rows = [
        {"id": ids.new_id(), "kind": kind, "key": key, "payload": payload, **same}
        for kind, key, payload in items
    ]
    statement = insert_for(session, table).on_conflict_do_nothing(index_elements=["key"])
    written = len(session.execute(statement.returning(table.c.id), rows).all())
    if written and due_at is None:
        _wake_after_commit(session)
    return written


def _wake_after_commit(session: Session) -> None:
    manager, wake = session.info.get("tm"), session.info.get("wake")
    if manager is None or wake is None or session.info.get("wake_for") is manager.get():
        return
    session.info["wake_for"] = manager.get()
    manager.get().addAfterCommitHook(lambda committed: wake() if committed else None)


class Outbox:
    """Claims due items and runs their handlers."""

    def __init__(self, database: Database) -> None:
        """Work on the items of ``database``."""
        self._database = database
        self._handlers: dict[str, Handler] = {}

    def handler(self, kind: str, handle: Handler) -> None:
        """Let ``handle(payload)`` do items of this kind; a kind has one handler."""
        if kind in self._handlers:
            raise ValueError(f"two handlers for outbox kind {kind}")
        self._handlers[kind] = handle

    def run_due(self, limit: int = 50) -> int:
        """Do up to ``limit`` due items; how many were taken."""
        claims = self._claim(limit)
        for claim in claims:
            self._run(claim)
        return len(claims)

    def drain(self, rounds: int = 1000) -> int:
        """Do due items until none is left; how many were taken."""
        total = 0
        for _ in range(rounds):
            taken = self.run_due()
            total += taken
            if not taken:
                break
        return total

    def purge(self, kept: timedelta = KEPT) -> None:
        """Delete done items older than ``kept``; dead ones stay for staff."""
        with self._database.transaction() as session:
            session.execute(
                delete(OutboxItem).where(
                    OutboxItem.state == "done", OutboxItem.due_at < clock.now() - kept
                )
            )

    def _claim(self, limit: int) -> Sequence[_Claim]:
        moment, token = clock.now(), ids.token()
        until = moment + LEASE
        due = (
            select(OutboxItem.id)
            .where(
                OutboxItem.state.in_(("pending", "leased")),
                OutboxItem.due_at <= moment,
                (OutboxItem.lease_until.is_(None)) | (OutboxItem.lease_until < moment),
                OutboxItem.kind.in_(self._handlers),
            )
            .order_by(OutboxItem.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.transaction() as session:
            # Two statements: as a subquery PostgreSQL may claim far more rows than the limit.
            chosen = session.scalars(due).all()
            if not chosen:
                return ()
            session.execute(
                update(OutboxItem)
                .where(OutboxItem.id.in_(chosen))
                .values(
                    state="leased",
                    lease_until=until,
                    lease_token=token,
                    attempts=OutboxItem.attempts + 1,
                ),
                execution_options={"synchronize_session": False},
            )
            rows = session.scalars(select(OutboxItem).where(OutboxItem.id.in_(chosen))).all()
        rows = sorted(rows, key=lambda row: row.due_at)
        return [_Claim(row.id, row.kind, row.payload, row.attempts, token, until) for row in rows]

    def _run(self, claim: _Claim) -> None:
        if not self._is_ours(claim):
            log.info("outbox.taken_over", kind=claim.kind, item=claim.id)
            return
        try:
            self._handlers[claim.kind](claim.payload)
        except Later as later:
            self._finish(claim, "pending", due_in=later.seconds, attempts=claim.attempts - 1)
        except Exception as error:  # noqa: BLE001 - one item's failure must not stop the worker
            log.warning("outbox.failed", kind=claim.kind, item=claim.id, error=type(error).__name__)
            self._postpone(claim, error)
        else:
            self._finish(claim, "done")

    def _is_ours(self, claim: _Claim) -> bool:
        moment = clock.now()
        if claim.until - moment > ROOM:
            return True
        renewed = (
            update(OutboxItem)
            .where(OutboxItem.id == claim.id, OutboxItem.lease_token == claim.token)
            .values(lease_until=moment + LEASE)
            .returning(OutboxItem.id)
        )
        with self._database.transaction() as session:
            found = session.execute(renewed, execution_options={"synchronize_session": False})
            return found.first() is not None

    def _postpone(self, claim: _Claim, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"[:500]
        if claim.attempts > len(DELAYS_S):
            self._finish(claim, "dead", error=text)
        else:
            self._finish(claim, "pending", due_in=DELAYS_S[claim.attempts - 1], error=text)

    def _finish(
        self,
        claim: _Claim,
        state: str,
        *,
        due_in: float = 0,
        attempts: int | None = None,
        error: str | None = None,
    ) -> None:
        values: dict[str, Any] = {"state": state, "lease_until": None, "lease_token": None}
        values["last_error"] = error
        if due_in:
            values["due_at"] = clock.now() + timedelta(seconds=due_in)
        if attempts is not None:
            values["attempts"] = attempts
        with self._database.transaction() as session:
            session.execute(
                update(OutboxItem)
                .where(OutboxItem.id == claim.id, OutboxItem.lease_token == claim.token)
                .values(**values)
            )
