"""The ledger: entries posted a second, one transaction each, and entries proven a second.

Run:  python bench/books.py
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchlib import figure, site
from counting import local

from suwen.kernel import ids
from suwen.ledger.services import ledger

if TYPE_CHECKING:
    from benchlib import Site

ENTRIES = 400
ORDERS = 10_000


def measure(made: Site) -> None:
    with local(made) as here:
        house = here.house
        members = [ids.new_id() for _ in range(20)]
        start = time.perf_counter()
        for number in range(ENTRIES):
            one, other = members[number % 20], members[(number + 7) % 20]
            postings = [
                ("commission_expense", 300),
                (f"member.{one}.frozen", -200),
                (f"member.{other}.frozen", -100),
            ]
            here.statements.clear()
            with house.database.transaction() as db:
                ledger(house, db).post("bench", f"{ids.token()}", postings)
        rate, statements = ENTRIES / (time.perf_counter() - start), len(here.statements)
        with house.database.snapshot() as db:
            start = time.perf_counter()
            proof = ledger(house, db).verify()
            taken = time.perf_counter() - start
        assert proof.ok, proof.fault
    figure("ledger, posting", f"{rate:,.0f} entries/s in one process, {statements} SQL")
    figure("ledger, proving", f"{proof.entries / taken:,.0f} entries/s ({proof.entries:,} entries)")


def main() -> None:
    with site(products=20, orders=ORDERS) as made:
        measure(made)


if __name__ == "__main__":
    main()
