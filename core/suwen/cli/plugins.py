"""``suwen plugin``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from suwen.admin.switchboard import Switchboard
    from suwen.cli.program import Program
    from suwen.kernel.plugins.registry import Registered

STATES: Final = {"enable": "enabled", "drain": "draining", "disable": "disabled"}

FAMILIES: Final = ("payment", "reward", "archive", "questionnaire", "push")

_region = click.option(
    "--region",
    "region_code",
    default="default",
    show_default=True,
    help="4306, 430600 or default.",
    metavar="CODE",
)


@click.group()
def plugin() -> None:
    """List, switch, set, prove and write plugins."""


@plugin.command("list")
@click.option("--region", "region_code", help="Only this region.", metavar="CODE")
@click.pass_obj
def list_plugins(program: Program, region_code: str | None) -> None:
    """Every installed plugin with its state in every region."""
    with program.house.database.snapshot() as session:
        rows = _board(program, session).rows()
        codes = [region.code for region in program.house.regions.all(session)]
        if region_code is not None:
            codes = [program.region(session, region_code)]
    listed: list[dict[str, Any]] = [
        {
            "id": row.id,
            "family": row.plugin.info.family if row.plugin and row.plugin.info else None,
            "version": row.plugin.version if row.plugin else None,
            "error": row.plugin.error if row.plugin else "not installed",
            "states": {code: row.states.get(code, "disabled") for code in codes},
        }
        for row in rows
    ]
    if program.as_json:
        program.show(listed)
        return
    program.table(
        ["id", "family", "version", *codes, "error"],
        [
            (row["id"], row["family"], row["version"], *row["states"].values(), row["error"])
            for row in listed
        ],
    )


def _board(program: Program, session: Session) -> Switchboard:
    from suwen.admin.switchboard import switchboard

    return switchboard(program.house, session)


def _mover(verb: str) -> Callable[..., None]:
    def move(program: Program, plugin_id: str, region_code: str) -> None:
        from suwen.kernel.audit import SYSTEM

        with program.house.database.transaction() as session:
            region = program.region(session, region_code)
            _board(program, session).move(region, plugin_id, STATES[verb], SYSTEM)
        program.say(f"{plugin_id}: {STATES[verb]} in {region}")
        program.show({"plugin": plugin_id, "region": region, "state": STATES[verb]})

    return move


for _verb, _help in (
    ("enable", "Offer the plugin ID in a region, from the next request on."),
    ("drain", "Begin nothing new with the plugin ID; what is begun goes on."),
    ("disable", "Switch the plugin ID off; what is begun is still settled."),
):
    plugin.command(_verb, help=_help)(
        click.argument("plugin_id", metavar="ID")(_region(click.pass_obj(_mover(_verb))))
    )


@plugin.command()
@click.argument("plugin_id", metavar="ID")
@_region
@click.option("--object", "code", help="Of which object, when the plugin brings several.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting; KEY=@FILE takes the content of a file.",
)
@click.pass_obj
def settings(
    program: Program,
    plugin_id: str,
    region_code: str,
    code: str | None,
    assignments: Sequence[str],
) -> None:
    """Show the settings of the plugin ID in a region, or change some."""
    from suwen.kernel.audit import SYSTEM

    with program.house.database.transaction() as session:
        board, region = _board(program, session), program.region(session, region_code)
        item = _object(program, plugin_id, code)
        if assignments:
            known = {node.name for node in item.obj.settings_schema().children}
            plain, _secrets = board.settings(region, item)
            given = dict(_assignment(text, known) for text in assignments)
            _store(board, region, item, {**plain, **given}, SYSTEM)
        plain, secrets = board.settings(region, item)
        health = [
            problem.text for one in board.health(region, plugin_id) for problem in one.problems
        ]
    if program.as_json:
        program.show({"settings": plain, "stored_secrets": sorted(secrets), "problems": health})
        return
    shown = [*plain.items(), *((name, "(stored, never shown)") for name in sorted(secrets))]
    program.table(["setting", "value"], shown)
    for text in health:
        program.say(text)


def _object(program: Program, plugin_id: str, code: str | None) -> Registered[Any]:
    from suwen.kernel.plugins.switch import UnknownPlugin

    if plugin_id not in program.house.host.plugins:
        raise UnknownPlugin
    items = [item for _family, item in program.house.host.objects_of(plugin_id)]
    found = [item for item in items if code in {None, item.code}]
    if len(found) == 1:
        chosen: Registered[Any] = found[0]
        return chosen
    codes = ", ".join(item.code for item in items) or "none"
    raise click.ClickException(f"name one of its objects with --object: {codes}")


def _assignment(text: str, known: set[str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.ClickException(f"not KEY=VALUE: {name}")
    if name not in known:
        raise click.ClickException(f"{name} is none of: {', '.join(sorted(known))}")
    return name, Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value


def _store(
    board: Switchboard, region: str, item: Registered[Any], values: Mapping[str, Any], actor: Any
) -> None:
    import colander

    from suwen.forms.wording import invalid

    try:
        board.store(region, item, values, actor)
    except colander.Invalid as error:
        raise invalid(error) from None


@plugin.command()
@click.argument("plugin_id", metavar="ID")
@click.pass_context
def verify(ctx: click.Context, plugin_id: str) -> None:
    """Run the contract suite of the family that the plugin ID belongs to."""
    from suwen.cli import verifying

    program: Program = ctx.obj
    verdict = verifying.verify(program.house.host, plugin_id)
    program.show(verdict.as_dict())
    if not program.as_json:
        program.table(["result", "what is proved", "why not"], verdict.rows())
        program.say(verdict.summary())
    ctx.exit(0 if verdict.ok else 1)


@plugin.command()
@click.argument("family", type=click.Choice(FAMILIES))
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder to write into; the present one by default.",
)
@click.pass_obj
def new(program: Program, family: str, name: str, into: Path) -> None:
    """Write a complete package for a new plugin of FAMILY, called NAME."""
    from suwen.cli import scaffold

    made = scaffold.write(family, name, into)
    program.say(f"written: {made.folder}")
    program.say(f"next: pip install -e {made.folder}  and  suwen plugin verify {made.plugin_id}")
    program.show({"plugin": made.plugin_id, "folder": str(made.folder)})
