"""What every family shares: how a plugin describes itself and what a call is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What a plugin package says of itself: the value of its module's ``plugin_info``.

    ``id`` equals the entry-point name and prefixes tables, routes, settings and template folders.
    ``requires_suwen`` is a PEP 440 range of core versions, for example ``">=0.1,<0.2"``.
    ``personal_columns`` names ``table.column`` of every personal datum the plugin stores; a plugin
    that declares some must implement ``suwen_personal_data`` or it cannot be enabled.
    ``migrations`` is an importable package folder with the plugin's own Alembic versions.
    """

    id: str
    title: str
    family: str
    description: str = ""
    requires_suwen: str = ">=0.1,<0.2"
    personal_columns: tuple[str, ...] = ()
    migrations: str | None = None
    data_leaves_country: bool = False
    default_enabled: bool = True
    """Whether demonstration data and new regions start with it enabled."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding of a self-test: ``level`` is ``error`` or ``warning``; the text is for staff."""

    level: str
    text: str
    field: str | None = None


class HttpTransport(Protocol):
    """The one way out of the house: bounded, without redirects, to allow-listed hosts only."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout_s: float = 8.0,
    ) -> HttpResponse:
        """Send and return the answer; raises ``NotSent`` or ``NoAnswer``."""
        ...


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A provider's answer as received: raw bytes, headers with lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class NotSent(Exception):
    """Proved unsent (connection refused, name unknown): safe to try again."""


class NoAnswer(Exception):
    """Sent, but no answer was read: the outcome is unknown."""


@dataclass(frozen=True, slots=True)
class PluginContext:
    """What a plugin's object is given with each call.

    ``settings`` are the validated values of its ``settings_schema`` for the region; secrets are
    plain here and must never be logged. ``now`` is the only clock.
    """

    region: str
    settings: Mapping[str, Any] = field(repr=False)
    now: Callable[[], datetime]
    transport: HttpTransport
    environment: str = "production"
    locale: str = "zh_CN"
    extra: Mapping[str, Any] = field(default_factory=dict)
