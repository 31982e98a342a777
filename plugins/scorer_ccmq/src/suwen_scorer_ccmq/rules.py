"""The decision rules of ZYYXH/T157-2009, on converted scores alone.

Comparisons are exact: on a scale of seven items the raw sum 18 is 39.2857, which is likely and not
given; rounding up would name a type that the standard does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

from suwen_scorer_ccmq.key import Key

YES, MOSTLY, LIKELY, NO = "是", "基本是", "倾向是", "否"


class Band(IntEnum):
    """Where the score of a biased type lies."""

    NO = 0
    LIKELY = 1
    YES = 2


VERDICT_OF_BAND = {Band.NO: NO, Band.LIKELY: LIKELY, Band.YES: YES}
# Verdict on the balanced type whose own score suffices, by the highest band of the others.
BALANCED_BY_WORST = {Band.NO: YES, Band.LIKELY: MOSTLY, Band.YES: NO}


@dataclass(frozen=True, slots=True)
class Decision:
    """Verdict per type in type order, the types named, the likely ones, and the status."""

    verdicts: Mapping[str, str]
    types: tuple[str, ...]
    tendencies: tuple[str, ...]
    status: str


def band_of(converted: Fraction | int, key: Key) -> Band:
    """Band of a biased type's converted score."""
    if converted >= key.yes_from:
        return Band.YES
    return Band.LIKELY if converted >= key.tendency_from else Band.NO


def balanced_verdict(*, own: bool, worst: Band) -> str:
    """Verdict on the balanced type: ``own`` says whether its own score suffices."""
    return BALANCED_BY_WORST[worst] if own else NO


def status_of(balanced: str, worst: Band) -> str:
    """Status of the whole sheet.

    When nobody reaches a line the standard is silent: no type is named, least of all the highest.
    """
    if balanced == YES:
        return "balanced"
    if balanced == MOSTLY:
        return "mostly_balanced"
    return {Band.YES: "biased", Band.LIKELY: "tendency_only", Band.NO: "undetermined"}[worst]


def decide(converted: Mapping[str, Fraction | int], key: Key) -> Decision:
    """Verdicts, types and status for one converted score per scale."""
    codes = [scale.code for scale in key.biased]
    bands = {code: band_of(converted[code], key) for code in codes}
    worst = max(bands.values())
    own = converted[key.balanced.code] >= key.own_min
    balanced = balanced_verdict(own=own, worst=worst)
    verdicts = {key.balanced.code: balanced}
    verdicts |= {code: VERDICT_OF_BAND[bands[code]] for code in codes}
    # sorted() is stable in reverse too: equal scores keep the fixed type order.
    ordered = sorted(codes, key=lambda code: converted[code], reverse=True)
    named: Sequence[str] = [code for code in ordered if bands[code] is Band.YES]
    if balanced != NO:
        named = [key.balanced.code]
    return Decision(
        verdicts={scale.code: verdicts[scale.code] for scale in key.scales},
        types=tuple(named),
        tendencies=tuple(code for code in ordered if bands[code] is Band.LIKELY),
        status=status_of(balanced, worst),
    )
