"""Periodic work of accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete

from suwen.accounts.codes import Codes
from suwen.accounts.tokens import ApiTokens
from suwen.kernel import clock
from suwen.kernel.sessions import WebSession, sessions

if TYPE_CHECKING:
    from suwen.kernel.house import House

KEEP_ENDED: Final = timedelta(days=30)


def purge(house: House) -> None:
    """Forget codes, tokens and sessions that are over."""
    with house.database.transaction() as db:
        Codes(db, house.vault).purge()
        ApiTokens(db, sessions(house.settings, db)).purge()
        db.execute(
            delete(WebSession).where(WebSession.ends_at < clock.now() - KEEP_ENDED),
            execution_options={"synchronize_session": False},
        )
