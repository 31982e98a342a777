"""A member's archive: every read is written down before it is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from suwen.accounts.consents import PURPOSES
from suwen.accounts.dependants import dependants
from suwen.accounts.models import Member, Subject
from suwen.accounts.services import accounts
from suwen.archives.importing import Importing
from suwen.archives.models import ArchiveDocument, ArchiveRecord
from suwen.archives.reach import within
from suwen.archives.states import READABLE
from suwen.hookspecs.archive import RecordView, ReportCategory
from suwen.kernel import clock, ids
from suwen.kernel.audit import AuditEvent
from suwen.kernel.errors import NotFound
from suwen.kernel.plugins.isolation import isolated
from suwen.messaging.services import messaging

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.staffing.reach import Reach
    from suwen.kernel.audit import Actor
    from suwen.kernel.crypto import Cipher
    from suwen.kernel.house import House

PAGE = 20


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a record, named but not opened."""

    id: int
    file_name: str
    media_type: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record that was opened for its subject."""

    record: ArchiveRecord
    person: str | None
    """Name of the dependant that it is about; None for the member himself."""
    title: str
    test: str
    type_title: str
    categories: Sequence[str]
    facts: Sequence[tuple[str, str]]
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody's read of the subject's data."""

    at: datetime
    who: str
    action: str
    reason: str


