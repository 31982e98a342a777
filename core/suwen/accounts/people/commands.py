"""``suwen members``: what the directory of members needs and no page does."""

from __future__ import annotations

from typing import Any

import click


@click.group()
def members() -> None:
    """Look after the directory of members."""


@members.command()
@click.pass_obj
def reindex(program: Any) -> None:
    """Mark names and last digits of phone numbers that have no mark yet; can be run again."""
    from suwen.accounts.people.reindexing import reindex as run

    counts = run(program.house)
    program.say(f"marked {counts['phones']} phone numbers and {counts['names']} names")
    program.show(counts)
