"""Errors of commands as one clear line."""

from __future__ import annotations

import os
import traceback
from typing import Any, Final

import click

TRACEBACK: Final = "SUWEN_TRACEBACK"


def tell(error: Exception) -> int:
    """Say on stderr what went wrong; the exit status. ``SUWEN_TRACEBACK=1`` adds where."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    click.echo(f"suwen: {line(error)}", err=True)
    for name, text in getattr(error, "fields", {}).items():
        click.echo(f"  {name}: {words(text)}", err=True)
    return 1


def line(error: Exception) -> str:
    """What happened, in one line without an SQL statement or a traceback."""
    from sqlalchemy.exc import DBAPIError

    from suwen.kernel.errors import SuwenError
    from suwen.kernel.plugins.host import PluginError
    from suwen.kernel.settings import SettingsError

    if isinstance(error, SuwenError):
        return words(error.text)
    if isinstance(error, DBAPIError):
        return f"database: {_first_line(error.orig)}"
    if isinstance(error, SettingsError | PluginError | OSError | ValueError):
        return _first_line(error)
    return f"{type(error).__name__}: {_first_line(error)} ({TRACEBACK}=1 shows where)"


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def words(text: Any) -> str:
    """A message of the program in the terminal's language."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    if not locale.startswith("en") or str(text).isascii():
        return str(text.interpolate() if hasattr(text, "interpolate") else text)
    from pathlib import Path

    from pyramid.i18n import make_localizer
    from translationstring import TranslationString

    import suwen
    from suwen.kernel.i18n import DOMAIN

    if not isinstance(text, TranslationString):
        text = TranslationString(str(text), domain=DOMAIN)
    localizer = make_localizer("en", [str(Path(suwen.__file__).parent / "locale")])
    return str(localizer.translate(text))
