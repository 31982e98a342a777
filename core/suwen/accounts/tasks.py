"""Periodic work of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts.codes import Codes
from suwen.accounts.tokens import ApiTokens
from suwen.kernel.sessions import sessions

if TYPE_CHECKING:
    from suwen.kernel.house import House


def purge(house: House) -> None:
    """Forget codes and tokens that are over; sessions have a retention rule."""
    with house.database.transaction() as db:
        Codes(db, house.vault).purge()
        ApiTokens(db, sessions(house.settings, db)).purge()
