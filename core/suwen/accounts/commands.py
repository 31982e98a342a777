"""``suwen staff``: roles given and taken where there is no administrator yet, or none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from suwen.accounts.services import AccountService

ROLE_NAMES = (
    "administrator",
    "finance",
    "catalog",
    "customer_service",
    "cashier",
    "sampling",
    "report_importer",
    "laboratory",
    "branch_administrator",
    "expert",
    "auditor",
)
_role = click.argument("role", type=click.Choice(ROLE_NAMES))
_address = click.argument("address")
_region = click.option(
    "--region",
    "region_code",
    help="4306, 430600 or default; without it everywhere.",
    metavar="CODE",
)


@click.group()
def staff() -> None:
    """List, grant and revoke roles of staff."""


@staff.command("list")
@click.pass_obj
def list_staff(program: Any) -> None:
    """Every role that somebody holds; addresses are not shown."""
    from sqlalchemy import select

    from suwen.accounts.staffing.models import StaffGrant

    columns = (StaffGrant.member_id, StaffGrant.role, StaffGrant.region, StaffGrant.created_at)
    with program.house.database.snapshot() as session:
        rows = session.execute(select(*columns).order_by(StaffGrant.id)).all()
    program.table(
        ["member_id", "role", "region", "created_at"],
        [(str(row[0]), row[1], row[2], row[3].isoformat()) for row in rows],
    )


@staff.command()
@_role
@_address
@_region
@click.pass_obj
def grant(program: Any, role: str, address: str, region_code: str | None) -> None:
    """Give ROLE to the member with ADDRESS, who has registered on the site before."""
    _change(program, "grant", role, address, region_code)


@staff.command()
@_role
@_address
@_region
@click.pass_obj
def revoke(program: Any, role: str, address: str, region_code: str | None) -> None:
    """Take ROLE from the member with ADDRESS; all his sessions end."""
    _change(program, "revoke", role, address, region_code)


def _change(program: Any, verb: str, role: str, address: str, region_code: str | None) -> None:
    from suwen.accounts.roles import EVERYWHERE
    from suwen.accounts.services import accounts
    from suwen.kernel.audit import SYSTEM

    with program.house.database.transaction() as session:
        region = program.region(session, region_code) if region_code else EVERYWHERE
        service = accounts(program.house, session)
        member_id = _member(service, address)
        if verb == "grant":
            service.staff.grant(member_id, role, SYSTEM, region)
        else:
            service.staff.revoke_grant(member_id, role, SYSTEM, region)
    program.say(f"{role}: {'granted' if verb == 'grant' else 'revoked'}")
    program.show({"member": str(member_id), "role": role, "region": region, "change": verb})


def _member(service: AccountService, address: str) -> int:
    """Id of the member; raises ``NotFound`` for an address that nobody has registered."""
    from suwen.kernel.errors import NotFound

    found = service.find(address)
    if found is None:
        raise NotFound
    return found
