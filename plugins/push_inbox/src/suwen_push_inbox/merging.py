"""Messages of an account that was merged into another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from suwen_push_inbox.models import InboxMessage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.lifecycle import Event


def move_messages(db: Session, event: Event) -> None:
    """Hear ``members_merged``: the account that is left reads them."""
    db.execute(
        update(InboxMessage)
        .where(InboxMessage.member_id == event.data["source_id"])
        .values(member_id=event.data["target_id"]),
        execution_options={"synchronize_session": False},
    )
