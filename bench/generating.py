"""Generated data: orders a second that ``suwen demo load --orders`` writes.

Run:  python bench/generating.py [ORDERS]
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from benchlib import figure, site
from counting import local

from suwen.demo import Volume, generate

if TYPE_CHECKING:
    from benchlib import Site

ORDERS = 5_000


def measure(made: Site, orders: int = ORDERS) -> None:
    with local(made) as here:
        generate(here.house, Volume(members=orders // 20, seed=2))
        start = time.perf_counter()
        generate(here.house, Volume(members=orders // 20, orders=orders, seed=2))
        taken = time.perf_counter() - start
    figure("generated orders", f"{orders / taken:,.0f}/s ({orders:,} orders)")


def main() -> None:
    with site(products=1000) as made:
        measure(made, int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS)


if __name__ == "__main__":
    main()
