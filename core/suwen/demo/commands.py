"""``suwen demo``: demonstration and generated data, in development only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from suwen.demo.loading import NotDevelopment, load
from suwen.demo.volume import Volume, generate

if TYPE_CHECKING:
    from suwen.cli.program import Program
    from suwen.kernel.house import House

_COUNT = click.IntRange(min=0)


@click.group("demo")
def demo() -> None:
    """Demonstration data (development only)."""


@demo.command("load")
@click.option("--products", type=_COUNT, default=0, help="Generated products there shall be.")
@click.option("--categories", type=_COUNT, default=0, help="Generated categories.")
@click.option("--members", type=_COUNT, default=0, help="Generated members.")
@click.option("--orders", type=_COUNT, default=0, help="Generated paid orders.")
@click.option(
    "--seed", type=click.IntRange(0, 9999), default=1, help="The same seed, the same data."
)
@click.pass_obj
def load_command(
    program: Program, products: int, categories: int, members: int, orders: int, seed: int
) -> None:
    """Load the demonstration; what stands already is left alone.

    The counts ask for generated data beside it: so many of a kind altogether, of this seed.
    """
    house = program.wired()
    try:
        notes = load(house)
    except NotDevelopment as error:
        raise click.ClickException(str(error)) from error
    for note in notes:
        click.echo(f"note: {note}", err=True)
    wanted = Volume(products, categories, members, orders, seed)
    made = _generate(house, wanted)
    program.say("demonstration data is loaded")
    program.show({"ok": True, "notes": notes, "generated": made})


def _generate(house: House, wanted: Volume) -> dict[str, int]:
    """Generate with a progress bar on a terminal."""
    if not wanted.total:
        return {}
    with click.progressbar(length=wanted.total, label="generating", file=sys.stderr) as bar:
        return generate(house, wanted, bar.update)
