"""Answers that the API keeps for a day, so that a call sent twice is answered twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from suwen.accounts.personal_data import Erased
from suwen.api.idempotency import IdempotencyKey
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class ApiData:
    """Kept answers; what they say is in the other domains' copies."""

    name = "api"
    title = _("接口的短期应答副本")

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """How many there are."""
        query = select(func.count()).where(IdempotencyKey.actor == _actor(member_id))
        return {"kept_answers": db.scalar(query) or 0, "kept_for_hours": 24}

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Delete them."""
        gone = db.scalars(
            delete(IdempotencyKey)
            .where(IdempotencyKey.actor == _actor(member_id))
            .returning(IdempotencyKey.id),
            execution_options={"synchronize_session": False},
        ).all()
        return [Erased(_("接口的短期应答副本"), "erased", count=len(gone))]


def _actor(member_id: int) -> str:
    return f"member:{member_id}"
