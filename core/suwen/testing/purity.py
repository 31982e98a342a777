"""Finding out whether a function that must be pure looks at the clock, at chance or outside."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from datetime import date
from types import FrameType, ModuleType
from typing import Any, Final

_OUTSIDE: Final = frozenset(
    {"time", "posix", "nt", "io", "_io", "_socket", "_ssl", "_sqlite3", "_posixsubprocess"}
)
_NOW: Final = frozenset({"now", "today", "utcnow"})


def impure_calls(function: Callable[[], object]) -> list[str]:
    """Names of calls of ``function`` that a pure function does not make, in order.

    Seen are clocks, random numbers, files, sockets, processes and SQLite, however they were
    imported. It is called once before, since what it loads at its first call is no impurity.
    """
    function()
    found: list[str] = []

    def watch(_frame: FrameType, event: str, arg: Any) -> None:
        if event == "c_call" and (name := _impurity(arg)):
            found.append(name)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        function()
    finally:
        sys.setprofile(before)
    return found


def _impurity(called: Any) -> str | None:
    owner = getattr(called, "__self__", None)
    name = getattr(called, "__name__", "?")
    if isinstance(owner, random.Random):
        return f"random.{name}"
    if isinstance(owner, type) and issubclass(owner, date):
        return f"{owner.__name__}.{name}" if name in _NOW else None
    module = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
    return f"{module}.{name}" if module in _OUTSIDE else None
