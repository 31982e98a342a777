"""What the demonstration's members have done: orders, a report, an opening balance.

Orders are paid over the counter of 岳阳, which is the program's own way of taking money without a
network: an intent, confirmed by the cashier. Each has a fixed ``submission``, so that loading again
finds it instead of making another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from suwen.accounts.services import accounts
from suwen.archives.models import ArchiveRecord
from suwen.archives.services import importing
from suwen.catalog.models import Product, Sku
from suwen.demo import files
from suwen.demo.market import YUEYANG
from suwen.hookspecs.archive import Upload
from suwen.kernel.audit import Actor
from suwen.ledger.accounts import member_account
from suwen.ledger.services import ledger
from suwen.orders.intents import Takings
from suwen.orders.models import Intent, Order, OrderLine, OrderRefund
from suwen.orders.placing import Checkout
from suwen.orders.quoting import Wish
from suwen.orders.services import orders
from suwen.places.models import CollectionPoint
from suwen.questionnaires.models import Result
from suwen.questionnaires.services import Submission, questionnaires

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.demo.people import People
    from suwen.kernel.house import House

COUNTER: Final = "payment_offline"
OPENING_FEN: Final = 500_00
OPENING_MEMO: Final = "演示数据：期初余额"


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase of a member of the chain. ``receipt`` is empty while the cashier waits."""

    name: str
    buyer: str
    product: str
    sku: int = 0
    mail: bool = False
    receipt: str = ""

    @property
    def submission(self) -> str:
        """What makes it one purchase however often it is loaded."""
        return f"demo-{self.name}"


REPORTED: Final = Purchase("c-folate", "c", "folate-metabolism", receipt="DEMO-0001")
RETURNED: Final = Purchase("a-sport", "a", "sport-traits", receipt="DEMO-0004")
USUAL_ANSWERS: Final = (0, 1, 0, 2, 1, 0, 1)
"""Places in the form's scale, repeated over its items: somebody who is well most of the time."""
PURCHASES: Final = (
    REPORTED,
    Purchase("c-medication", "c", "medication-safety", sku=1, mail=True, receipt="DEMO-0002"),
    Purchase("b-nutrition", "b", "nutrition-profile", receipt="DEMO-0003"),
    RETURNED,
    Purchase("c-chronic", "c", "chronic-risk"),
)


class Journeys:
    """Lives the members' lives."""

    def __init__(self, house: House, db: Session, people: People) -> None:
        """Act for ``people``."""
        self._house, self._db, self._people = house, db, people
        self._orders = orders(house, db)

    def _member(self, key: str) -> Actor:
        return Actor("member", self._people.chain[key], region=YUEYANG)

    def _staff(self, role: str) -> Actor:
        return Actor("staff", self._people.staff[role], region=YUEYANG)

    def open_balance(self) -> None:
        """Give the last of the chain something to spend: a grant, charged to commissions."""
        member_id = self._people.chain["c"]
        postings = [
            ("commission_expense", OPENING_FEN),
            (member_account(member_id, "available"), -OPENING_FEN),
        ]
        ledger(self._house, self._db).post(
            "demo_opening", str(member_id), postings, memo=OPENING_MEMO
        )

    def buy(self) -> None:
        """All purchases; one of the paid ones asks for its money back."""
        for purchase in PURCHASES:
            placed = self._place(purchase)
            if isinstance(placed, Intent) and placed.state == "waiting" and purchase.receipt:
                takings = Takings(placed.payable_fen, purchase.receipt)
                self._orders.intents.confirm(placed.code, takings, self._staff("cashier"))
        self._ask_back(self._order(RETURNED))

    def _place(self, purchase: Purchase) -> Order | Intent | None:
        member_id = self._people.chain[purchase.buyer]
        standing = select(Intent).where(
            Intent.member_id == member_id, Intent.submission == purchase.submission
        )
        found = self._db.scalars(standing).first()
        if found is not None:
            return found
        quote = self._orders.quoting.quote(self._wish(purchase, member_id))
        checkout = Checkout(COUNTER, purchase.submission)
        return self._orders.placing.place(quote, checkout, self._member(purchase.buyer))

    def _wish(self, purchase: Purchase, member_id: int) -> Wish:
        items = ((self._sku(purchase), 1),)
        if not purchase.mail:
            return Wish(member_id, items, "on_site", point_id=self._point())
        book = accounts(self._house, self._db).addresses(member_id)
        return Wish(member_id, items, "mail", address_id=book.all()[0].id)

    def _sku(self, purchase: Purchase) -> int:
        query = (
            select(Sku.id)
            .join(Product, Product.id == Sku.product_id)
            .where(Product.slug == purchase.product)
            .order_by(Sku.position)
        )
        return self._db.scalars(query).all()[purchase.sku]

    def _point(self) -> int:
        query = select(CollectionPoint.id).where(CollectionPoint.region_code.startswith(YUEYANG))
        return self._db.scalars(query.order_by(CollectionPoint.id)).all()[0]

    def _order(self, purchase: Purchase) -> Order:
        query = select(Order).where(
            Order.member_id == self._people.chain[purchase.buyer],
            Order.submission == purchase.submission,
        )
        return self._db.scalars(query).one()

    def _ask_back(self, order: Order) -> None:
        asked = select(OrderRefund.id).where(OrderRefund.order_id == order.id)
        if self._db.scalar(asked) is None:
            self._orders.refunds.request(order, "行程有变，暂不检测", [], self._member("a"))

    def release_report(self) -> None:
        """Import the sample report for its order and let a second person release it."""
        order = self._order(REPORTED)
        line = select(OrderLine.id).where(OrderLine.order_id == order.id)
        known = select(ArchiveRecord.id).where(ArchiveRecord.order_line_id.in_(line))
        if self._db.scalar(known) is not None:
            return
        service = importing(self._house, self._db)
        upload = Upload("叶酸代谢基因检测报告（演示）.pdf", files.sample_report())
        target = service.target(order.number, None)
        record = service.import_report(target, upload, self._staff("laboratory"))
        service.release(record, self._staff("expert"))

    def assess(self) -> None:
        """Answer the region's questionnaire once."""
        member_id = self._people.chain["c"]
        service = questionnaires(self._house, self._db)
        offered = service.offered(YUEYANG, service.respondent(member_id))
        known = select(Result.id).where(Result.member_id == member_id).limit(1)
        if not offered or self._db.scalar(known) is not None:
            return
        form = offered[0].form
        values = sorted(option.value for option in form.options)
        answers = {
            item.id: values[USUAL_ANSWERS[place % len(USUAL_ANSWERS)]]
            for place, item in enumerate(form.items)
        }
        service.respond(member_id, YUEYANG, form.code, Submission(answers), self._member("c"))
