"""A browser's name for people, from its User-Agent; only well-known words of it are shown."""

from __future__ import annotations

from typing import Final

from suwen.kernel.i18n import _

_BROWSERS: Final = (
    ("MicroMessenger", _("微信")),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def names(user_agent: str) -> tuple[str | None, str | None]:
    """``(browser, system)``, each None when it is none that we know."""
    return _first(user_agent, _BROWSERS), _first(user_agent, _SYSTEMS)


def _first(text: str, words: tuple[tuple[str, str], ...]) -> str | None:
    return next((title for word, title in words if word in text), None)
