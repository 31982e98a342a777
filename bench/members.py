"""What 100,000 members cost the pages about members that 1,000 do not: statements and time.

Medians of warm requests in one process, small and large asked in turn. The goal is a factor of two and
the same statements. Filling the large one takes minutes.  Run:  python bench/members.py [MEMBERS]
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchlib import figure, say, site
from counting import local
from sqlalchemy import select, text
from webob import Request

from suwen.accounts.models import Member
from suwen.accounts.people.finding import look
from suwen.accounts.services import accounts
from suwen.demo.people import staff_address
from suwen.demo.volume.crowd import NAMES, name_of
from suwen.kernel.sessions import Device

if TYPE_CHECKING:
    from benchlib import Site
    from counting import Local

FEW = 1000
MANY = 100_000
ROUNDS = 40
WARM = 5
GOAL = 2.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its query; ``{…}`` stands for what each site has of its own."""

    name: str
    path: str


PAGES = (
    Page("list", "/admin/members"),
    Page("list, second page", "/admin/members?cursor={cursor}"),
    Page("tab individuals", "/admin/members?tab=individual"),
    Page("tab groups", "/admin/members?tab=group"),
    Page("tab staff", "/admin/members?tab=staff"),
    Page("tab disabled", "/admin/members?tab=disabled"),
    Page("tab merged or erased", "/admin/members?tab=gone"),
    Page("filter role", "/admin/members?role=finance"),
    Page("filter kind", "/admin/members?kind=group"),
    Page("filter region", "/admin/members?region=4306"),
    Page("filter default region", "/admin/members?region=100000"),
    Page("filter branch", "/admin/members?branch=none"),
    Page("filter state", "/admin/members?state=locked"),
    Page("filter days", "/admin/members?since={since}&until={since}"),
    Page("filter old days", "/admin/members?until={since}"),
    Page("filter tag", "/admin/members?tag=%E5%9B%9E%E8%AE%BF"),
    Page("filter second factor", "/admin/members?second_factor=true"),
    Page(
        "filters together", "/admin/members?kind=individual&state=active&region=4306&since={since}"
    ),
    Page("search e-mail", "/admin/members?look={email}"),
    Page("search last digits", "/admin/members?look={tail}"),
    Page("search name", "/admin/members?look={name}"),
    Page("search id", "/admin/members?look=id.{id}"),
    Page("search nobody", "/admin/members?look={nobody}"),
    Page("member", "/admin/members/{id}"),
)


@dataclass(slots=True)
class Visitor:
    """An administrator at one of the sites."""

    here: Local
    headers: dict[str, str]
    own: dict[str, str]

    def once(self, page: Page) -> tuple[float, int]:
        """Milliseconds and statements of one request."""
        request = Request.blank(page.path.format(**self.own), headers=self.headers)
        self.here.statements.clear()
        start = time.perf_counter()
        response = request.get_response(self.here.app)
        taken = (time.perf_counter() - start) * 1000
        assert response.status_code == 200, (page.name, response.status, response.text[:300])
        return taken, len(self.here.statements)


def visit(here: Local, count: int) -> Visitor:
    """Sign in, and find what the pages ask for."""
    vault = here.house.vault
    with here.house.database.transaction() as db:
        db.execute(text("ANALYZE"))
        service = accounts(here.house, db)
        staff = service.find(staff_address("administrator"))
        assert staff is not None
        cookie = service.open_browser_session(staff, Device())
        middle = count // 2 // NAMES * NAMES + NAMES
        address = f"g1-{middle:07d}@generated.suwen.example"
        found = service.find(address)
        assert found is not None
        member = db.scalars(select(Member).where(Member.id == found)).one()
        since = member.created_at.date().isoformat()
    own = {
        "email": str(look(vault, address)),
        "tail": str(look(vault, f"{middle % 10000:04d}")),
        "name": str(look(vault, name_of(middle))),
        "nobody": str(look(vault, "没有这个人")),
        "id": str(found),
        "since": since,
    }
    headers = {"Cookie": f"dev-session={cookie}"}
    first = Request.blank("/admin/members", headers=headers).get_response(here.app)
    own["cursor"] = first.text.partition("cursor=")[2].partition('"')[0]
    return Visitor(here, headers, own)


def compare(small: Site, large: Site, few: int, many: int) -> int:
    """Print a line a page; how many missed the goal."""
    missed = 0
    with local(small) as little, local(large) as much:
        visitors = (visit(little, few), visit(much, many))
        for page in PAGES:
            times: list[list[float]] = [[], []]
            statements = [0, 0]
            for _ in range(ROUNDS):
                for place, visitor in enumerate(visitors):
                    taken, statements[place] = visitor.once(page)
                    times[place].append(taken)
            one, other = (statistics.median(found[WARM:]) for found in times)
            good = other / one <= GOAL and statements[0] == statements[1]
            missed += not good
            figure(
                f"{page.name}, {few:,} and {many:,} members",
                f"{one:.1f} ms -> {other:.1f} ms, factor {other / one:.2f}, "
                f"{statements[0]} -> {statements[1]} SQL{'' if good else '  MISSED'}",
            )
    return missed


def main() -> int:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with ExitStack() as stack:
        small = stack.enter_context(site(products=20, members=FEW))
        large = stack.enter_context(site(products=20, members=many))
        missed = compare(small, large, FEW, many)
    say(f"{missed} of {len(PAGES)} pages missed the goal")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
