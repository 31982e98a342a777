"""Scores as people read them; a verdict never comes from these."""

from __future__ import annotations

from fractions import Fraction

Number = int | float | Fraction


def one_decimal(value: Number) -> str:
    """A score with one decimal, halves up, worked out exactly: 56.25 reads 56.3.

    Table, chart and documents use this one function, so that they show the same figure.
    """
    tenths = (Fraction(value) * 20 + 1) // 2
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"
