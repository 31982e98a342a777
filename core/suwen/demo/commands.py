"""``suwen demo``: demonstration and generated data, in development only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suwen.demo.loading import NotDevelopment, load

if TYPE_CHECKING:
    from suwen.kernel.house import House


@click.group("demo")
def demo() -> None:
    """Demonstration data (development only)."""


@demo.command("load")
@click.pass_obj
def load_command(house: House) -> None:
    """Load the demonstration; what stands already is left alone."""
    try:
        notes = load(house)
    except NotDevelopment as error:
        raise click.ClickException(str(error)) from error
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo("demonstration data is loaded")
