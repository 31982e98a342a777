"""Results: written once, read by their owner with every reading on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock, ids
from suwen.kernel.crypto import SubjectKeyDestroyed
from suwen.kernel.errors import NotFound
from suwen.questionnaires import sheets
from suwen.questionnaires.models import Result
from suwen.questionnaires.records import Findings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.questionnaire import Sheet
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault
    from suwen.kernel.events import EventBus
    from suwen.questionnaires.models import AnsweringSession
    from suwen.questionnaires.offering import Offer

PAGE: Final = 20
_PUBLIC_ID: Final = 20
_KIND: Final = "questionnaire_result"


@dataclass(frozen=True, slots=True)
class Reading:
    """A result in the clear, for whoever may read it."""

    row: Result
    findings: Findings


@dataclass(frozen=True, slots=True)
class Listed:
    """A result in a list: nothing of what it says."""

    id: int
    public_id: str
    form_code: str
    titles: dict[str, str]
    standard: str
    scorer_code: str
    scorer_version: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Results, newest first."""

    items: Sequence[Listed]
    next_cursor: str | None


class Results:
    """Writes and reads results; another member's do not exist."""

    def __init__(self, db: Session, vault: Vault, audit: AuditLog, events: EventBus) -> None:
        """Seal with ``vault``, note readings in ``audit``, publish on ``events``."""
        self._db = db
        self._vault = vault
        self._audit = audit
        self._events = events

    def write(
        self,
        session: AnsweringSession,
        offer: Offer,
        sheet: Sheet,
        findings: Findings,
        answered_by: str,
        actor: Actor,
    ) -> Result:
        """Keep the outcome of a session. Publishes ``questionnaire_scored``."""
        row = self._row(session, offer, sheet, answered_by)
        cipher = self._vault.subject(row.subject_id)
        row.sealed = cipher.seal(findings.dumps(), _aad(row.id))
        self._db.add(row)
        self._db.flush()
        self._note("questionnaire.submit", row, actor)
        data = {"result_id": row.id, "member_id": row.member_id, "form_code": row.form_code}
        key = f"questionnaire_scored:{row.id}"
        event = Event("questionnaire_scored", key, row.region, row.created_at, data)
        self._events.publish(self._db, event)
        return row

    def _row(
        self, session: AnsweringSession, offer: Offer, sheet: Sheet, answered_by: str
    ) -> Result:
        # Keyed for the subject as well: equal sheets of two people show different hashes.
        purpose = f"questionnaire sheet {session.subject_id}"
        return Result(
            id=ids.new_id(),
            public_id=ids.code(_PUBLIC_ID),
            session_id=session.id,
            member_id=session.member_id,
            subject_id=session.subject_id,
            region=session.region,
            form_code=session.form_code,
            form_version=session.form_version,
            wording_version=session.wording_version,
            scorer_code=offer.info.code,
            # The one that scored: a corrected package may have come since the beginning.
            scorer_version=offer.info.version,
            parameters=session.parameters,
            titles=dict(offer.form.titles),
            standard=offer.info.standard,
            sheet_mac=self._vault.mac(purpose, sheets.canonical(sheet, session.wording_version)),
            answered_by=answered_by,
            created_at=clock.now(),
        )

    def of_session(self, session_id: int) -> Result | None:
        """The result of a session, if it has one."""
        return self._db.scalars(select(Result).where(Result.session_id == session_id)).first()

    def read(self, member_id: int, public_id: str, actor: Actor) -> Reading:
        """A member's own result; the reading goes on record. Raises ``NotFound``."""
        query = select(Result).where(Result.public_id == public_id, Result.member_id == member_id)
        row = self._db.scalars(query).first()
        if row is None:
            raise NotFound
        reading = Reading(row, self.findings(row))
        self._note("questionnaire.read", row, actor)
        return reading

    def findings(self, row: Result) -> Findings:
        """What a result says; raises ``NotFound`` once the subject's data was erased."""
        try:
            cipher = self._vault.subject(row.subject_id)
        except SubjectKeyDestroyed:
            raise NotFound from None
        return Findings.loads(cipher.open(row.sealed, _aad(row.id)))

    def _note(self, action: str, row: Result, actor: Actor) -> None:
        self._audit.write(self._db, actor, action, _KIND, row.id, subject_id=row.subject_id)

    def page(self, member_id: int, cursor: str | None = None, limit: int = PAGE) -> ResultPage:
        """A member's results, newest first, in one statement and without opening any."""
        query: Any = (
            select(*(getattr(Result, name) for name in Listed.__slots__))
            .where(Result.member_id == member_id)
            .order_by(Result.id.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            query = query.where(Result.id < (ids.parse(cursor) or 0))
        rows = [Listed(*row) for row in self._db.execute(query)]
        shown = rows[:limit]
        return ResultPage(shown, str(shown[-1].id) if len(rows) > limit else None)


def _aad(result_id: int) -> str:
    return f"questionnaire_result:sealed:{result_id}"
