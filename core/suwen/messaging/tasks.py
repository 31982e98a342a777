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
FAREWELL: Final = "erasure_done"
"""Sent to somebody who is no member any more; kept no longer than a code."""


def purge(house: House) -> None:
    """Wipe codes that are over; forget what went to addresses of no member after a day."""
    moment = clock.now()
    quiet = {"synchronize_session": False}
    with house.database.transaction() as db:
        db.execute(
            update(Message)
            .where(Message.secret.is_not(None), Message.expires_at < moment - timedelta(minutes=5))
            .values(secret=None),
            execution_options=quiet,
        )
        db.execute(
            delete(Message).where(
                Message.kind.in_(("verification_code", FAREWELL)),
                Message.created_at < moment - KEEP_CODES,
            ),
            execution_options=quiet,
        )
