"""What both jobs share: taking a request, saying that one is alive, failing where everybody sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import update

from suwen.kernel import clock, ids
from suwen.kernel.db import locked
from suwen.kernel.outbox import Later
from suwen.privacy.errors import StoreFailed
from suwen.privacy.models import PrivacyRequest
from suwen.privacy.requests import FAILED, RUNNING, WAITING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

ALIVE: Final = timedelta(seconds=150)
"""A job that has said nothing for so long is dead, and another takes over."""


class TakenOver(Exception):
    """Another job works on the request now, or it was cancelled."""


@dataclass(frozen=True, slots=True)
class Work:
    """A request that this job works on."""

    id: int
    member_id: int
    run: str
    started: bool
    """Whether an earlier job had begun with it."""


def take(house: House, request_id: int) -> Work | None:
    """Begin, or go on after a job that died; None when there is nothing to do.

    Raises ``Later`` while another job is at it.
    """
    with house.database.transaction() as db:
        row = locked(db, PrivacyRequest, request_id)
        if row is None or row.state not in {WAITING, RUNNING, FAILED}:
            return None
        wait = _wait(row, clock.now())
        if wait:
            raise Later(wait)
        began = row.started_at is not None
        row.state, row.run, row.error = RUNNING, ids.token(), ""
        row.touched_at = clock.now()
        row.started_at = row.started_at or clock.now()
        return Work(row.id, row.member_id, row.run, began)


def _wait(row: PrivacyRequest, moment: datetime) -> float:
    if row.due_at > moment:
        return (row.due_at - moment).total_seconds()
    if row.state != RUNNING or row.touched_at is None:
        return 0
    return max(0.0, (row.touched_at + ALIVE - moment).total_seconds())


def ours(db: Session, work: Work) -> PrivacyRequest:
    """The request under its lock, for a step of this job; raises ``TakenOver``."""
    row = locked(db, PrivacyRequest, work.id)
    if row is None or row.run != work.run or row.state != RUNNING:
        raise TakenOver
    row.touched_at = clock.now()
    return row


def touch(house: House, work: Work, **values: Any) -> None:
    """Say in a short transaction that the job is alive; raises ``TakenOver``."""
    with house.database.transaction() as db:
        found = db.execute(
            update(PrivacyRequest)
            .where(
                PrivacyRequest.id == work.id,
                PrivacyRequest.run == work.run,
                PrivacyRequest.state == RUNNING,
            )
            .values(touched_at=clock.now(), **values)
            .returning(PrivacyRequest.id),
            execution_options={"synchronize_session": False},
        )
        if found.first() is None:
            raise TakenOver


@contextmanager
def named(name: str) -> Iterator[None]:
    """Whatever a store raises becomes ``StoreFailed`` with its name, and without its data."""
    try:
        yield
    except (TakenOver, StoreFailed, Later):
        raise
    except Exception as error:
        raise StoreFailed(name, type(error).__name__) from error


def fail(house: House, work: Work, error: Exception) -> None:
    """Mark the request as failed with its cause; the outbox tries it again."""
    text = str(error) if isinstance(error, StoreFailed) else type(error).__name__
    with house.database.transaction() as db:
        row = locked(db, PrivacyRequest, work.id)
        if row is not None and row.run == work.run:
            row.state, row.error = FAILED, text[:500]
