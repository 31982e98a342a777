"""Everything that can be known before a sheet arrives, by raw sum.

The nine scales have 273 attainable raw sums in all, so scores, bands and order are worked out
exactly once, at load, and scoring a sheet is additions and look-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter

from suwen.hookspecs.questionnaire import ScaleScore
from suwen_scorer_ccmq.key import Key, Scale
from suwen_scorer_ccmq.rules import MOSTLY, NO, VERDICT_OF_BAND, YES, Band, band_of

TITLE_LOCALE = "zh_CN"


@dataclass(frozen=True, slots=True)
class Cell:
    """A biased type at one raw sum; ``rank`` orders cells as their converted scores do."""

    code: str
    score: ScaleScore
    band: Band
    rank: int


@dataclass(frozen=True, slots=True)
class BalancedCell:
    """The balanced type at one raw sum, with its score under each verdict."""

    own: bool
    scores: Mapping[str, ScaleScore]


def reader(scale: Scale, key: Key) -> Callable[[bytes], tuple[int, ...]]:
    """Picks a scale's answers out of a sheet that is followed by its own mirror."""
    size = len(key.items)
    places = [item - 1 + (size if item in scale.reversed else 0) for item in scale.items]
    read: Callable[[bytes], tuple[int, ...]] = itemgetter(*places)
    return read


def biased_cells(scale: Scale, key: Key) -> dict[int, Cell]:
    """All cells of a biased type."""
    ranks = _ranks(key)
    cut_offs = (scale.first_raw(key.tendency_from), scale.first_raw(key.yes_from))
    cells = {}
    for raw in scale.raws:
        converted = scale.convert(raw)
        band = band_of(converted, key)
        score = _score(scale, raw, VERDICT_OF_BAND[band], cut_offs)
        cells[raw] = Cell(scale.code, score, band, ranks[converted])
    return cells


def balanced_cells(key: Key) -> dict[int, BalancedCell]:
    """All cells of the balanced type."""
    scale = key.balanced
    enough = scale.first_raw(key.own_min)
    return {
        raw: BalancedCell(
            own=raw >= enough,
            scores={text: _score(scale, raw, text, (enough,)) for text in (YES, MOSTLY, NO)},
        )
        for raw in scale.raws
    }


def _score(scale: Scale, raw: int, verdict: str, cut_offs: tuple[int, ...]) -> ScaleScore:
    distance = next((line - raw for line in cut_offs if raw < line), None)
    title = scale.titles[TITLE_LOCALE]
    return ScaleScore(scale.code, title, raw, scale.convert(raw), verdict, distance)


def _ranks(key: Key) -> dict[Fraction, int]:
    # Never by raw sum: 24 of 8 items, 21 of 7 and 18 of 6 are all exactly 50.
    values = {scale.convert(raw) for scale in key.biased for raw in scale.raws}
    return {value: rank for rank, value in enumerate(sorted(values))}
