"""The only clock of the program."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day in China."""
    return now().astimezone(SHANGHAI).date()


def as_utc(value: datetime) -> datetime:
    """An aware moment in UTC; SQLite gives naive ones, which are UTC by our convention."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
