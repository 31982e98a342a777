"""What archives keep about a member and his dependants: records, documents, and who read them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from suwen.accounts.models import Subject
from suwen.accounts.personal_data import Erased
from suwen.archives.models import ArchiveDocument, ArchiveRecord, ArchiveTransition
from suwen.archives.states import READABLE
from suwen.kernel.audit import AuditEvent
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Cipher
    from suwen.kernel.house import House

_QUIET = {"synchronize_session": False}
_READS = ("record.", "document.", "report.", "questionnaire.", "privacy.")


class ArchiveData:
    """Health records with their files."""

    name = "archives"
    title = _("健康档案与检测报告")

    def __init__(self, house: House) -> None:
        """Records are opened with their subjects' keys."""
        self._house = house

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """Every record; its content only once it was released. And who read what."""
        records = [
            {**_facts(row), **(self._content(db, row) if row.state in READABLE else {})}
            for row in _records(db, member_id)
        ]
        return {"records": records, "accesses": self._accesses(db, member_id)}

    def _content(self, db: Session, row: ArchiveRecord) -> dict[str, Any]:
        cipher = self._house.vault.subject(row.subject_id)
        opened = json.loads(cipher.open_text(row.sealed, f"archive_record:sealed:{row.id}"))
        documents = [
            {"file": _path(row, document, cipher), "pages": document.pages, "size": document.size}
            for document in _documents(db, row.id)
        ]
        return {**opened, "documents": documents}

    def _accesses(self, db: Session, member_id: int) -> list[dict[str, Any]]:
        subjects = select(Subject.id).where(Subject.member_id == member_id)
        query = (
            select(AuditEvent)
            .where(AuditEvent.subject_id.in_(subjects))
            .order_by(AuditEvent.id)
            .execution_options(yield_per=500)
        )
        return [
            {
                "at": event.at.isoformat(),
                "who": "self" if event.actor_id == member_id else event.actor_kind,
                "action": event.action,
                "subject_id": str(event.subject_id),
            }
            for event in db.scalars(query)
            if event.action.startswith(_READS)
        ]

    def files(self, db: Session, member_id: int) -> Iterator[tuple[str, bytes]]:
        """Documents of released records, one at a time."""
        for row in _records(db, member_id):
            if row.state not in READABLE:
                continue
            cipher = self._house.vault.subject(row.subject_id)
            for document in _documents(db, row.id):
                content = self._house.files.get(document.stored_name, cipher)
                yield _path(row, document, cipher), content

    def stored(self, db: Session, member_id: int) -> Sequence[str]:
        """Sealed files of all records, released or not."""
        query = (
            select(ArchiveDocument.stored_name)
            .join(ArchiveRecord, ArchiveRecord.id == ArchiveDocument.record_id)
            .where(ArchiveRecord.member_id == member_id)
        )
        return db.scalars(query).all()

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Delete records, documents and steps; the files are gone already."""
        mine = select(ArchiveRecord.id).where(ArchiveRecord.member_id == member_id)
        for model in (ArchiveDocument, ArchiveTransition):
            db.execute(delete(model).where(model.record_id.in_(mine)), execution_options=_QUIET)
        gone = db.scalars(
            delete(ArchiveRecord)
            .where(ArchiveRecord.member_id == member_id)
            .returning(ArchiveRecord.id),
            execution_options=_QUIET,
        ).all()
        return [Erased(_("健康档案、报告文件与解读"), "erased", count=len(gone))]


def spent_lines(db: Session, line_ids: Collection[int]) -> set[int]:
    """Port: order lines whose result was released."""
    query = select(ArchiveRecord.order_line_id).where(
        ArchiveRecord.order_line_id.in_(line_ids), ArchiveRecord.state.in_(READABLE)
    )
    return {line_id for line_id in db.scalars(query) if line_id is not None}


def _records(db: Session, member_id: int) -> Sequence[ArchiveRecord]:
    query = select(ArchiveRecord).where(ArchiveRecord.member_id == member_id)
    return db.scalars(query.order_by(ArchiveRecord.id)).all()


def _documents(db: Session, record_id: int) -> Sequence[ArchiveDocument]:
    query = select(ArchiveDocument).where(ArchiveDocument.record_id == record_id)
    return db.scalars(query.order_by(ArchiveDocument.id)).all()


def _facts(row: ArchiveRecord) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "subject_id": str(row.subject_id),
        "type": row.type,
        "state": row.state,
        "version": row.version,
        "created_at": row.created_at.isoformat(),
        "released_at": row.released_at.isoformat() if row.released_at else None,
    }


def _path(row: ArchiveRecord, document: ArchiveDocument, cipher: Cipher) -> str:
    """A path inside the copy: the number makes it unique, the name is the document's own."""
    name = cipher.open_text(document.file_name, f"archive_document:file_name:{document.id}")
    return f"reports/{row.id}-{document.id}-{name}"


def purge_unmatched(house: House, before: datetime) -> int:
    """Retention: a batch of documents that were refused, or that nobody ever matched."""
    query = (
        select(ArchiveRecord.id)
        .where(
            ArchiveRecord.state.in_(("quarantined", "refused")), ArchiveRecord.created_at < before
        )
        .order_by(ArchiveRecord.id)
        .limit(100)
    )
    with house.database.snapshot() as db:
        records = db.scalars(query).all()
        files = select(ArchiveDocument.stored_name).where(ArchiveDocument.record_id.in_(records))
        names = db.scalars(files).all()
    for name in names:
        house.files.delete(name)
    with house.database.transaction() as db:
        for model in (ArchiveDocument, ArchiveTransition):
            rows = delete(model).where(model.record_id.in_(records))
            db.execute(rows, execution_options=_QUIET)
        db.execute(
            delete(ArchiveRecord).where(ArchiveRecord.id.in_(records)), execution_options=_QUIET
        )
    return len(records)
