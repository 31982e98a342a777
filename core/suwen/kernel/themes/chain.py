"""Themes on disk and their chains of parents.

A theme is a folder with ``theme.toml``, ``templates/``, ``static/``, ``deform/`` and ``locale/``; what it
does not have is taken from its parent. A broken theme stops the start and is named.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

API: Final = 1
SURFACES: Final = frozenset({"pc", "mobile", "admin", "any"})


class ThemeError(Exception):
    """A theme folder that cannot be used; the text names the theme and the cause."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme (主题): a folder of templates and static files with at most one parent."""

    name: str
    title: str
    path: Path
    parent: str | None = None
    surface: str = "any"
    title_en: str = ""
    version: str = "0"

    @property
    def templates(self) -> Path:
        """Folder of Jinja2 templates."""
        return self.path / "templates"

    @property
    def static(self) -> Path:
        """Folder of files served as they are."""
        return self.path / "static"

    @property
    def deform(self) -> Path:
        """Folder of form templates (``.pt``)."""
        return self.path / "deform"


def read_theme(folder: Path) -> Theme:
    """Read ``theme.toml``; raises :class:`ThemeError` for one that is malformed."""
    try:
        data = tomllib.loads((folder / "theme.toml").read_text(encoding="utf-8"))
        table = data["theme"]
        theme = Theme(
            name=table["name"],
            title=table["title"],
            path=folder,
            parent=table.get("parent"),
            surface=table.get("surface", "any"),
            title_en=table.get("title_en", ""),
            version=str(table.get("version", "0")),
        )
        api = table.get("api", API)
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        message = f"theme folder {folder.name!r}: theme.toml cannot be read ({error})"
        raise ThemeError(message) from error
    if theme.name != folder.name:
        raise ThemeError(f"theme folder {folder.name!r} calls itself {theme.name!r}")
    if theme.surface not in SURFACES:
        raise ThemeError(f"theme {theme.name!r} has the unknown surface {theme.surface!r}")
    if api != API:
        raise ThemeError(f"theme {theme.name!r} is written for api {api}, this is api {API}")
    return theme


@dataclass(slots=True)
class ThemeRegistry:
    """All themes of the application, checked, with the default theme of each surface."""

    themes: Mapping[str, Theme]
    defaults: Mapping[str, str] = field(default_factory=dict)

    def chain(self, name: str) -> tuple[Theme, ...]:
        """The theme and its ancestors, nearest first; raises :class:`ThemeError`."""
        found: list[Theme] = []
        current: str | None = name
        while current is not None:
            if current not in self.themes:
                known = ", ".join(sorted(self.themes))
                raise ThemeError(
                    f"theme {current!r} (chain of {name!r}) is unknown; there are: {known}"
                )
            theme = self.themes[current]
            if theme in found:
                raise ThemeError(f"theme {name!r} inherits from itself through {current!r}")
            found.append(theme)
            current = theme.parent
        return tuple(found)

    def default(self, surface: str) -> str:
        """Name of the theme that shows a surface when nothing else is chosen."""
        chosen = self.defaults.get(surface)
        if chosen:
            return chosen
        for candidate in (surface, "pc", "base"):
            if candidate in self.themes:
                return candidate
        raise ThemeError(f"no theme for the surface {surface!r}")


def load_themes(roots: Iterable[Path], defaults: Mapping[str, str] | None = None) -> ThemeRegistry:
    """Read every theme below the roots and prove all chains; raises :class:`ThemeError`."""
    themes: dict[str, Theme] = {}
    for theme in _read_all(roots):
        if theme.name in themes:
            raise ThemeError(f"theme {theme.name!r} exists twice")
        themes[theme.name] = theme
    registry = ThemeRegistry(themes=themes, defaults=dict(defaults or {}))
    for name in (*themes, *registry.defaults.values()):
        registry.chain(name)
    return registry


def _read_all(roots: Iterable[Path]) -> Iterator[Theme]:
    for root in roots:
        for marker in sorted(root.glob("*/theme.toml")):
            yield read_theme(marker.parent)
