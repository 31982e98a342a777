"""``suwen staff``: roles given and taken where there is no administrator yet, or none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from suwen.accounts.services import AccountService

_role = click.argument("role")
_address = click.argument("address")
_region = click.option(
    "--region",
    "region_code",
    help="4306, 430600 or default; without it everywhere.",
    metavar="CODE",
)
_branch = click.option(
    "--branch",
    "branch_code",
    help="Code of a branch; without it not limited to one.",
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

    from suwen.accounts.staffing.models import Branch, StaffGrant

    query = (
        select(StaffGrant, Branch.code)
        .outerjoin(Branch, Branch.id == StaffGrant.branch_id)
        .order_by(StaffGrant.id)
    )
    with program.house.database.snapshot() as session:
        rows = session.execute(query).all()
    program.table(
        ["member_id", "role", "region", "branch", "created_at"],
        [
            (
                str(grant.member_id),
                grant.role,
                grant.region,
                code or "",
                grant.created_at.isoformat(),
            )
            for grant, code in rows
        ],
    )


@staff.command("roles")
@click.pass_obj
def list_roles(program: Any) -> None:
    """Every role that can be given: those built in, and those that administrators made."""
    from suwen.accounts.staffing.reading import staff_reader

    with program.house.database.snapshot() as session:
        titles = staff_reader(program.house, session).role_titles(only_open=True)
    program.table(["role", "title"], list(titles.items()))


@staff.command()
@_role
@_address
@_region
@_branch
@click.pass_obj
def grant(program: Any, /, role: str, address: str, **where: str | None) -> None:
    """Give ROLE to the member with ADDRESS, who has registered on the site before."""
    _change(program, "grant", role, address, **where)


@staff.command()
@_role
@_address
@_region
@_branch
@click.pass_obj
def revoke(program: Any, /, role: str, address: str, **where: str | None) -> None:
    """Take ROLE from the member with ADDRESS; all his sessions end."""
    _change(program, "revoke", role, address, **where)


def _change(
    program: Any,
    verb: str,
    role: str,
    address: str,
    *,
    region_code: str | None,
    branch_code: str | None,
) -> None:
    from suwen.accounts.roles import EVERYWHERE
    from suwen.accounts.services import accounts
    from suwen.accounts.staffing.branches import branch_book
    from suwen.accounts.staffing.models import NO_BRANCH
    from suwen.kernel.audit import SYSTEM

    with program.house.database.transaction() as session:
        region = program.region(session, region_code) if region_code else EVERYWHERE
        book = branch_book(program.house, session)
        branch = book.by_code(branch_code).id if branch_code else NO_BRANCH
        service = accounts(program.house, session)
        member_id = _member(service, address)
        change = service.staff.grant if verb == "grant" else service.staff.revoke_grant
        change(member_id, role, SYSTEM, region, branch)
    program.say(f"{role}: {'granted' if verb == 'grant' else 'revoked'}")
    program.show(
        {
            "member": str(member_id),
            "role": role,
            "region": region,
            "branch": branch_code or "",
            "change": verb,
        }
    )


def _member(service: AccountService, address: str) -> int:
    """Id of the member; raises ``NotFound`` for an address that nobody has registered."""
    from suwen.kernel.errors import NotFound

    found = service.find(address)
    if found is None:
        raise NotFound
    return found
