"""``suwen intent``: the cashier's decision from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suwen.orders.intents import Takings
from suwen.orders.services import orders

if TYPE_CHECKING:
    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House


def confirm_intent(house: House, code: str, receipt_no: str, actor: Actor) -> str:
    """Confirm an intent over its full amount; the number of the order it made."""
    with house.database.transaction() as session:
        service = orders(house, session).intents
        takings = Takings(service.get(code).payable_fen, receipt_no)
        return service.confirm(code, takings, actor).number


@click.group("intent")
def intent() -> None:
    """Intents to pay over the counter."""
