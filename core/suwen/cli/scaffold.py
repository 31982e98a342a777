"""``suwen plugin new``: a package that installs, registers and is proved, ready to be filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

TEMPLATES: Final = Path(__file__).parent / "templates" / "plugin"
SUFFIX: Final = ".tmpl"

PREFIXES: Final[Mapping[str, str]] = {
    "payment": "payment_",
    "reward": "reward_",
    "archive": "archive_",
    "questionnaire": "scorer_",
    "push": "push_",
}
ROLES: Final[Mapping[str, str]] = {
    "payment": "Gateway",
    "reward": "Scheme",
    "archive": "Archive",
    "questionnaire": "Scorer",
    "push": "Channel",
}
LONGEST: Final = 40
_NAME = re.compile(r"[a-z][a-z0-9_]*[a-z0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Made:
    """What was written and where."""

    plugin_id: str
    folder: Path


def write(family: str, name: str, into: Path) -> Made:
    """Write the package into ``into/<plugin id>``; raises ``click.ClickException``."""
    plugin_id = _plugin_id(family, name)
    folder = into.resolve() / plugin_id
    if folder.exists():
        raise click.ClickException(f"{folder} exists already")
    words = _words(family, plugin_id)
    for source in (TEMPLATES / "common", TEMPLATES / family):
        for template in sorted(source.rglob(f"*{SUFFIX}")):
            path = str(template.relative_to(source)).removesuffix(SUFFIX)
            target = folder / _filled(path, words)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_filled(template.read_text("utf-8"), words), encoding="utf-8")
    return Made(plugin_id, folder)


def _plugin_id(family: str, name: str) -> str:
    name = name.strip().lower().replace("-", "_")
    name = name.removeprefix(PREFIXES[family])
    plugin_id = PREFIXES[family] + name
    if not _NAME.fullmatch(name):
        raise click.ClickException(
            "a name begins with a letter, then letters, digits and underscores"
        )
    if len(plugin_id) > LONGEST:
        raise click.ClickException(f"a name has at most {LONGEST} characters")
    return plugin_id


def _words(family: str, plugin_id: str) -> Mapping[str, str]:
    name = plugin_id.removeprefix(PREFIXES[family])
    title = name.replace("_", " ").title()
    return {
        "PLUGIN_ID": plugin_id,
        "PACKAGE": f"suwen_{plugin_id}",
        "DIST_NAME": f"suwen-{plugin_id.replace('_', '-')}",
        "CLASS_NAME": f"{title.replace(' ', '')}{ROLES[family]}",
        "TITLE": title,
        "FAMILY": family,
    }


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
