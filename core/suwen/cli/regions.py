"""``suwen region``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from suwen.cli.program import Program


@click.group()
def region() -> None:
    """List and add regions."""


@region.command("list")
@click.pass_obj
def list_regions(program: Program) -> None:
    """All regions, the default first."""
    with program.house.database.snapshot() as session:
        rows = program.house.regions.all(session)
    program.table(
        ["code", "name", "prefixes", "is_default"],
        [
            (row.code, row.name, ",".join(filter(None, row.prefixes)), row.is_default)
            for row in rows
        ],
    )


@region.command()
@click.argument("code")
@click.argument("name")
@click.option("--clone-from", help="Region whose plugins and settings it starts with.")
@click.pass_obj
def add(program: Program, code: str, name: str, clone_from: str | None) -> None:
    """Add the region CODE (2, 4 or 6 digits of GB/T 2260) called NAME."""
    from suwen.admin.markets import markets
    from suwen.kernel.audit import SYSTEM

    house = program.house
    with house.database.transaction() as session:
        source = program.region(session, clone_from) if clone_from else None
        made = markets(house, session).add(code, name, SYSTEM, source)
        shown = {"code": made.code, "name": made.name}
    program.say(f"{shown['code']} {shown['name']}: added")
    program.show(shown)
