"""Generated sales: who buys what and when. They are paid over the counter of 岳阳."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from suwen.accounts.services import accounts
from suwen.catalog.lines import LineFact
from suwen.catalog.models import Product, Sku
from suwen.catalog.services import catalog
from suwen.demo.journeys import COUNTER
from suwen.demo.market import YUEYANG
from suwen.demo.people import staff_address
from suwen.demo.volume.books import Books
from suwen.demo.volume.chance import batches, chance, moment_of
from suwen.demo.volume.earnings import Chains, earned
from suwen.demo.volume.receipts import Counter, Sale, order_number, receipt
from suwen.distribution.models import Binding
from suwen.orders.models import Order
from suwen.payments.merchants import Merchants
from suwen.places.models import CollectionPoint

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.demo.volume.crowd import Crowd
    from suwen.kernel.house import House

_DAYS = 365


@dataclass(frozen=True, slots=True)
class Shop:
    """What all sales have in common. ``goods`` are single pieces."""

    counter: Counter
    goods: Sequence[LineFact]
    points: Sequence[int]
    chains: Chains


class Sales:
    """Makes what is missing of a seed."""

    def __init__(
        self, house: House, seed: int, crowd: Crowd, progress: Callable[[int], object]
    ) -> None:
        """Buyers come from ``crowd``."""
        self._house, self._seed, self._crowd, self._progress = house, seed, crowd, progress

    def make(self, wanted: int) -> int:
        """Have ``wanted`` orders; how many were made."""
        if not wanted:
            return 0
        with self._house.database.transaction() as db:
            standing = self._standing(db)
            shop = self._open(db)
        self._progress(min(standing, wanted))
        for numbers in batches(standing, wanted):
            sales = [self._sale(shop, number, wanted) for number in numbers]
            with self._house.database.transaction() as db:
                self._write(db, shop, sales)
            self._progress(len(numbers))
        return max(0, wanted - standing)

    def _standing(self, db: Session) -> int:
        first, end = order_number(self._seed, 0), order_number(self._seed, 999_999_999)
        query = select(func.count()).where(Order.number.between(first, end))
        return db.scalar(query) or 0

    def _open(self, db: Session) -> Shop:
        house = self._house
        cashier = accounts(house, db).find(staff_address("cashier"))
        points = select(CollectionPoint.id).where(CollectionPoint.region_code.startswith(YUEYANG))
        points = points.order_by(CollectionPoint.id)
        goods = self._goods(db)
        products = sorted({fact.product_id for fact in goods})
        item = house.host.gateways.get(COUNTER)
        return Shop(
            Counter(self._seed, Merchants(house, db).remember(item, YUEYANG), cashier or 0),
            goods,
            db.scalars(points).all(),
            Chains(house, db, catalog(house, db).categories_of(products)),
        )

    def _goods(self, db: Session) -> list[LineFact]:
        offered = catalog(self._house, db).offered_tests(YUEYANG)
        query = (
            select(Sku, Product)
            .join(Product, Product.id == Sku.product_id)
            .where(Sku.stock.is_(None), Sku.state == "on", Product.state == "published")
            .where(Product.test_type.in_(offered))
            .order_by(Sku.id)
        )
        return [_piece(sku, product) for sku, product in db.execute(query)]

    def _sale(self, shop: Shop, number: int, total: int) -> Sale:
        luck = chance(self._seed, "order", number)
        return Sale(
            number=number,
            moment=moment_of(number, total, _DAYS),
            buyer=luck.choice(self._crowd.members),
            lines=luck.sample(shop.goods, luck.choice((1, 1, 1, 2))),
            point_id=luck.choice(shop.points),
        )

    def _write(self, db: Session, shop: Shop, sales: Sequence[Sale]) -> None:
        books = Books(self._house.vault)
        rows: dict[Any, list[dict[str, Any]]] = {}
        for sale in sales:
            _collect(rows, receipt(shop.counter, sale, books))
            _collect(rows, earned(shop.chains, sale, books))
        for model, found in rows.items():
            db.execute(insert(model), found)
        books.write(db)
        _make_permanent(db, {sale.buyer: sale.moment for sale in sales})


def _collect(
    rows: dict[Any, list[dict[str, Any]]], more: Mapping[Any, Sequence[dict[str, Any]]]
) -> None:
    for model, found in more.items():
        if found:
            rows.setdefault(model, []).extend(found)


def _make_permanent(db: Session, buyers: Mapping[int, Any]) -> None:
    """The first paid order fixes the sponsor."""
    db.execute(
        update(Binding)
        .where(Binding.member_id.in_(buyers), Binding.permanent_at.is_(None))
        .values(permanent_at=max(buyers.values())),
        execution_options={"synchronize_session": False},
    )


def _piece(sku: Sku, product: Product) -> LineFact:
    return LineFact(
        sku_id=sku.id,
        product_id=product.id,
        product_name=product.name,
        product_slug=product.slug,
        sku_name=sku.name,
        test_type=product.test_type,
        quantity=1,
        price_fen=sku.price_fen,
        limited=False,
        overrides=product.reward_overrides,
    )