class ArchiveService:
    """What members do with their archives."""

    def __init__(self, db: Session, house: House) -> None:
        """Read ``db`` and the house's file store; reads are audited."""
        self._db = db
        self._house = house
        self._ciphers: dict[int, Cipher] = {}

    def page(
        self, member_id: int, cursor: str | None = None, limit: int = PAGE
    ) -> tuple[list[dict[str, Any]], str | None]:
        """The member's readable records, newest first, titles included."""
        query = select(ArchiveRecord).where(
            ArchiveRecord.member_id == member_id, ArchiveRecord.state.in_(READABLE)
        )
        if cursor is not None:
            query = query.where(ArchiveRecord.id < (ids.parse(cursor) or 0))
        rows = self._db.scalars(query.order_by(ArchiveRecord.id.desc()).limit(limit + 1)).all()
        names = self._names(member_id, rows[:limit])
        items = [{**self._listed(row), "person": names.get(row.subject_id)} for row in rows[:limit]]
        return items, str(rows[limit - 1].id) if len(rows) > limit else None

    def _names(self, member_id: int, rows: Sequence[ArchiveRecord]) -> Mapping[int, str]:
        """Names of dependants whose records these are; the member's own need none."""
        himself = select(Subject.id).where(
            Subject.member_id == member_id, Subject.relation == "self"
        )
        if {row.subject_id for row in rows} <= set(self._db.scalars(himself)):
            return {}
        family = dependants(self._house, self._db, member_id).all(removed=True)
        return {one.subject_id: one.name for one in family}

    def _listed(self, row: ArchiveRecord) -> dict[str, Any]:
        return {
            "id": row.public_id,
            "type": row.type,
            "type_title": self._house.host.archive_types.title(row.type),
            "title": self._content(row)["title"],
            "state": row.state,
            "released_at": row.released_at,
            "is_new": row.first_read_at is None,
        }

    def _cipher(self, subject_id: int) -> Cipher:
        """A list asks the store of keys once for each subject, not for each row."""
        if subject_id not in self._ciphers:
            self._ciphers[subject_id] = self._house.vault.subject(subject_id)
        return self._ciphers[subject_id]

    def _content(self, row: ArchiveRecord) -> dict[str, Any]:
        opened: dict[str, Any] = json.loads(
            self._cipher(row.subject_id).open_text(row.sealed, f"archive_record:sealed:{row.id}")
        )
        return opened

    def _own(self, member_id: int, public_id: str) -> ArchiveRecord:
        query = select(ArchiveRecord).where(
            ArchiveRecord.public_id == public_id,
            ArchiveRecord.member_id == member_id,
            ArchiveRecord.state.in_(READABLE),
        )
        record = self._db.scalars(query).first()
        if record is None:
            raise NotFound
        return record

    def open(
        self, member_id: int, public_id: str, actor: Actor, locale: str, *, reason: str = ""
    ) -> OpenedRecord:
        """Open one's own record; the read is logged in the same transaction.

        ``reason`` says for whom somebody else reads it. Raises ``NotFound`` for what is not the
        member's or not released.
        """
        record = self._own(member_id, public_id)
        self._log(actor, "record.read", record, reason)
        if record.first_read_at is None and actor.id == member_id:
            record.first_read_at = clock.now()
        self._db.flush()
        content = self._content(record)
        return OpenedRecord(
            record=record,
            person=self._names(member_id, [record]).get(record.subject_id),
            title=content["title"],
            test=content["test"],
            type_title=self._house.host.archive_types.title(record.type),
            categories=self._categories(record, content),
            facts=self._facts(record, content, locale),
            documents=self._documents(record),
        )

    def _categories(self, record: ArchiveRecord, content: Mapping[str, Any]) -> list[str]:
        item = self._house.host.archive_types.find(record.type)
        known: Sequence[ReportCategory] = ()
        if item is not None:
            known = isolated(item.plugin, "categories", item.obj.categories, known)
        titles = {category.code: category.title for category in known}
        return [titles.get(code, code) for code in content["categories"]]

    def _facts(
        self, record: ArchiveRecord, content: Mapping[str, Any], locale: str
    ) -> Sequence[tuple[str, str]]:
        item = self._house.host.archive_types.find(record.type)
        plain = tuple(content["facts"].items())
        if item is None:
            return plain
        view = RecordView(content["title"], content["facts"])
        return isolated(item.plugin, "present", lambda: item.obj.present(view, locale), plain)

    def _documents(self, record: ArchiveRecord) -> list[Document]:
        cipher = self._cipher(record.subject_id)
        query = select(ArchiveDocument).where(ArchiveDocument.record_id == record.id)
        return [
            Document(
                row.id,
                cipher.open_text(row.file_name, f"archive_document:file_name:{row.id}"),
                row.media_type,
                row.size,
                row.pages,
            )
            for row in self._db.scalars(query.order_by(ArchiveDocument.id))
        ]

    def document(
        self, member_id: int, public_id: str, document_id: int, actor: Actor, *, reason: str = ""
    ) -> tuple[Document, bytes]:
        """The content of a document of one's own record; logged. Raises ``NotFound``."""
        record = self._own(member_id, public_id)
        row = self._db.get(ArchiveDocument, document_id)
        if row is None or row.record_id != record.id:
            raise NotFound
        self._log(actor, "document.read", record, reason)
        self._db.flush()
        cipher = self._cipher(record.subject_id)
        content = self._house.files.get(row.stored_name, cipher)
        name = cipher.open_text(row.file_name, f"archive_document:file_name:{row.id}")
        return Document(row.id, name, row.media_type, row.size, row.pages), content

    def _log(self, actor: Actor, action: str, record: ArchiveRecord, reason: str) -> None:
        self._house.audit.write(
            self._db,
            actor.at(record.region),
            action,
            "archive_record",
            record.id,
            subject_id=record.subject_id,
            reason=reason,
        )

    def accesses(
        self, member_id: int, cursor: str | None = None, limit: int = PAGE
    ) -> tuple[list[Access], str | None]:
        """Who read or handled records of the member and his dependants, newest first."""
        subjects = select(Subject.id).where(Subject.member_id == member_id)
        query = select(AuditEvent, Member.display_name).outerjoin(
            Member, Member.id == AuditEvent.actor_id
        )
        query = query.where(AuditEvent.subject_id.in_(subjects))
        if cursor is not None:
            query = query.where(AuditEvent.id < (ids.parse(cursor) or 0))
        rows = self._db.execute(query.order_by(AuditEvent.id.desc()).limit(limit + 1)).all()
        items = [_access(event, name, member_id) for event, name in rows[:limit]]
        return items, str(rows[limit - 1][0].id) if len(rows) > limit else None

    def page_for_staff(
        self,
        reach: Reach,
        state: str | None,
        cursor: str | None,
        limit: int = PAGE,
    ) -> tuple[Sequence[ArchiveRecord], str | None]:
        """Records within the person's reach, newest first; nothing sealed is opened."""
        query = select(ArchiveRecord).where(*within(reach))
        query = query.order_by(ArchiveRecord.id.desc()).limit(limit + 1)
        if state is not None:
            query = query.where(ArchiveRecord.state == state)
        if cursor is not None:
            query = query.where(ArchiveRecord.id < (ids.parse(cursor) or 0))
        rows = self._db.scalars(query).all()
        return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


def _access(event: AuditEvent, name: str | None, member_id: int) -> Access:
    by_member = event.actor_kind == "member"
    who = "self" if by_member and event.actor_id == member_id else event.actor_kind
    shown = name if who in {"staff", "member"} and name else who
    about = PURPOSES.get(event.reason) if event.object_kind == "consent" else None
    return Access(event.at, shown, event.action, about.title if about else event.reason)


def archives(house: House, db: Session) -> ArchiveService:
    """The service of one unit of work."""
    return ArchiveService(db, house)


def importing(house: House, db: Session) -> Importing:
    """The service that staff import with."""
    people = accounts(house, db)
    return Importing(db, house, people.consents, people.profiles, messaging(house, db))
