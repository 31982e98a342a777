"""Choosing a division of GB/T 2260 (行政区划) in three steps or by its name: what the form's fields say.

The page works without a script: a button asks for the next level or for a name, and the form comes
back with it. ``macros/divisions.jinja2`` draws it; ``places`` fills the port ``divisions``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from suwen.kernel.house import House

PORT: Final = "divisions"
LEVELS: Final = (("province", 2, _("省级")), ("city", 4, _("市级")), ("county", 6, _("区县")))
MATCHES: Final = 20


class Divisions(Protocol):
    """What is known about divisions; codes are without trailing zeros."""

    def version(self) -> str:
        """Changes with the data."""

    def children(self, code: str = "") -> list[tuple[str, str]]:
        """``(code, name)`` of the next level."""

    def exists(self, code: str) -> bool:
        """Whether there is such a code."""

    def full_name(self, code: str) -> str:
        """The name with all above it."""

    def search(self, text: str, limit: int = MATCHES) -> list[tuple[str, str]]:
        """``(code, full name)`` of what fits a name or the beginning of a code."""


class TooCoarse(Invalid):
    """A province or city where the county is wanted."""

    code = "division_too_coarse"
    message = _("请选择到区县")

    def __init__(self, field: str) -> None:
        """Put the message beside the field."""
        super().__init__(fields={field: self.message})


@dataclass(frozen=True, slots=True)
class Level:
    """One select of the three."""

    field: str
    title: str
    options: Sequence[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class Picker:
    """What the macro draws. ``matches`` answer ``text``, None when nothing was looked for."""

    name: str
    levels: Sequence[Level]
    chosen: str
    full_name: str
    text: str
    matches: Sequence[tuple[str, str]] | None
    version: str


def picked(values: Mapping[str, Any], name: str) -> str:
    """The code that the fields of ``name`` say, as deep as they go together; empty for none."""
    match = values.get(f"{name}-match")
    if match:
        return str(match)
    if f"{name}-province" not in values:
        return str(values.get(name) or "")
    chosen = ""
    for level, size, _title in LEVELS:
        code = str(values.get(f"{name}-{level}") or "")
        if len(code) != size or not code.startswith(chosen):
            break
        chosen = code
    return chosen


def turning(values: Mapping[str, Any], name: str) -> bool:
    """Whether the form was sent only for the next level or to look for a name."""
    return f"{name}-turn" in values


def picker(house: House, values: Mapping[str, Any], name: str = "region_code") -> Picker | None:
    """The picker for these values of a form; None where nobody knows divisions."""
    known: Divisions | None = house.ports.get(PORT)
    if known is None:
        return None
    code = _short(known, picked(values, name))
    code = code if known.exists(code) else ""
    levels = []
    for level, size, title in LEVELS:
        above = code[: size - 2]
        options = known.children(above) if len(above) == size - 2 else []
        chosen = code[:size] if len(code) >= size else ""
        if not chosen and len(options) == 1:
            # Where there is no choice nobody is asked: Beijing has one "city" of districts.
            code = chosen = options[0][0] if above else ""
        levels.append(Level(f"{name}-{level}", title, options, chosen))
    text = str(values.get(f"{name}-q") or "").strip()[:40]
    looked = text if values.get(f"{name}-turn") == "search" else ""
    return Picker(
        name=name,
        levels=levels,
        chosen=code,
        full_name=known.full_name(code) if code else "",
        text=text,
        matches=known.search(looked) if looked else None,
        version=known.version(),
    )


def _short(known: Divisions, code: str) -> str:
    """Without the trailing zeros of a whole province or city; some counties end in zeros too."""
    if len(code) != LEVELS[-1][1] or code in dict(known.children(code[:4])):
        return code
    for size in (2, 4):
        if code[size:] == "0" * (len(code) - size):
            return code[:size]
    return code


def require_finest(house: House, code: str, field: str = "region_code") -> None:
    """Raise ``TooCoarse`` at ``field`` when there is a level below ``code``."""
    known: Divisions | None = house.ports.get(PORT)
    if known is not None and code and known.children(_short(known, code)):
        raise TooCoarse(field)
