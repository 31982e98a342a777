"""The ``suwen`` command.

Only what a command needs is imported when it runs: the table below names the rest. Every command
takes ``--json``, before or after its name, and exits with 0 only when it did what it says.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

COMMANDS: Final = {
    "serve": ("suwen.cli.serving:serve", "Serve the site."),
    "work": ("suwen.cli.serving:work", "Run the jobs until told to stop."),
    "db": ("suwen.cli.database:db", "Upgrade and check the database."),
    "plugin": ("suwen.cli.plugins:plugin", "List, switch, set, prove and write plugins."),
    "region": ("suwen.cli.regions:region", "List and add regions."),
    "ledger": ("suwen.cli.proofs:ledger", "Prove the ledger."),
    "audit": ("suwen.cli.proofs:audit", "Prove the audit log."),
    "keys": ("suwen.cli.keys:keys", "Rotate keys."),
    # Of the domains; one that is not there has no command.
    "staff": ("suwen.accounts.commands:staff", "Give and take roles of staff."),
    "members": ("suwen.accounts.people.commands:members", "Look after the directory of members."),
    "intent": ("suwen.orders.commands:intent", "Decide on intents to pay at the counter."),
    "refund": ("suwen.payments.commands:refund", "List and decide on refunds."),
    "report": ("suwen.archives.commands:report", "Import and release reports."),
    "demo": ("suwen.demo.commands:demo", "Load demonstration data."),
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports one when it is called."""

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        """``lazy`` maps a name to ``module:attribute`` and its line of help."""
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of the commands that are there."""
        return [name for name, (target, _help) in self._lazy.items() if _exists(target)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command, or None when its part of the program is not there."""
        target, _help = self._lazy.get(cmd_name, ("", ""))
        if not target or not _exists(target):
            return None
        module, _, name = target.partition(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lazy[name][1]) for name in self.list_commands(ctx)])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take ``--json`` from wherever it stands."""
        ctx.meta["suwen.json"] = "--json" in args
        return super().parse_args(ctx, [word for word in args if word != "--json"])


def _exists(target: str) -> bool:
    # Looked up as a file: importing a domain only to list its command takes a second.
    parts = target.partition(":")[0].split(".")[1:]
    return Path(__file__).parents[1].joinpath(*parts).with_suffix(".py").is_file()


@click.command(cls=LazyGroup, lazy=COMMANDS, epilog="Every command takes --json.")
@click.option(
    "-c",
    "--config",
    "config",
    default="development.ini",
    show_default=True,
    help="The site's ini file.",
    metavar="INI",
)
@click.version_option(package_name="suwen")
@click.pass_context
def cli(ctx: click.Context, config: str) -> None:
    """Suwen 素问: an open platform for gene-testing health services."""
    from suwen.cli.program import Program

    ctx.obj = Program(config, as_json=ctx.meta["suwen.json"])
    ctx.call_on_close(ctx.obj.close)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point: run a command; one clear line on stderr and a status when it fails."""
    # Pyramid and deform say it at every start, and only they could change it.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    # Databases, keys and files of the data folder belong to the account that runs the site.
    os.umask(0o077)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = cli.main(args=words, prog_name="suwen", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of a command is never a traceback
        from suwen.cli.failing import tell

        return tell(error)
    return status if isinstance(status, int) else 0
