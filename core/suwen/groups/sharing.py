"""A report that a person shares with the group that paid for it, opened by an owner of the group.

Only while he has his place on its roster and his consent to exactly this group stands, only reports
of what it ordered for him, and only with an entry in his access log that names who read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from suwen.accounts.models import Consent
from suwen.archives.models import ArchiveRecord
from suwen.groups.claims import GROUP_RESULTS
from suwen.groups.models import GroupRecipient, RosterPerson
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.consents import Consents
    from suwen.archives.services import ArchiveService, Document, OpenedRecord
    from suwen.groups.access import Acting
    from suwen.kernel.audit import Actor


class Sharing:
    """Shared reports of the group that ``acting`` owns."""

    def __init__(
        self, db: Session, consents: Consents, archives: ArchiveService, acting: Acting
    ) -> None:
        """Only an owner may construct it; raises ``NotFound``."""
        acting.require_owner()
        self._db = db
        self._consents = consents
        self._archives = archives
        self._acting = acting

    def sharing(self, recipient_ids: Sequence[int]) -> set[int]:
        """Which of these recipients share what was reported; one statement."""
        present = self._consents.present(GROUP_RESULTS).version
        query = (
            select(GroupRecipient.id)
            .join(Consent, Consent.subject_id == GroupRecipient.subject_id)
            .join(RosterPerson, _his_place())
            .where(
                GroupRecipient.id.in_(recipient_ids),
                GroupRecipient.group_id == self._acting.group_id,
                GroupRecipient.state == "reported",
                Consent.purpose == GROUP_RESULTS,
                Consent.audience_id == self._acting.group_id,
                Consent.version == present,
                Consent.withdrawn_at.is_(None),
            )
        )
        return set(self._db.scalars(query))

    def open(self, recipient_id: int, actor: Actor, locale: str) -> OpenedRecord:
        """The report; logged in the same transaction. Raises ``NotFound`` without consent too."""
        record = self._record(recipient_id)
        return self._archives.open(
            record.member_id, record.public_id, actor, locale, reason=self._acting.name
        )

    def document(self, recipient_id: int, document_id: int, actor: Actor) -> tuple[Document, bytes]:
        """A file of the report; logged. Raises ``NotFound``."""
        record = self._record(recipient_id)
        return self._archives.document(
            record.member_id, record.public_id, document_id, actor, reason=self._acting.name
        )

    def _record(self, recipient_id: int) -> ArchiveRecord:
        row = self._db.scalars(
            select(GroupRecipient)
            .join(RosterPerson, _his_place())
            .where(
                GroupRecipient.id == recipient_id,
                GroupRecipient.group_id == self._acting.group_id,
            )
        ).first()
        if row is None or row.subject_id is None:
            raise NotFound
        if not self._consents.has(row.subject_id, GROUP_RESULTS, audience=self._acting.group_id):
            raise NotFound
        query = (
            select(ArchiveRecord)
            .where(
                ArchiveRecord.order_line_id == row.line_id,
                ArchiveRecord.subject_id == row.subject_id,
                ArchiveRecord.state == "released",
            )
            .order_by(ArchiveRecord.version.desc())
        )
        record = self._db.scalars(query).first()
        if record is None or row.line_id is None:
            raise NotFound
        return record


def _his_place() -> Any:
    """On the roster still, and taken by the very person whom the report is about."""
    return and_(
        RosterPerson.id == GroupRecipient.person_id,
        RosterPerson.state == "active",
        RosterPerson.subject_id == GroupRecipient.subject_id,
    )
