from __future__ import annotations

from fractions import Fraction

import pytest

from suwen.questionnaires.figures import one_decimal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (100, "100.0"),
        (Fraction("56.25"), "56.3"),
        (Fraction("53.125"), "53.1"),
        (Fraction(1100, 28), "39.3"),
        (Fraction(175, 6), "29.2"),
        (Fraction("0.05"), "0.1"),
        (Fraction("0.049"), "0.0"),
        (62.5, "62.5"),
        (Fraction("-1.2"), "-1.2"),
    ],
)
def test_one_decimal(value, text):
    assert one_decimal(value) == text
