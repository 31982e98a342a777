"""Periodic work of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.ledger.services import ledger

if TYPE_CHECKING:
    from suwen.kernel.house import House

BATCH = 5000


def seal(house: House) -> None:
    """Chain all entries that are not chained yet, batch by batch."""
    while True:
        with house.database.transaction() as db:
            sealed = ledger(house, db).seal(BATCH)
        if sealed < BATCH:
            return
