"""The demonstration's group member: its seats, its roster, and tests that it ordered for some."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from suwen.accounts.models import Consent
from suwen.catalog.models import Product, Sku
from suwen.demo.market import YUEYANG
from suwen.groups.claims import GROUP_RESULTS
from suwen.groups.models import GroupSeat, RosterPerson
from suwen.groups.ordering import BulkWish
from suwen.groups.roster import Filters
from suwen.groups.services import claims, group
from suwen.kernel import clock, ids
from suwen.kernel.audit import Actor
from suwen.orders.intents import Takings
from suwen.orders.models import Intent
from suwen.orders.placing import Checkout
from suwen.orders.services import orders
from suwen.places.models import CollectionPoint

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.demo.people import People
    from suwen.kernel.house import House

PRODUCT: Final = "folate-metabolism"
SUBMISSION: Final = "demo-company-folate"
RECEIPT: Final = "DEMO-0009"
COUNTER: Final = "payment_offline"
HERSELF: Final = ("林晓禾", "1992-04-18", "女", "13800000012", "行政部", "QB-012")
"""Member C, who takes her place herself."""
ROSTER: Final = (
    HERSELF,
    ("程予安", "1984-02-11", "男", "13800000001", "总经办", "QB-001"),
    ("沈若岚", "1990-07-23", "女", "13800000002", "研发部", "QB-002"),
    ("顾明川", "1988-12-05", "男", "13800000003", "研发部", "QB-003"),
    ("唐思远", "1995-03-30", "男", "13800000004", "研发部", "QB-004"),
    ("陆青禾", "1993-09-14", "女", "13800000005", "研发部", "QB-005"),
    ("邵文博", "1979-06-18", "男", "13800000006", "工程部", "QB-006"),
    ("温书宁", "1991-01-27", "女", "13800000007", "工程部", "QB-007"),
    ("贺一鸣", "1986-10-09", "男", "13800000008", "工程部", "QB-008"),
    ("袁可欣", "1997-05-02", "女", "13800000009", "市场部", "QB-009"),
    ("蒋天佑", "1994-08-16", "男", "13800000010", "市场部", "QB-010"),
    ("范静姝", "1989-11-21", "女", "13800000011", "行政部", "QB-011"),
)
"""Invented people: name, birth date, sex, phone, department, number."""
_FIELDS: Final = ("name", "birth_date", "sex", "phone", "department", "number")


class Company:
    """Does what the company and its people do; what stands already is left alone."""

    def __init__(self, house: House, db: Session, people: People) -> None:
        """Act for ``people``."""
        self._house, self._db, self._people = house, db, people
        self._actor = Actor("member", people.group, region=YUEYANG)
        self._group = group(house, db, people.group, people.group)

    def work(self) -> None:
        """Seats, the roster, one paid order for five, one who took her place."""
        self._seat("a", "owner")
        self._seat("b", "staff")
        self._fill()
        self._claim()
        self._order()

    def _seat(self, key: str, role: str) -> None:
        member_id = self._people.chain[key]
        standing = select(GroupSeat.id).where(
            GroupSeat.group_id == self._people.group, GroupSeat.member_id == member_id
        )
        if self._db.scalar(standing) is None:
            self._db.add(
                GroupSeat(
                    id=ids.new_id(),
                    group_id=self._people.group,
                    member_id=member_id,
                    role=role,
                    state="active",
                    invited_by=self._people.group,
                    created_at=clock.now(),
                )
            )
            self._db.flush()

    def _fill(self) -> None:
        if self._db.scalar(
            select(RosterPerson.id).where(RosterPerson.group_id == self._people.group).limit(1)
        ):
            return
        for person in ROSTER:
            self._group.roster.add(dict(zip(_FIELDS, person, strict=True)), self._actor)

    def _claim(self) -> None:
        entries, _more = self._group.roster.page(Filters(name=HERSELF[0], claimed=False))
        if not entries:
            return
        member_id = self._people.chain["c"]
        herself = Actor("member", member_id, region=YUEYANG)
        place = claims(self._house, self._db).claim(
            entries[0].code, member_id, HERSELF[0], date.fromisoformat(HERSELF[1]), herself
        )
        given = select(Consent.id).where(
            Consent.purpose == GROUP_RESULTS, Consent.audience_id == place.group_id
        )
        if self._db.scalar(given) is None:
            service = claims(self._house, self._db)
            about = service.about()
            service.share(place.person_id, herself, version=about.version, shown=str(about.text))

    def _order(self) -> None:
        standing = select(Intent.id).where(
            Intent.member_id == self._people.group, Intent.submission == SUBMISSION
        )
        if self._db.scalar(standing) is not None:
            return
        chosen = [entry.id for entry in self._group.roster.page(Filters(), limit=20)[0]]
        wish = BulkWish(self._sku(), tuple(chosen[-5:]), "on_site", point_id=self._point())
        placed = self._group.bulk_orders.place(wish, Checkout(COUNTER, SUBMISSION), self._actor)
        if isinstance(placed, Intent):
            cashier = Actor("staff", self._people.staff["cashier"], region=YUEYANG)
            takings = Takings(placed.payable_fen, RECEIPT)
            orders(self._house, self._db).intents.confirm(placed.code, takings, cashier)

    def _sku(self) -> int:
        query = select(Sku.id).join(Product, Product.id == Sku.product_id)
        return self._db.scalars(query.where(Product.slug == PRODUCT).order_by(Sku.position)).all()[
            0
        ]

    def _point(self) -> int:
        query = select(CollectionPoint.id).where(CollectionPoint.region_code.startswith(YUEYANG))
        return self._db.scalars(query.order_by(CollectionPoint.id)).all()[0]
