"""Strict reading of what the provider sends: integers are integers, text is text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

MAX_FEN: Final = 10**12


class Malformed(ValueError):
    """The content is not what the provider's document says; names the field, never its value."""


def _refuse(_text: str) -> Any:
    raise Malformed("NaN and infinities are no JSON")


def load_object(raw: bytes) -> Mapping[str, Any]:
    """A JSON object. What must be a whole number is asked where it is read, not everywhere."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Malformed("not a JSON text") from None
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A required object inside an object."""
    value = payload.get(name)
    if not isinstance(value, dict):
        raise Malformed(f"{name} is missing")
    return value


def text(payload: Mapping[str, Any], name: str) -> str:
    """A required word of visible ASCII: a number, a state, an address."""
    value = optional(payload, name)
    if value is None:
        raise Malformed(f"{name} is missing")
    return value


def optional(payload: Mapping[str, Any], name: str) -> str | None:
    """The same, where it may be missing or empty."""
    value = payload.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise Malformed(f"{name} is not a plain text")
    return value


def fen(payload: Mapping[str, Any], name: str) -> int:
    """A required amount in fen; neither a boolean nor a fraction passes for one."""
    value = payload.get(name)
    if type(value) is not int or not 0 <= value <= MAX_FEN:
        raise Malformed(f"{name} is not an amount in fen")
    return value


def moment(payload: Mapping[str, Any], name: str) -> datetime | None:
    """An optional RFC 3339 time, in UTC."""
    value = payload.get(name)
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Malformed(f"{name} is not a time") from None
    if found.tzinfo is None:
        raise Malformed(f"{name} has no offset")
    return found.astimezone(UTC)
