"""Generated data in any volume, for benchmarks and for pages that must stay fast when they grow.

What is asked for is a number altogether: asking again makes nothing, asking for more makes the
rest. A seed always makes the same products, members and purchases; ids and moments follow the
clock. Rows are written many at a time, without messages and audit events, but with books that
``suwen ledger verify`` proves like any others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suwen.demo.loading import refuse_production
from suwen.demo.volume.crowd import Crowd
from suwen.demo.volume.goods import Goods
from suwen.demo.volume.sales import Sales

if TYPE_CHECKING:
    from suwen.kernel.house import House

__all__ = ["Volume", "generate"]

ORDERS_A_MEMBER = 20

Progress = Callable[[int], object]
"""Told how many more rows of what was asked for are there."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How much there shall be of a seed. Orders need members: a twentieth of them at least."""

    products: int = 0
    categories: int = 0
    members: int = 0
    orders: int = 0
    seed: int = 1

    @property
    def buyers(self) -> int:
        """Members there must be."""
        return max(self.members, -(-self.orders // ORDERS_A_MEMBER))

    @property
    def total(self) -> int:
        """Everything asked for, as the length of a progress bar."""
        return self.categories + self.products + self.buyers + self.orders


def generate(
    house: House, volume: Volume, progress: Progress = lambda _count: None
) -> dict[str, int]:
    """Make what is missing; how many of each kind were made.

    Needs a wired house with the demonstration loaded. Raises ``NotDevelopment``.
    """
    refuse_production(house)
    goods = Goods(house, volume.seed, progress)
    crowd = Crowd(house, volume.seed, progress)
    return {
        "categories": goods.make_categories(volume.categories),
        "products": goods.make_products(volume.products),
        "members": crowd.make(volume.buyers),
        "orders": Sales(house, volume.seed, crowd, progress).make(volume.orders),
    }
