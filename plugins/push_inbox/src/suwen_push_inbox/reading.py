"""Reading messages: a member sees his own and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, update

from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen_push_inbox.i18n import _
from suwen_push_inbox.models import InboxMessage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PAGE: Final = 20
COUNTED: Final = 100
"""A badge says 99+ beyond it, so no more are counted."""
_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Item:
    """One message as pages and the API show it."""

    id: int
    kind: str
    subject: str
    text: str
    link: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Messages, newest first, and the cursor of the next page."""

    items: Sequence[Item]
    next_cursor: str | None


class Inbox:
    """One member's messages."""

    def __init__(self, db: Session, member_id: int) -> None:
        """Only rows of ``member_id`` are read or written."""
        self._db = db
        self._member_id = member_id

    def page(self, cursor: str | None = None, limit: int = PAGE, *, unread: bool = False) -> Page:
        """Messages older than the cursor; raises ``NotFound`` for one that is no cursor."""
        query = select(*_COLUMNS).where(InboxMessage.member_id == self._member_id)
        if unread:
            query = query.where(InboxMessage.read_at.is_(None))
        if cursor is not None:
            query = query.where(InboxMessage.id < _id(cursor))
        rows = self._db.execute(query.order_by(InboxMessage.id.desc()).limit(limit + 1)).all()
        items = [Item(*row) for row in rows[:limit]]
        return Page(items, str(items[-1].id) if len(rows) > limit else None)

    def unread(self) -> int:
        """How many are unread, at most 100."""
        mine = (
            select(InboxMessage.id)
            .where(InboxMessage.member_id == self._member_id, InboxMessage.read_at.is_(None))
            .limit(COUNTED)
            .subquery()
        )
        return self._db.scalar(select(func.count()).select_from(mine)) or 0

    def mark_read(self, message_id: int | str) -> Item:
        """Mark one as read; again changes nothing. Raises ``NotFound``."""
        number = _id(message_id)
        self._mark(InboxMessage.id == number)
        query = select(*_COLUMNS).where(
            InboxMessage.id == number, InboxMessage.member_id == self._member_id
        )
        row = self._db.execute(query).first()
        if row is None:
            raise NotFound
        return Item(*row)

    def mark_all_read(self) -> None:
        """Mark all as read."""
        self._mark(InboxMessage.read_at.is_(None))

    def _mark(self, condition: Any) -> None:
        self._db.execute(
            update(InboxMessage)
            .where(
                condition,
                InboxMessage.member_id == self._member_id,
                InboxMessage.read_at.is_(None),
            )
            .values(read_at=clock.now()),
            execution_options=_QUIET,
        )


_COLUMNS: Final = (
    InboxMessage.id,
    InboxMessage.kind,
    InboxMessage.subject,
    InboxMessage.text,
    InboxMessage.link,
    InboxMessage.created_at,
    InboxMessage.read_at,
)


def _id(text: int | str) -> int:
    found = ids.parse(str(text))
    if found is None:
        raise NotFound
    return found


class PersonalData:
    """Export and erase a member's messages."""

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """All messages, oldest first."""
        query = (
            select(*_COLUMNS).where(InboxMessage.member_id == member_id).order_by(InboxMessage.id)
        )
        return {"messages": [_exported(Item(*row)) for row in db.execute(query).all()]}

    def erase(self, db: Session, member_id: int) -> Sequence[str]:
        """Delete them."""
        db.execute(
            delete(InboxMessage).where(InboxMessage.member_id == member_id),
            execution_options=_QUIET,
        )
        return [_("站内信已全部删除")]


def purge(house: Any, before: datetime) -> int:
    """Retention: a batch of messages older than ``before``; how many."""
    # Ids are ordered by time: the oldest batch is looked at, never the whole table.
    columns = select(InboxMessage.id, InboxMessage.created_at)
    oldest = columns.order_by(InboxMessage.id).limit(1000).subquery()
    batch = select(oldest.c.id).where(oldest.c.created_at < before)
    with house.database.transaction() as db:
        gone = db.scalars(
            delete(InboxMessage).where(InboxMessage.id.in_(batch)).returning(InboxMessage.id),
            execution_options=_QUIET,
        ).all()
    return len(gone)


def _exported(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "subject": item.subject,
        "text": item.text,
        "created_at": item.created_at.isoformat(),
        "read_at": item.read_at.isoformat() if item.read_at else None,
    }
