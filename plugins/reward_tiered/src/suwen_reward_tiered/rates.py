"""Which rate counts: that of the SKU, else the product, else the category, else the scheme.

Rates are basis points. An override of 0 means 0; an absent one inherits from the next layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from suwen.hookspecs.reward import LineFact

BASIS: Final = 10_000
LEVELS: Final = (1, 2)

Rates = Mapping[int, int]
"""Basis points by level; a level that is absent inherits."""

_CATEGORY_LINE: Final = re.compile(
    r"(?P<id>\d{1,20})\s*[:：=]\s*(?P<one>\d{1,5}|-)\s*[,，\s]\s*(?P<two>\d{1,5}|-)", re.ASCII
)


class RateInvalid(ValueError):
    """An override or a category's rate is not a whole number of basis points from 0 to 10000."""


def key(level: int) -> str:
    """Name of a level's rate in settings and overrides."""
    return f"level{level}_bp"


def read(values: Mapping[str, Any]) -> Rates:
    """The rates that a layer names; raises ``RateInvalid``."""
    named = {level: values[key(level)] for level in LEVELS if values.get(key(level)) is not None}
    for rate in named.values():
        if type(rate) is not int or not 0 <= rate <= BASIS:
            raise RateInvalid(f"{rate!r} is not a rate in basis points")
    return named


def read_override(values: Mapping[str, Any], *others: str) -> Rates:
    """The rates that staff set for a product or SKU.

    Raises ``RateInvalid`` also for a name that is none: a slip of the pen must not pay the default.
    """
    unknown = set(values) - {*map(key, LEVELS), *others}
    if unknown:
        raise RateInvalid(f"unknown names in an override: {', '.join(sorted(unknown))}")
    return read(values)


def read_categories(text: str) -> Mapping[int, Rates]:
    """Rates by category id, one per line: ``id: level 1, level 2``; ``-`` inherits.

    Raises ``RateInvalid`` with the line that cannot be read.
    """
    found: dict[int, Rates] = {}
    for line in filter(None, (raw.strip() for raw in text.splitlines())):
        match = _CATEGORY_LINE.fullmatch(line)
        if match is None or int(match["id"]) in found:
            raise RateInvalid(line)
        named = {1: match["one"], 2: match["two"]}
        rates = {level: int(rate) for level, rate in named.items() if rate != "-"}
        if any(rate > BASIS for rate in rates.values()):
            raise RateInvalid(line)
        found[int(match["id"])] = rates
    return found


def of_line(line: LineFact, settings: Mapping[str, Any], categories: Mapping[int, Rates]) -> Rates:
    """The rate of every level for one line, before the cap; raises ``RateInvalid``."""
    per_sku = line.overrides.get("skus") or {}
    layers = (
        read_override(per_sku.get(str(line.sku_id)) or {}),
        read_override(line.overrides, "skus"),
        _lowest(categories[item] for item in line.category_ids if item in categories),
        read(settings),
    )
    return {level: _nearest(layers, level) for level in LEVELS}


def capped(rates: Rates, cap: int) -> Rates:
    """The rates under the cap of their sum. What is too much is taken from the upper level."""
    room = cap
    kept: dict[int, int] = {}
    for level in LEVELS:
        kept[level] = min(rates[level], room)
        room -= kept[level]
    return kept


def _lowest(found: Iterable[Rates]) -> Rates:
    """A product in several categories earns the lowest of their rates, whatever their order."""
    lowest: dict[int, int] = {}
    for rates in found:
        for level, rate in rates.items():
            lowest[level] = min(rate, lowest.get(level, rate))
    return lowest


def _nearest(layers: Iterable[Rates], level: int) -> int:
    return next((layer[level] for layer in layers if level in layer), 0)
