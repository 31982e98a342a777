"""``suwen refund``: the decisions of finance from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from suwen.accounts.directory import directory
from suwen.kernel.audit import Actor
from suwen.kernel.errors import Forbidden
from suwen.kernel.i18n import _
from suwen.payments.services import payments
from suwen.payments.states import REFUND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from suwen.kernel.house import House
    from suwen.payments.reading import RefundRow

FINANCE = "staff.finance"
REJECTED = _("财务驳回")


def list_refunds(house: House, state: str | None, limit: int) -> Sequence[RefundRow]:
    """The newest refunds of all regions, or those in one state."""
    with house.database.snapshot() as db:
        return payments(house, db).reader.refunds(None, state=state, limit=limit)[0]


def approve_refund(house: House, number: str, address: str) -> str:
    """Approve as the member of ``address``; the new state.

    Raises what ``Refunds.approve`` raises, ``Forbidden`` without the permission, and ``NotFound``
    for a refund of a region that the person does not work for.
    """
    with house.database.transaction() as db:
        actor = _acting(house, db, address, number)
        return payments(house, db).approve_refund(number, actor).state


def reject_refund(house: House, number: str, address: str, reason: str) -> str:
    """Reject as the member of ``address``; the new state. Raises as ``approve_refund``."""
    with house.database.transaction() as db:
        actor = _acting(house, db, address, number)
        return payments(house, db).reject_refund(number, actor, reason).state


def _acting(house: House, db: Session, address: str, number: str) -> Actor:
    identity = directory(house, db).acting_as(address)
    if identity is None or not identity.may(FINANCE):
        raise Forbidden
    payments(house, db).reader.refund_payment(number, identity.regions_of(FINANCE))
    return Actor("staff", identity.member_id)


@click.group("refund")
def refund() -> None:
    """List and decide on refunds."""


@refund.command("list")
@click.option("--state", type=click.Choice(sorted(REFUND.states)), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.pass_obj
def list_(program: Any, state: str | None, limit: int) -> None:
    """List refunds, newest first."""
    rows = list_refunds(program.house, state, limit)
    program.table(
        ["number", "state", "amount_fen", "payment", "order", "gateway", "region", "reason"],
        [
            (
                row.number,
                row.state,
                row.amount_fen,
                row.payment,
                row.payable_number,
                row.gateway,
                row.region,
                row.reason,
            )
            for row in rows
        ],
    )


@refund.command("approve")
@click.argument("number")
@click.option("--as", "address", required=True, help="Whose permission counts: e-mail or phone.")
@click.pass_obj
def approve(program: Any, number: str, address: str) -> None:
    """Let a requested refund go back. Who asked for it cannot approve it."""
    state = approve_refund(program.house, number, address)
    program.say(f"{number}: {state}")
    program.show({"number": number, "state": state})


@refund.command("reject")
@click.argument("number")
@click.option("--as", "address", required=True, help="Whose permission counts: e-mail or phone.")
@click.option("--reason", default=REJECTED, show_default=True)
@click.pass_obj
def reject(program: Any, number: str, address: str, reason: str) -> None:
    """Refuse a requested refund."""
    state = reject_refund(program.house, number, address, reason)
    program.say(f"{number}: {state}")
    program.show({"number": number, "state": state})
