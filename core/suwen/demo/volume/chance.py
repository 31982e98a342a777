"""Repeatable chance: the same for the same seed, kind and number, in whatever order it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from suwen.kernel import clock

BATCH: Final = 1000
"""Rows of a kind in one transaction."""


def chance(seed: int, kind: str, number: int) -> Random:
    """The generator of one row."""
    return Random(f"{seed}:{kind}:{number}")  # noqa: S311 - repeatable on purpose


def batches(first: int, end: int) -> Iterator[range]:
    """``first`` to ``end`` in pieces of one transaction each."""
    for start in range(first, end, BATCH):
        yield range(start, min(start + BATCH, end))


def moment_of(number: int, total: int, days: int) -> datetime:
    """A moment of the last ``days``: later numbers are later."""
    ago = timedelta(days=days) * (1 - (number + 1) / (total + 1))
    return clock.now() - ago
