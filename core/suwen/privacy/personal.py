"""What this domain itself keeps about a member: that he asked, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from suwen.accounts.personal_data import Erased
from suwen.kernel.db import lock
from suwen.kernel.i18n import _
from suwen.privacy.models import PrivacyRequest
from suwen.privacy.requests import CANCELLED, DONE, EXPIRED, EXPORT, READY

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

_BATCH = 100


class PrivacyData:
    """Requests. An erasure's own row is the receipt and stays."""

    name = "privacy"
    title = _("隐私请求")

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """Every request, oldest first."""
        query = select(PrivacyRequest).where(PrivacyRequest.member_id == member_id)
        return {
            "requests": [
                {
                    "kind": row.kind,
                    "state": row.state,
                    "requested_at": row.requested_at.isoformat(),
                    "finished_at": row.finished_at.isoformat() if row.finished_at else None,
                }
                for row in db.scalars(query.order_by(PrivacyRequest.id))
            ]
        }

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Forget that copies were asked for; the receipt of the erasure is kept."""
        gone = db.scalars(
            delete(PrivacyRequest)
            .where(PrivacyRequest.member_id == member_id, PrivacyRequest.kind == EXPORT)
            .returning(PrivacyRequest.id),
            execution_options={"synchronize_session": False},
        ).all()
        reason = _("证明已按您的要求删除；只含编号与时间")
        return [
            Erased(_("个人信息副本的申请记录"), "erased", count=len(gone)),
            Erased(_("本回执"), "kept", reason),
        ]


def purge_exports(house: House, before: datetime) -> int:
    """Retention: a batch of copies, with their pieces and their keys."""
    query = (
        select(PrivacyRequest.id)
        .where(
            PrivacyRequest.kind == EXPORT,
            PrivacyRequest.state == READY,
            PrivacyRequest.finished_at < before,
        )
        .order_by(PrivacyRequest.id)
        .limit(_BATCH)
    )
    with house.database.snapshot() as db:
        found = db.scalars(query).all()
    for request_id in found:
        _expire(house, request_id)
    return len(found)


def _expire(house: House, request_id: int) -> None:
    """The key first: without it the pieces are nothing, should this be cut short."""
    with house.database.transaction() as db:
        row = lock(db, PrivacyRequest, request_id)
        row.state, row.file_key, names = EXPIRED, None, list(row.parts)
    for name in names:
        house.files.delete(name)
    with house.database.transaction() as db:
        lock(db, PrivacyRequest, request_id).parts = []


def purge_requests(house: House, before: datetime) -> int:
    """Retention: a batch of requests that are over; what failed waits for staff."""
    over = (DONE, CANCELLED, EXPIRED)
    batch = (
        select(PrivacyRequest.id)
        .where(PrivacyRequest.state.in_(over), PrivacyRequest.requested_at < before)
        .order_by(PrivacyRequest.id)
        .limit(_BATCH)
    )
    with house.database.transaction() as db:
        gone = db.scalars(
            delete(PrivacyRequest).where(PrivacyRequest.id.in_(batch)).returning(PrivacyRequest.id),
            execution_options={"synchronize_session": False},
        ).all()
    return len(gone)
