"""Identifiers made by the program, so that a whole order is written without asking the database.

An id is 41 bits of milliseconds since 2024 and 22 bits that start at random and count up within
one process: ordered by time, unique within a process, and good as a keyset cursor.
"""

from __future__ import annotations

import secrets
import threading

from suwen.kernel.clock import now

_EPOCH_MS = 1_704_067_200_000
_RANDOM_BITS = 22


class IdMaker:
    """Strictly increasing 63-bit ids."""

    def __init__(self) -> None:
        """Start below every id of the present."""
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> int:
        """The next id."""
        moment = int(now().timestamp() * 1000) - _EPOCH_MS
        candidate = (moment << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            self._last = max(self._last + 1, candidate)
            return self._last


new_id = IdMaker().new

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def code(length: int) -> str:
    """A random code of Crockford's alphabet, good to read aloud (5 bits a character)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def number(prefix: str) -> str:
    """A public number such as ``SW2026112408KX3M7Q``: prefix, day and hour, then 8 characters."""
    return f"{prefix}{now():%Y%m%d%H}{code(8)}"


def token() -> str:
    """An unguessable token of 256 bits."""
    return secrets.token_urlsafe(32)


_DIGITS = 19
_LARGEST = 2**63 - 1


def parse(text: str | None) -> int | None:
    """An id or cursor as it stands in an address or a form; None when it is not one."""
    if not text or not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if number <= _LARGEST else None
