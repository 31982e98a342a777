"""Work that nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.questionnaires.services import questionnaires

if TYPE_CHECKING:
    from suwen.kernel.house import House


def close_forgotten(house: House) -> None:
    """Give up sessions nobody has touched for 30 days, and forget their answers."""
    with house.database.transaction() as session:
        questionnaires(house, session).answering.close_forgotten()
