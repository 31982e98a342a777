"""Periodic work of messaging."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, update

from suwen.kernel import clock
from suwen.messaging.models import Message

if TYPE_CHECKING:
    from suwen.kernel.house import House

KEEP_CODES: Final = timedelta(days=1)
KEEP_MESSAGES: Final = timedelta(days=365)


def purge(house: House) -> None:
    """Wipe codes that are over, forget code messages after a day and others after a year."""
    moment = clock.now()
    quiet = {"synchronize_session": False}
    with house.database.transaction() as db:
        db.execute(
            update(Message)
            .where(Message.secret.is_not(None), Message.expires_at < moment - timedelta(minutes=5))
            .values(secret=None),
            execution_options=quiet,
        )
        over = (Message.kind == "verification_code") & (Message.created_at < moment - KEEP_CODES)
        old = Message.created_at < moment - KEEP_MESSAGES
        db.execute(delete(Message).where(over | old), execution_options=quiet)
