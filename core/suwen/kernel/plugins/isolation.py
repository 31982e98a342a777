"""Calling a plugin where only a part of a page depends on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


def isolated(plugin: str, what: str, call: Callable[[], T], fallback: T) -> T:
    """The call's answer, or ``fallback`` when the plugin raises; the page goes on without it.

    Never for money: there a failure must be decided, not replaced.
    """
    try:
        return call()
    except Exception:
        log.exception("plugin.call_failed", plugin=plugin, what=what)
        return fallback
