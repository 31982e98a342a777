"""Records of two accounts that become one: each stays sealed with the key of its own subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from suwen.accounts.people.merging import Merger, Outlook
from suwen.archives.models import ArchiveRecord
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor


def merger() -> Merger:
    """For the port of accounts."""
    return Merger("archives", look, move)


def look(db: Session, source_id: int, target_id: int) -> Outlook:  # noqa: ARG001
    """How many records."""
    query = select(func.count()).select_from(ArchiveRecord)
    return Outlook(
        [(_("健康档案"), db.scalar(query.where(ArchiveRecord.member_id == source_id)) or 0)]
    )


def move(db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG001
    """The target may read them; nothing is opened."""
    db.execute(
        update(ArchiveRecord)
        .where(ArchiveRecord.member_id == source_id)
        .values(member_id=target_id),
        execution_options={"synchronize_session": False},
    )
