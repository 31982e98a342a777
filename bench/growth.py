"""What growth costs a page: the same pages on a small shop and on one a hundred times as large.

Medians of warm requests in one process, small and large asked in turn; the catalogue's cache is emptied
before each, as after a change. The goal is a factor of two.
Filling the large one takes minutes.  Run:  python bench/growth.py [FACTOR]
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchlib import figure, site
from counting import local
from sqlalchemy import func, select
from webob import Request

from suwen.accounts.services import accounts
from suwen.demo.people import staff_address
from suwen.distribution.models import CommissionLine
from suwen.kernel.sessions import Device
from suwen.orders.models import Order

if TYPE_CHECKING:
    from benchlib import Site
    from counting import Local

PRODUCTS, MEMBERS, ORDERS = 30, 200, 1000
FACTOR = 100
ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Page:
    """An address, and as whom it is asked for: nobody, ``buyer``, ``earner`` or a staff role."""

    name: str
    path: str
    who: str = ""


PAGES = (
    Page("listing page", "/products"),
    Page("search", "/api/v1/products?q=%E5%8F%B6%E9%85%B8"),
    Page("product page", "/products/medication-safety"),
    Page("own orders", "/api/v1/orders", "buyer"),
    Page("own commissions", "/api/v1/me/commissions", "earner"),
    Page("own account", "/api/v1/me/account", "earner"),
    Page("orders for staff", "/admin/orders", "administrator"),
    Page("payments for staff", "/admin/payments", "finance"),
)


def headers(here: Local) -> dict[str, dict[str, str]]:
    """Who asks: the member with the most orders, the one with the most commissions, staff."""
    most = func.count().desc()
    buyer = select(Order.member_id).group_by(Order.member_id).order_by(most, Order.member_id)
    earner = select(CommissionLine.beneficiary_id).group_by(CommissionLine.beneficiary_id)
    earner = earner.order_by(most, CommissionLine.beneficiary_id)
    found: dict[str, dict[str, str]] = {"": {}}
    with here.house.database.transaction() as db:
        service = accounts(here.house, db)
        for name, query in (("buyer", buyer), ("earner", earner)):
            member = db.scalars(query.limit(1)).one()
            token = service.tokens.sign_in(member, Device()).access_token
            found[name] = {"Authorization": f"Bearer {token}"}
        for role in ("administrator", "finance"):
            member = service.find(staff_address(role))
            assert member is not None
            cookie = service.open_browser_session(member, Device())
            found[role] = {"Cookie": f"dev-session={cookie}"}
    return found


def once(here: Local, page: Page, who: dict[str, str]) -> float:
    """Milliseconds of one request with nothing of the catalogue cached."""
    catalog_cache = here.house.ports.get("catalog.cache")
    if catalog_cache is not None:
        catalog_cache.drop()
    request = Request.blank(page.path, headers=who)
    start = time.perf_counter()
    response = request.get_response(here.app)
    taken = (time.perf_counter() - start) * 1000
    assert response.status_code == 200, (page.path, response.status, response.text[:300])
    return taken


def compare(small: Site, large: Site, factor: int) -> None:
    with local(small) as little, local(large) as much:
        known = [(here, headers(here)) for here in (little, much)]
        for page in PAGES:
            times: list[list[float]] = [[], []]
            for _ in range(ROUNDS):
                for place, (here, who) in enumerate(known):
                    times[place].append(once(here, page, who[page.who]))
            one, other = (statistics.median(found[5:]) for found in times)
            figure(
                f"{page.name}, {factor}x the rows",
                f"{one:.1f} ms -> {other:.1f} ms, factor {other / one:.2f}",
            )


def main() -> None:
    factor = int(sys.argv[1]) if len(sys.argv) > 1 else FACTOR
    counts = {"products": PRODUCTS, "members": MEMBERS, "orders": ORDERS}
    with ExitStack() as stack:
        small = stack.enter_context(site(**counts))
        large = stack.enter_context(site(**{name: n * factor for name, n in counts.items()}))
        compare(small, large, factor)


if __name__ == "__main__":
    main()
