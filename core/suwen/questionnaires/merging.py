"""Answering sessions and results of two accounts that become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from suwen.accounts.people.merging import Merger, Outlook
from suwen.kernel import clock
from suwen.kernel.i18n import _
from suwen.questionnaires.models import AnsweringSession, Result
from suwen.questionnaires.states import ABANDONED, OPEN

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor

_QUIET: Final = {"synchronize_session": False}


def merger() -> Merger:
    """For the port of accounts."""
    return Merger("questionnaires", look, move)


def look(db: Session, source_id: int, target_id: int) -> Outlook:  # noqa: ARG001
    """How many results, and what is being answered: that is given up."""
    mine = AnsweringSession.member_id == source_id
    unfinished = select(func.count()).select_from(AnsweringSession)
    results = select(func.count()).select_from(Result).where(Result.member_id == source_id)
    return Outlook(
        [
            (_("测评结果"), db.scalar(results) or 0),
            (
                _("未完成的测评（将放弃）"),
                db.scalar(unfinished.where(mine, AnsweringSession.state == OPEN)) or 0,
            ),
        ]
    )


def move(db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG001
    """Results go over. An open session belongs to a form and a member: it is given up."""
    db.execute(
        update(AnsweringSession)
        .where(AnsweringSession.member_id == source_id, AnsweringSession.state == OPEN)
        .values(state=ABANDONED, closed_at=clock.now(), open_key=None, sealed=None),
        execution_options=_QUIET,
    )
    models: tuple[Any, ...] = (AnsweringSession, Result)
    for model in models:
        db.execute(
            update(model).where(model.member_id == source_id).values(member_id=target_id),
            execution_options=_QUIET,
        )
