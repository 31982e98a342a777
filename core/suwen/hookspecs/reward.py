"""Reward schemes (返现方案): who earns what when an order is paid.

A scheme is a pure function over frozen facts. Rates are basis points (800 = 8 %), amounts fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from suwen import hookspec
from suwen.hookspecs.common import Problem


@dataclass(frozen=True, slots=True)
class SchemeInfo:
    """Code and version are stored with every line, so that it can be replayed."""

    code: str
    title: str
    version: str
    max_levels: int = 2


@dataclass(frozen=True, slots=True)
class LineFact:
    """One order line: its reward base after discounts, freight and balance are taken off."""

    line_id: int
    sku_id: int
    product_id: int
    quantity: int
    base_fen: int
    category_ids: tuple[int, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Per-product and per-SKU settings of this scheme, as staff entered them."""


@dataclass(frozen=True, slots=True)
class UplineFact:
    """A member above the buyer. ``level`` 1 is the direct sponsor. ``state`` is ``joined``,
    ``not_joined``, ``suspended`` or ``closed``.
    """

    level: int
    member_id: int
    state: str


@dataclass(frozen=True, slots=True)
class RewardFacts:
    """Everything a scheme may know, frozen when the order is placed."""

    region: str
    buyer_id: int
    lines: tuple[LineFact, ...]
    uplines: tuple[UplineFact, ...]
    first_paid_order: bool = False


@dataclass(frozen=True, slots=True)
class RewardLine:
    """One commission. ``amount_fen`` = floor(base × rate / 10000); the remainder is kept.

    ``beneficiary_id`` None means the house keeps it; ``reason_codes`` say why.
    """

    line_id: int
    level: int
    beneficiary_id: int | None
    base_fen: int
    rate_bp: int
    amount_fen: int
    remainder: int = 0
    flat_fen: int = 0
    reason_codes: tuple[str, ...] = ()


@runtime_checkable
class RewardScheme(Protocol):
    """A versioned scheme; deterministic and free of clocks and databases."""

    info: SchemeInfo
    settings_schema: type

    def compute(self, facts: RewardFacts, settings: Mapping[str, Any]) -> Sequence[RewardLine]:
        """Commissions of an order. Their sum never exceeds the base nor the cap."""
        ...

    def standing(self, line: RewardLine, remaining_base_fen: int) -> int:
        """Fen of ``line`` that still stand when only this much of its base is left (refunds)."""
        ...

    def explain(self, line: RewardLine, locale: str) -> str:
        """The rule in words, without naming buyer, product or base."""
        ...

    def check(self, settings: Mapping[str, Any]) -> Sequence[Problem]:
        """Compliance findings; an ``error`` refuses activation and names the article of law."""
        ...


@hookspec
def suwen_reward_schemes() -> Sequence[RewardScheme]:  # type: ignore[empty-body]
    """Register reward schemes. Called once at start-up; a code registered twice is an error."""
