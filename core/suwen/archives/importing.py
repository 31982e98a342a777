"""Importing reports: inspected, matched by two keys, sealed, and seen by nobody until released."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from suwen.accounts.errors import ConsentRequired
from suwen.accounts.staffing.reach import ANYWHERE, Reach
from suwen.archives.errors import (
    AllReported,
    DocumentRefused,
    DuplicateDocument,
    NobodyFits,
    SecondPersonNeeded,
    WrongOrder,
)
from suwen.archives.matching import Candidate, Candidates
from suwen.archives.models import ArchiveDocument, ArchiveRecord, ArchiveTransition
from suwen.archives.reach import within
from suwen.archives.states import REPORT
from suwen.hookspecs.archive import Inspection, Upload, UploadRefused
from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock, ids
from suwen.kernel.db import lock
from suwen.kernel.errors import Conflict, Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.orders.models import Order, OrderLine
from suwen.orders.reach import within as orders_within
from suwen.orders.states import HOLDS_MONEY

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.consents import Consents
    from suwen.accounts.profiles import Profiles
    from suwen.hookspecs.archive import ArchiveType, TestType
    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered
    from suwen.messaging.services import MessagingService

MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class Target:
    """The order line whose result a document is."""

    order: Order
    line: OrderLine
    test: Registered[TestType]
    type: Registered[ArchiveType]


class Importing:
    """Takes documents in and releases them."""

    def __init__(
        self,
        db: Session,
        house: House,
        consents: Consents,
        profiles: Profiles,
        messaging: MessagingService,
    ) -> None:
        """Work in ``db``; files go to the house's store."""
        self._db = db
        self._house = house
        self._consents = consents
        self._candidates = Candidates(db, house, profiles)
        self._messaging = messaging

    def target(self, order_number: str, line_id: int | None, reach: Reach = ANYWHERE) -> Target:
        """The line that awaits a report; raises ``WrongOrder`` at the field.

        Without ``line_id`` the order must have exactly one line.
        """
        query = select(Order).where(Order.number == order_number, *orders_within(reach, Order))
        order = self._db.scalars(query).first()
        if order is None or order.state not in HOLDS_MONEY:
            raise WrongOrder(fields={"order": WrongOrder.message})
        lines = self._db.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
        chosen = [line for line in lines if line_id is None or line.id == line_id]
        test = self._house.host.test_types.find(chosen[0].test_type) if len(chosen) == 1 else None
        if test is None:
            raise WrongOrder(fields={"line": _("请选择订单中的一项检测")})
        archive_type = self._house.host.archive_types.get(test.obj.archive_type)
        return Target(order, chosen[0], test, archive_type)

    def inspect(self, target: Target, upload: Upload) -> Inspection:
        """Let the archive type look into the document; raises ``DocumentRefused``."""
        context = self._house.switch.context(self._db, target.order.region, target.type)
        try:
            return target.type.obj.inspect(context, upload)
        except UploadRefused as error:
            raise DocumentRefused(error.reason, fields={"file": error.reason}) from error

    def import_report(self, target: Target, upload: Upload, actor: Actor) -> ArchiveRecord:
        """Take one document in: ``matched`` when it names one person of the order, else
        ``quarantined``.

        Raises ``DocumentRefused``, ``DuplicateDocument``, ``NobodyFits``, ``AllReported`` or
        ``ConsentRequired``; then nothing is kept, neither row nor file.
        """
        inspection = self.inspect(target, upload)
        fingerprint = self._fingerprint(inspection.content)
        known = select(ArchiveDocument.id).where(ArchiveDocument.fingerprint == fingerprint)
        if self._db.execute(known).first() is not None:
            raise DuplicateDocument(fields={"file": DuplicateDocument.message})
        person, state, reason = self._candidates.choose(
            target.order, target.line, inspection.parsed
        )
        if person is None:
            raise NobodyFits(fields={"file": NobodyFits.message})
        self._require_consents(person)
        lock(self._db, OrderLine, target.line.id)
        self._check_room(target.line, person.subject_id)
        record = self._record(target, person, inspection, state, actor)
        self._document(record, upload, inspection, fingerprint)
        self._step(record, "", state, actor, reason)
        self._log(record, "report.import", actor, state)
        return record

    def _require_consents(self, person: Candidate) -> None:
        if not person.may_be_tested:
            raise ConsentRequired("testing")
        for purpose in person.needs:
            self._consents.require(person.subject_id, purpose)

    def _check_room(self, line: OrderLine, subject_id: int) -> None:
        """A line of three pieces has reports of three people at most, each in any version."""
        query = select(ArchiveRecord.subject_id).where(
            ArchiveRecord.order_line_id == line.id, ArchiveRecord.state != "refused"
        )
        others = set(self._db.scalars(query.distinct())) - {subject_id}
        if len(others) >= line.quantity:
            raise AllReported(fields={"line": AllReported.message})

    def _fingerprint(self, content: bytes) -> str:
        return self._house.vault.mac("archive document", content)

    def _record(
        self, target: Target, person: Candidate, inspection: Inspection, state: str, actor: Actor
    ) -> ArchiveRecord:
        record = ArchiveRecord(
            id=ids.new_id(),
            public_id=ids.token(),
            subject_id=person.subject_id,
            member_id=person.member_id,
            type=target.type.code,
            plugin=target.type.plugin,
            region=target.order.region,
            state=state,
            order_line_id=target.line.id,
            version=self._next_version(target.line.id, person.subject_id),
            imported_by=actor.id or 0,
            created_at=clock.now(),
        )
        facts = {key: value for key, value in inspection.parsed.items() if key != "name"}
        content = {
            "title": target.line.product_name,
            "test": str(target.test.obj.title),
            "categories": list(target.test.obj.categories),
            "facts": facts,
        }
        cipher = self._house.vault.subject(person.subject_id)
        text = json.dumps(content, ensure_ascii=False)
        record.sealed = cipher.seal(text, f"archive_record:sealed:{record.id}")
        self._db.add(record)
        self._db.flush()
        return record

    def _next_version(self, line_id: int, subject_id: int) -> int:
        query = select(ArchiveRecord.version).where(
            ArchiveRecord.order_line_id == line_id, ArchiveRecord.subject_id == subject_id
        )
        return max(self._db.scalars(query).all(), default=0) + 1

    def _document(
        self,
        record: ArchiveRecord,
        upload: Upload,
        inspection: Inspection,
        fingerprint: str,
    ) -> None:
        cipher = self._house.vault.subject(record.subject_id)
        document_id = ids.new_id()
        # Rows first: if they cannot be written, no file is left behind.
        row = ArchiveDocument(
            id=document_id,
            record_id=record.id,
            stored_name="",
            file_name=cipher.seal(_named(upload), f"archive_document:file_name:{document_id}"),
            media_type=inspection.media_type,
            size=len(inspection.content),
            pages=inspection.pages,
            fingerprint=fingerprint,
        )
        self._db.add(row)
        self._db.flush()
        stored = self._house.files.put(inspection.content, cipher)
        self._delete_if_aborted(stored.name)
        row.stored_name = stored.name
        self._db.flush()

    def _delete_if_aborted(self, name: str) -> None:
        manager = self._db.info.get("tm")
        if manager is not None:
            manager.get().addAfterAbortHook(self._house.files.delete, args=(name,))

    def get(self, record_id: int, reach: Reach = ANYWHERE) -> ArchiveRecord:
        """A record for staff within their ``reach``, without its content; raises ``NotFound``."""
        query = select(ArchiveRecord.id).where(ArchiveRecord.id == record_id, *within(reach))
        if self._db.scalar(query) is None:
            raise NotFound
        return lock(self._db, ArchiveRecord, record_id)

    def confirm(self, record: ArchiveRecord, actor: Actor, reason: str) -> None:
        """Take a record out of quarantine: another person looked at both sides and says why."""
        if not reason.strip():
            raise Invalid(_("请填写核对说明"), fields={"reason": _("请填写核对说明")})
        if actor.id == record.imported_by:
            raise SecondPersonNeeded
        self._move(record, "matched", actor, reason)

    def refuse(self, record: ArchiveRecord, actor: Actor, reason: str) -> None:
        """Refuse a record: it will never be seen by the member."""
        if not reason.strip():
            raise Invalid(_("请填写拒收原因"), fields={"reason": _("请填写拒收原因")})
        self._move(record, "refused", actor, reason)

    def release(self, record: ArchiveRecord, actor: Actor) -> None:
        """Let the subject read it; an older version of the same report is superseded.

        Raises ``SecondPersonNeeded`` where the region asks for one, ``ConsentRequired`` when the
        consents were withdrawn meanwhile, ``Conflict`` when a newer version is out, or
        ``IllegalTransition``.
        """
        settings = self._house.regions.by_code(self._db, record.region).settings
        if settings.get("report_second_person") and actor.id == record.imported_by:
            raise SecondPersonNeeded
        self._consents.require(record.subject_id, "sensitive_data")
        self._move(record, "released", actor)
        record.released_at = clock.now()
        self._supersede(record, actor)
        self._db.flush()
        data = {
            "record_id": record.id,
            "member_id": record.member_id,
            "subject_id": record.subject_id,
            "order_line_id": record.order_line_id,
        }
        key = f"report_released:{record.id}"
        self._house.events.publish(
            self._db, Event("report_released", key, record.region, clock.now(), data)
        )
        self._messaging.notify(
            record.member_id,
            "report_ready",
            {},
            key=f"report_ready:{record.id}",
            region=record.region,
        )

    def _supersede(self, record: ArchiveRecord, actor: Actor) -> None:
        if record.order_line_id is None:
            return
        lock(self._db, OrderLine, record.order_line_id)
        query = select(ArchiveRecord).where(
            ArchiveRecord.order_line_id == record.order_line_id,
            ArchiveRecord.subject_id == record.subject_id,
            ArchiveRecord.state == "released",
            ArchiveRecord.id != record.id,
        )
        for other in self._db.scalars(query).all():
            if other.version > record.version:
                raise Conflict
            self._move(other, "superseded", actor)

    def _move(self, record: ArchiveRecord, target: str, actor: Actor, reason: str = "") -> None:
        REPORT.check(record.state, target)
        self._step(record, record.state, target, actor, reason)
        record.state = target
        self._log(record, f"report.{target}", actor, reason)

    def _log(self, record: ArchiveRecord, action: str, actor: Actor, reason: str) -> None:
        self._house.audit.write(
            self._db,
            actor.at(record.region),
            action,
            "archive_record",
            record.id,
            subject_id=record.subject_id,
            reason=reason,
        )
        self._db.flush()

    def _step(
        self, record: ArchiveRecord, source: str, target: str, actor: Actor, reason: str
    ) -> None:
        self._db.add(
            ArchiveTransition(
                record_id=record.id,
                source=source,
                target=target,
                actor_kind=actor.kind,
                actor_id=actor.id,
                reason=reason,
            )
        )


def _named(upload: Upload) -> str:
    """Its own name, without folders and without characters that hide how it really ends."""
    name = upload.file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(filter(str.isprintable, name))[-MAX_NAME:] or "report.pdf"
