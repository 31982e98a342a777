from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from suwen.testing.purity import impure_calls


@pytest.mark.parametrize(
    "call",
    [
        time.time,
        time.monotonic,
        datetime.now,
        lambda: datetime.now(UTC),
        random.random,
        lambda: random.Random(1).random(),
        uuid.uuid4,
        lambda: Path(__file__).read_text(encoding="utf-8"),
    ],
)
def test_impure_calls_are_seen(call):
    assert impure_calls(call)


def test_pure_calls_are_not_blamed():
    def pure():
        return sorted(Fraction(n, 7) for n in range(9)), datetime(2026, 1, 1, tzinfo=UTC).year

    assert not impure_calls(pure)
