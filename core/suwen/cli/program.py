"""What a command is given: settings, the house, and ways to speak.

A command of a domain takes it with ``@click.pass_obj``::

    @refund.command("list")
    @click.pass_obj
    def list_refunds(program: Any) -> None:
        house = program.wired()
        with house.database.snapshot() as session:
            rows = refunds(house, session).waiting()
        program.table(["number", "amount_fen"], [(row.number, row.amount_fen) for row in rows])

    @click.option("--as", "address", required=True)
    ... actor = program.acting(session, address, "staff.finance")
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.failing import words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.staffing.reach import Reach
    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House
    from suwen.kernel.settings import Settings


class Program:
    """One call of the command line."""

    def __init__(self, config: str, *, as_json: bool = False) -> None:
        """Nothing is read before it is needed."""
        self.config = Path(config)
        self.as_json = as_json
        self._house: House | None = None

    @cached_property
    def ini(self) -> Mapping[str, Mapping[str, str]]:
        """The file's sections, each with the defaults; raises ``click.ClickException``."""
        if not self.config.is_file():
            raise click.ClickException(f"there is no {self.config}: name the site's ini with -c")
        folder = str(self.config.resolve().parent)
        parser = ConfigParser(defaults={"here": folder.replace("%", "%%")})
        parser.read(self.config, encoding="utf-8")
        if not parser.has_section("app:main"):
            raise click.ClickException(f"{self.config} has no section [app:main]")
        return {name: dict(parser.items(name)) for name in parser.sections()}

    @property
    def raw(self) -> dict[str, str]:
        """Settings of the application as written in the file."""
        return {key: text for key, text in self.ini["app:main"].items() if "." in key}

    @cached_property
    def settings(self) -> Settings:
        """The settings; raises ``SettingsError``."""
        from suwen.kernel import settings

        return settings.load(self.raw)

    @property
    def house(self) -> House:
        """The technical services. A broken plugin is left out here, never fatal."""
        if self._house is None:
            self._house = self.build(self.settings)
        return self._house

    def build(self, settings: Settings, *, strict: bool = False) -> House:
        """A house around ``settings``, with logs on stderr."""
        from dataclasses import replace

        from suwen.kernel import house, logs
        from suwen.kernel.plugins.host import PluginHost

        logs.configure(replace(settings, log_format="console") if not strict else settings)
        if not strict:
            _quiet()
        host = PluginHost(strict=strict and settings.development)
        if settings.plugins:
            host.load()
        self._house = house.build(settings, host=host)
        return self._house

    def wired(self) -> House:
        """The house with every domain in it: events, outbox handlers, jobs and ports."""
        from suwen.app import make_app

        house = self.house
        make_app(house, self.raw)
        return house

    def close(self) -> None:
        """Close what was opened."""
        if self._house is not None:
            self._house.close()

    def region(self, session: Session, code: str) -> str:
        """Code of the region named ``4306``, ``430600`` or ``default``.

        Raises ``UnknownRegion`` for a place that has no region of its own.
        """
        regions = self.house.regions
        if code == "default":
            return regions.default(session).code
        known = {region.code for region in regions.all(session)}
        short = code
        while short not in known and len(short) > 2 and short.endswith("00"):
            short = short[:-2]
        return regions.by_code(session, short if short in known else code).code

    def acting(self, session: Session, address: str, permission: str) -> Actor:
        """The member of ``--as ADDRESS``; raises ``Forbidden`` without the permission."""
        return self.acting_in(session, address, permission)[0]

    def acting_in(self, session: Session, address: str, permission: str) -> tuple[Actor, Reach]:
        """As ``acting``, with the regions and branches in which the permission is held."""
        from suwen.accounts.directory import directory
        from suwen.kernel.audit import Actor
        from suwen.kernel.errors import Forbidden

        identity = directory(self.house, session).acting_as(address)
        if identity is None or not identity.may(permission):
            raise Forbidden
        return Actor("staff", identity.member_id), identity.reach(permission)

    def say(self, text: Any) -> None:
        """A sentence for people; nothing with ``--json``."""
        if not self.as_json:
            click.echo(words(text))

    def show(self, data: Any) -> None:
        """The answer for machines; nothing without ``--json``."""
        if self.as_json:
            click.echo(json.dumps(data, ensure_ascii=False, default=str))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Rows for people, aligned; for machines a list of objects."""
        if self.as_json:
            self.show([dict(zip(headers, row, strict=True)) for row in rows])
            return
        cells = [list(headers), *[["" if c is None else words(c) for c in row] for row in rows]]
        widths = [max(_width(row[column]) for row in cells) for column in range(len(headers))]
        for row in cells:
            padded = [cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)]
            click.echo("  ".join(padded).rstrip())


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _quiet() -> None:
    """Let a command speak for itself: only what is serious is logged beside it."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
