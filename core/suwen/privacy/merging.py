"""Requests about one's data of two accounts that are to become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import exists, select

from suwen.accounts.people.merging import Merger, Outlook
from suwen.kernel.i18n import _
from suwen.privacy.models import PrivacyRequest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor

OPEN: Final = ("waiting", "running")


def merger() -> Merger:
    """For the port of accounts. Finished requests stay with the account that made them."""
    return Merger("privacy", look, move)


def look(db: Session, source_id: int, target_id: int) -> Outlook:
    """A copy or an erasure that is on its way is waited for."""
    waiting = exists().where(
        PrivacyRequest.member_id.in_((source_id, target_id)), PrivacyRequest.state.in_(OPEN)
    )
    blocked = db.scalar(select(waiting))
    return Outlook(blocks=[_("有未完成的导出或注销请求，请等待其结束")] if blocked else ())


def move(db: Session, source_id: int, target_id: int, actor: Actor) -> None:
    """Nothing: receipts name the account that they are about."""
