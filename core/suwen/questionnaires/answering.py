"""Answering: beginning a session, saving answers one by one, giving up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen.kernel.upsert import insert_once
from suwen.questionnaires import sheets
from suwen.questionnaires.errors import SessionClosed, SheetRefused
from suwen.questionnaires.models import AnsweringSession
from suwen.questionnaires.records import Draft
from suwen.questionnaires.states import ABANDONED, ANSWERING, OPEN

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault
    from suwen.questionnaires.offering import Offer, Offers

KEEP_OPEN: Final = timedelta(days=30)
"""Answers about the past year grow old; a session left alone this long is given up."""
_PUBLIC_ID: Final = 20
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Respondent:
    """Who answers about himself. ``age`` and ``sex`` are None where the profile lacks them."""

    member_id: int
    subject_id: int
    sex: str | None = None
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A session that waits; ``going_on`` says whether it can be finished now."""

    session: AnsweringSession
    titles: Mapping[str, str]
    answered: int
    going_on: bool


class Answering:
    """Open sessions of members; another member's do not exist."""

    def __init__(self, db: Session, vault: Vault, offers: Offers) -> None:
        """Seal with ``vault``, ask ``offers`` which sessions may go on."""
        self._db = db
        self._vault = vault
        self._offers = offers

    def begin(self, who: Respondent, region: str, offer: Offer) -> AnsweringSession:
        """The open session of this form, or a new one; two clicks begin one."""
        key = f"{who.member_id}:{offer.info.form_code}"
        standing = self._open(key)
        if standing is not None:
            if self._offers.lets_finish(standing):
                return standing
            self.close(standing, ABANDONED)
            self._db.flush()
        insert_once(self._db, AnsweringSession, self._row(key, who, region, offer), "open_key")
        return self._db.scalars(
            select(AnsweringSession).where(AnsweringSession.open_key == key)
        ).one()

    def _row(self, key: str, who: Respondent, region: str, offer: Offer) -> dict[str, Any]:
        info, moment, row_id = offer.info, clock.now(), ids.new_id()
        draft = Draft(sex=who.sex if offer.by_sex else None)
        return {
            "id": row_id,
            "public_id": ids.code(_PUBLIC_ID),
            "member_id": who.member_id,
            "subject_id": who.subject_id,
            "region": region,
            "state": OPEN,
            "open_key": key,
            "form_code": info.form_code,
            "form_version": info.form_version,
            "wording_version": info.wording_version,
            "scorer_code": info.code,
            "scorer_version": info.version,
            "parameters": offer.parameters,
            "items": [item.id for item in offer.form.items],
            "sealed": self._vault.subject(who.subject_id).seal(draft.dumps(), _aad(row_id)),
            "started_at": moment,
            "saved_at": moment,
        }

    def _open(self, key: str) -> AnsweringSession | None:
        query = select(AnsweringSession).where(AnsweringSession.open_key == key)
        return self._db.scalars(query).first()

    def open_of(self, member_id: int, form_code: str) -> AnsweringSession | None:
        """The member's open session of a form."""
        return self._open(f"{member_id}:{form_code}")

    def unfinished(self, member_id: int) -> Sequence[Unfinished]:
        """All open sessions, the newest first."""
        rows = self._db.scalars(
            select(AnsweringSession)
            .where(AnsweringSession.member_id == member_id, AnsweringSession.state == OPEN)
            .order_by(AnsweringSession.id.desc())
        ).all()
        return [self._unfinished(row) for row in rows]

    def _unfinished(self, row: AnsweringSession) -> Unfinished:
        scorer = self._offers.installed(row.scorer_code)
        titles = scorer.form().titles if scorer else {"zh_CN": row.form_code}
        return Unfinished(row, titles, len(self.draft(row).answers), self._offers.lets_finish(row))

    def own(self, member_id: int, public_id: str, *, lock: bool = False) -> AnsweringSession:
        """A member's session, with ``lock`` under its row lock; raises ``NotFound``."""
        query = select(AnsweringSession).where(
            AnsweringSession.public_id == public_id, AnsweringSession.member_id == member_id
        )
        if lock:
            query = query.with_for_update()
        row = self._db.scalars(query, execution_options={"populate_existing": lock}).first()
        if row is None:
            raise NotFound
        return row

    def draft(self, row: AnsweringSession) -> Draft:
        """What has been answered; nothing once the session has ended."""
        if row.sealed is None:
            return Draft()
        return Draft.loads(self._vault.subject(row.subject_id).open(row.sealed, _aad(row.id)))

    def save(self, row: AnsweringSession, offer: Offer, item: Any, value: Any) -> Draft:
        """Save one answer, or with an empty ``value`` take it back. ``row`` is locked.

        Raises ``SessionClosed``, or ``SheetRefused`` for an impossible answer.
        """
        answer = None if value == "" else value
        sample = {item: offer.form.options[0].value if answer is None else answer}
        if not sheets.acceptable(offer.form, sample):
            known = item in row.items
            finding = {str(item): "out_of_range" if known else "unknown"}
            raise SheetRefused(sheets.refusals(offer.form, finding))
        draft = self.draft(row).with_answer(item, answer, _since(row.started_at))
        self._store(row, draft)
        return draft

    def save_all(self, row: AnsweringSession, offer: Offer, answers: Mapping[Any, Any]) -> None:
        """Save what is acceptable of a sheet that is not finished. ``row`` is locked."""
        draft = self.draft(row)
        for item, value in sheets.acceptable(offer.form, answers).items():
            if draft.answers.get(item) != value:
                draft = draft.with_answer(item, value)
        self._store(row, draft)

    def _store(self, row: AnsweringSession, draft: Draft) -> None:
        if row.state != OPEN:
            raise SessionClosed
        cipher = self._vault.subject(row.subject_id)
        row.sealed, row.saved_at = cipher.seal(draft.dumps(), _aad(row.id)), clock.now()
        self._db.flush()

    def close(self, row: AnsweringSession, state: str) -> None:
        """End a session and forget its draft; raises ``IllegalTransition``."""
        ANSWERING.check(row.state, state)
        row.state, row.closed_at = state, clock.now()
        row.open_key = row.sealed = None
        self._db.flush()

    def close_forgotten(self, limit: int = 500) -> int:
        """Give up sessions nobody has touched for long; how many."""
        rows = self._db.scalars(
            select(AnsweringSession)
            .where(
                AnsweringSession.state == OPEN,
                AnsweringSession.saved_at < clock.now() - KEEP_OPEN,
            )
            .order_by(AnsweringSession.saved_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            self.close(row, ABANDONED)
        return len(rows)


def _since(started_at: datetime) -> int:
    return (clock.now() - started_at) // _MILLISECOND


def _aad(session_id: int) -> str:
    return f"answering_session:sealed:{session_id}"
