"""``suwen keys``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from suwen.cli.program import Program


@click.group()
def keys() -> None:
    """Rotate keys."""


@keys.command()
@click.pass_obj
def rotate(program: Program) -> None:
    """Wrap every subject's key with the newest master key; may be stopped and run again.

    Put the new key in front of the old one in suwen.master_key first. Keep the old one: what the
    house itself has sealed still needs it.
    """
    vault = program.house.vault
    after, rounds = vault.rewrap(), 1
    while after is not None:
        after, rounds = vault.rewrap(after), rounds + 1
    program.say("all subject keys are wrapped with the newest master key")
    program.show({"ok": True, "rounds": rounds})
