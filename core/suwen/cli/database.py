"""``suwen db``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from suwen.cli.program import Program
    from suwen.hookspecs.common import PluginInfo
    from suwen.kernel.house import House


@click.group()
def db() -> None:
    """Upgrade and check the database."""


@db.command()
@click.pass_obj
def upgrade(program: Program) -> None:
    """Bring the core's tables and those of every installed plugin to their heads."""
    from suwen.kernel import migrations

    done = migrations.upgrade(program.house)
    for name in done:
        program.say(f"{name}: up to date")
    program.show({"ok": True, "histories": done})


@db.command()
@click.option("-m", "--message", required=True, help="What the migration does.")
@click.option("--plugin", "plugin_id", help="Write into this plugin's history.")
@click.pass_obj
def revision(program: Program, message: str, plugin_id: str | None) -> None:
    """Write a migration for what the models say and the database lacks (for developers)."""
    house = program.wired()
    from suwen.cli import revising

    revising.new_revision(house, message, _plugin(house, plugin_id))
    program.say("written: read it before it is committed")
    program.show({"ok": True})


def _plugin(house: House, plugin_id: str | None) -> PluginInfo | None:
    if plugin_id is None:
        return None
    from suwen.kernel import migrations

    for info in migrations.with_migrations(house):
        if info.id == plugin_id:
            return info
    raise click.ClickException(f"{plugin_id} is not an installed plugin with migrations")


@db.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Whether every history is at its head and the tables are what the models say."""
    from suwen.kernel import migrations

    program: Program = ctx.obj
    house = program.wired()
    at_head = migrations.at_head(house)
    found: list[Any] = []
    if at_head:
        from suwen.cli import revising

        for info in (None, *migrations.with_migrations(house)):
            found += revising.differences(house, info)
    if not at_head:
        program.say("migrations are missing: run  suwen db upgrade")
    for difference in found:
        program.say(f"differs: {difference}")
    ok = at_head and not found
    if ok:
        program.say("the database is up to date")
    program.show({"ok": ok, "at_head": at_head, "differences": [str(item) for item in found]})
    ctx.exit(0 if ok else 1)
