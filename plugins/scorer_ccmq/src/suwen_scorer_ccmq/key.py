"""The key: which item counts in which scale, in which direction, and where the cut-offs lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


class KeyDamaged(ValueError):
    """The key does not add up, so nothing may be scored with it."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One type. An item in ``reversed`` counts as the mirror of its answer, in this scale alone."""

    code: str
    titles: Mapping[str, str]
    items: tuple[int, ...]
    reversed: frozenset[int]
    answer_min: int
    answer_max: int

    @property
    def n(self) -> int:
        """Number of items, which is the divisor."""
        return len(self.items)

    @property
    def raws(self) -> range:
        """Every attainable raw sum."""
        return range(self.n * self.answer_min, self.n * self.answer_max + 1)

    def convert(self, raw: int) -> Fraction:
        """Raw sum on a scale of 0 to 100, exact: (raw - n) * 100 / (4 * n) for answers 1 to 5."""
        span = self.n * (self.answer_max - self.answer_min)
        return Fraction((raw - self.n * self.answer_min) * 100, span)

    def first_raw(self, cut_off: int) -> int:
        """Lowest raw sum whose converted score reaches ``cut_off``."""
        return next(raw for raw in self.raws if self.convert(raw) >= cut_off)


@dataclass(frozen=True, slots=True)
class Key:
    """The whole form. ``scales`` stand in the fixed type order, by which ties are broken.

    ``own_min`` is what the balanced type needs of its own; a biased type is likely from
    ``tendency_from`` and given from ``yes_from``; the balanced type compares the others with the
    same two lines.
    """

    form: str
    standard: str
    items: tuple[int, ...]
    scales: tuple[Scale, ...]
    balanced: Scale
    own_min: int
    tendency_from: int
    yes_from: int
    sexes: Mapping[int, tuple[str, ...]]
    answer_min: int
    answer_max: int

    @property
    def biased(self) -> tuple[Scale, ...]:
        """All scales but the balanced one."""
        return tuple(scale for scale in self.scales if scale is not self.balanced)


def load_key(data: Mapping[str, Any]) -> Key:
    """Build and check the key; raises ``KeyDamaged`` when a row or a scale is missing."""
    low, high = data["answer_min"], data["answer_max"]
    scales = tuple(_scale(row, low, high) for row in data["scales"])
    items = tuple(range(1, data["item_count"] + 1))
    _check(items, scales, data["scale_rows"])
    by_code = {scale.code: scale for scale in scales}
    return Key(
        form=data["form"],
        standard=data["standard"],
        items=items,
        scales=scales,
        balanced=by_code[data["balanced"]],
        **data["rules"],
        sexes={int(item): tuple(sexes) for item, sexes in data["sex_specific"].items()},
        answer_min=low,
        answer_max=high,
    )


def _scale(row: Mapping[str, Any], low: int, high: int) -> Scale:
    items = tuple(row["items"])
    mirrored = frozenset(row["reversed"])
    if len(items) != row["n"] or len(set(items)) != row["n"] or not mirrored <= set(items):
        raise KeyDamaged(f"scale {row['code']} does not hold its {row['n']} items")
    return Scale(row["code"], row["title"], items, mirrored, low, high)


def _check(items: tuple[int, ...], scales: tuple[Scale, ...], rows: int) -> None:
    if len({scale.code for scale in scales}) != len(scales):
        raise KeyDamaged("a scale is given twice")
    if sum(scale.n for scale in scales) != rows:
        raise KeyDamaged(f"the scales do not hold {rows} rows")
    if {item for scale in scales for item in scale.items} != set(items):
        raise KeyDamaged(f"the scales do not hold exactly the {len(items)} items")
