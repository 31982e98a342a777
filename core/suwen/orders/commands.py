"""``suwen intent``: the cashier's decision from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from suwen.orders.intents import Takings
from suwen.orders.services import orders

if TYPE_CHECKING:
    from suwen.orders.models import Order

CASHIER = "staff.cashier"


@click.group("intent")
def intent() -> None:
    """Decide on intents to pay at the counter."""


@intent.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.pass_obj
def list_(program: Any, limit: int) -> None:
    """List intents that wait, oldest first."""
    with program.house.database.snapshot() as db:
        rows = orders(program.house, db).intents.waiting(limit=limit)
    program.table(
        ["code", "payable_fen", "gateway", "region", "expires_at"],
        [
            (row.code, row.payable_fen, row.gateway, row.region, row.expires_at.isoformat())
            for row in rows
        ],
    )


@intent.command("confirm")
@click.argument("code")
@click.option("--receipt", "receipt_no", required=True, help="Number of the receipt.")
@click.option("--as", "address", required=True, help="Whose permission counts: e-mail or phone.")
@click.pass_obj
def confirm(program: Any, code: str, receipt_no: str, address: str) -> None:
    """Confirm that the whole amount is on the counter: makes the order, paid."""
    order = confirm_intent(program, code, receipt_no, address)
    program.say(f"{code}: {order.number}")
    program.show({"code": code, "state": "confirmed", "order_number": order.number})


def confirm_intent(program: Any, code: str, receipt_no: str, address: str) -> Order:
    """The order that the intent became; raises what ``Intents.confirm`` raises."""
    house = program.wired()
    with house.database.transaction() as db:
        actor, reach = program.acting_in(db, address, CASHIER)
        intents = orders(house, db).intents
        found = intents.get(code, reach)
        order = intents.confirm(code, Takings(found.payable_fen, receipt_no), actor)
    house.jobs.wake()
    return order
