"""What the house keeps about a member's questionnaires: to be handed over, or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from suwen.accounts.personal_data import Erased
from suwen.kernel.i18n import _
from suwen.questionnaires.figures import one_decimal
from suwen.questionnaires.models import AnsweringSession, Result
from suwen.questionnaires.services import questionnaires
from suwen.questionnaires.states import ABANDONED, OPEN

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House
    from suwen.questionnaires.records import Findings


def export(house: House, db: Session, member_id: int) -> Mapping[str, Any]:
    """JSON-ready copy of all open sessions and results."""
    service = questionnaires(house, db)
    rows = db.scalars(select(Result).where(Result.member_id == member_id).order_by(Result.id))
    return {
        "unfinished": [
            {
                "id": item.session.public_id,
                "form": item.session.form_code,
                "started_at": item.session.started_at.isoformat(),
                "answers": dict(service.answering.draft(item.session).answers),
            }
            for item in service.answering.unfinished(member_id)
        ],
        "results": [_result(row, service.results.findings(row)) for row in rows.all()],
    }


def _result(row: Result, findings: Findings) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "at": row.created_at.isoformat(),
        "form": row.form_code,
        "form_version": row.form_version,
        "wording_version": row.wording_version,
        "scorer": row.scorer_code,
        "scorer_version": row.scorer_version,
        "standard": row.standard,
        "parameters": row.parameters,
        "answered_by": row.answered_by,
        "answers": dict(findings.answers),
        "sex": findings.sex,
        "age": findings.age,
        "measures": dict(findings.measures),
        "scores": [
            {
                "scale": score.scale,
                "title": score.title,
                "raw": score.raw,
                "converted": one_decimal(score.converted),
                "verdict": score.verdict,
            }
            for score in findings.outcome.scores
        ],
        "types": list(findings.outcome.types),
        "tendencies": list(findings.outcome.tendencies),
        "status": findings.outcome.status,
    }


def erase(db: Session, member_id: int) -> Sequence[Erased]:
    """Delete all sessions and results; lines for the receipt."""
    lines = []
    for model, what in ((Result, _("测评结果")), (AnsweringSession, _("答题记录"))):
        gone = db.scalars(
            delete(model).where(model.member_id == member_id).returning(model.id),
            execution_options={"synchronize_session": False},
        ).all()
        lines.append(Erased(what, "erased", count=len(gone)))
    return lines


class QuestionnaireData:
    """Sessions, answers and results."""

    name = "questionnaires"
    title = _("量表答题与测评结果")

    def __init__(self, house: House) -> None:
        """Sealed answers are opened with the keys of ``house``."""
        self._house = house

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """See the function of this name."""
        return export(self._house, db, member_id)

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """See the function of this name."""
        return erase(db, member_id)


def purge_abandoned(house: House, before: datetime) -> int:
    """Retention: a batch of sessions that ended without a result, or were never ended."""
    batch = (
        select(AnsweringSession.id)
        .where(AnsweringSession.state.in_((ABANDONED, OPEN)), AnsweringSession.saved_at < before)
        .order_by(AnsweringSession.id)
        .limit(1000)
    )
    with house.database.transaction() as db:
        gone = db.scalars(
            delete(AnsweringSession)
            .where(AnsweringSession.id.in_(batch))
            .returning(AnsweringSession.id),
            execution_options={"synchronize_session": False},
        ).all()
    return len(gone)
