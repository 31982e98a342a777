"""The catalogue as visitors see it, and what an order takes from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, or_, select

from suwen.catalog.lines import MAX_QUANTITY, LineFact, give_back, line_of, take_stock
from suwen.catalog.models import FACETS, Category, Product, ProductCategory, ProductTag, Sku
from suwen.kernel import clock, ids
from suwen.kernel.cache import VersionedCache, bump, versions_of
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.archive import TestType
    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered, TypedRegistry
    from suwen.kernel.plugins.switch import Switch

PAGE = 20

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the visitor narrowed the list to."""

    category: str | None = None
    tag: str | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of products and the cursor of the next."""

    items: Sequence[Row]
    next_cursor: str | None


class CatalogService:
    """Reads cached rows for what everybody sees; stock is always read fresh."""

    def __init__(
        self,
        db: Session,
        switch: Switch,
        test_types: TypedRegistry[TestType],
        cache: VersionedCache,
    ) -> None:
        """``cache`` is the process's own and follows the versions catalog and plugins."""
        self._db = db
        self._switch = switch
        self.test_types = test_types
        self._cache = cache

    def offered_tests(self, region: str) -> Mapping[str, Registered[TestType]]:
        """Test types that the region has switched on, by code."""
        offering = self._switch.offering(self._db, region)
        return {item.code: item for item in offering.of(self.test_types)}

    def list_products(
        self, region: str, filters: Filters, cursor: str | None = None, limit: int = PAGE
    ) -> Page:
        """Published products whose test the region offers, in the order staff gave them."""
        key = ("list", region, filters, cursor, limit)
        page: Page = self._cached(key, lambda: self._list(region, filters, cursor, limit))
        return page

    def _cached(self, key: Any, load: Any) -> Any:
        return self._cache.get(versions_of(self._db), key, load)

    def _list(self, region: str, filters: Filters, cursor: str | None, limit: int) -> Page:
        tests = self.offered_tests(region)
        query = (
            select(Product)
            .where(Product.state == "published", Product.test_type.in_(tests))
            .order_by(Product.rank.desc())
            .limit(limit + 1)
        )
        query = _narrow(query, filters)
        if cursor is not None:
            query = query.where(Product.rank < (ids.parse(cursor) or 0))
        products = self._db.scalars(query).all()
        more = len(products) > limit
        products = products[:limit]
        found = [product.id for product in products]
        skus, tags = self._skus(found), self._tags(found)
        items = [
            self._row(p, skus.get(p.id, []), tags.get(p.id, []), tests[p.test_type].obj)
            for p in products
        ]
        return Page(items, str(products[-1].rank) if more else None)

    def _skus(self, product_ids: Sequence[int]) -> Mapping[int, list[Sku]]:
        query = select(Sku).where(Sku.product_id.in_(product_ids), Sku.state == "on")
        grouped: dict[int, list[Sku]] = {}
        for sku in self._db.scalars(query.order_by(Sku.product_id, Sku.position, Sku.id)):
            grouped.setdefault(sku.product_id, []).append(sku)
        return grouped

    def _tags(self, product_ids: Sequence[int]) -> Mapping[int, list[str]]:
        query = select(ProductTag).where(ProductTag.product_id.in_(product_ids))
        grouped: dict[int, list[str]] = {}
        for row in self._db.scalars(query.order_by(ProductTag.position, ProductTag.tag)):
            grouped.setdefault(row.product_id, []).append(row.tag)
        return grouped

    def _row(
        self, product: Product, skus: Sequence[Sku], tags: Sequence[str], test: TestType
    ) -> Row:
        cheapest = min(skus, key=lambda sku: sku.price_fen, default=None)
        return {
            "slug": product.slug,
            "name": product.name,
            "summary": product.summary,
            "price_fen": cheapest.price_fen if cheapest else None,
            "struck_price_fen": cheapest.struck_price_fen if cheapest else None,
            "price_varies": len({sku.price_fen for sku in skus}) > 1,
            "tags": list(tags),
            "specimen_title": test.specimen_title,
            "lead_days": product.lead_days,
            "image_url": None,
            "collection_methods": list(test.collection_methods),
            "skus": [_sku_row(sku) for sku in skus],
        }

    def get_product(self, region: str, slug: str) -> Row:
        """A published product with its SKUs and present stock; raises ``NotFound``.

        ``offered`` is False where the region has the test's plugin off: it can be read, not bought.
        """
        row: Row | None = self._cached(("product", region, slug), lambda: self._one(region, slug))
        if row is None:
            raise NotFound
        return self.with_stock([row])[0]

    def with_stock(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with the present stock of their SKUs, in one statement."""
        ids = [int(sku["id"]) for row in rows for sku in row["skus"]]
        query = select(Sku.id, Sku.stock).where(Sku.id.in_(ids))
        left = {str(row.id): row.stock for row in self._db.execute(query)}
        return [
            {**row, "skus": [{**sku, "stock": left.get(sku["id"])} for sku in row["skus"]]}
            for row in rows
        ]

    def _one(self, region: str, slug: str) -> Row | None:
        query = select(Product).where(Product.slug == slug, Product.state == "published")
        product = self._db.scalars(query).first()
        test = self.test_types.find(product.test_type) if product else None
        if product is None or test is None:
            return None
        found = [product.id]
        skus, tags = self._skus(found).get(product.id, []), self._tags(found).get(product.id, [])
        return {
            **self._row(product, skus, tags, test.obj),
            "id": product.id,
            "description_html": product.description_html,
            "faq": list(product.faq),
            "test_type": product.test_type,
            "test_type_title": test.obj.title,
            "offered": product.test_type in self.offered_tests(region),
        }

    def categories(self) -> Mapping[str, Sequence[Row]]:
        """All categories by facet, in display order."""
        found: Mapping[str, Sequence[Row]] = self._cached(("categories",), self._categories)
        return found

    def _categories(self) -> Mapping[str, Sequence[Row]]:
        grouped: dict[str, list[Row]] = {facet: [] for facet in FACETS}
        query = select(Category).order_by(Category.facet, Category.position, Category.id)
        for row in self._db.scalars(query):
            grouped[row.facet].append({"facet": row.facet, "slug": row.slug, "name": row.name})
        return grouped

    def lines_for(
        self, region: str, items: Sequence[tuple[int, int]], most: int = MAX_QUANTITY
    ) -> Sequence[LineFact]:
        """Frozen facts of ``(sku_id, quantity)``; raises ``BadQuantity`` or ``SkuUnavailable``.

        Prices come from here and nowhere else. ``most`` bounds the pieces of a line.
        """
        tests = self.offered_tests(region)
        query = (
            select(Sku, Product)
            .join(Product, Product.id == Sku.product_id)
            .where(Sku.id.in_([sku_id for sku_id, _ in items]), Sku.state == "on")
            .where(Product.state == "published")
        )
        found = {sku.id: (sku, product) for sku, product in self._db.execute(query)}
        return [
            line_of(found.get(sku_id), quantity, tests, f"items.{index}", most)
            for index, (sku_id, quantity) in enumerate(items)
        ]

    def sku(self, sku_id: int) -> Row | None:
        """A SKU on sale with the product it belongs to, or None."""
        query = (
            select(Sku, Product)
            .join(Product, Product.id == Sku.product_id)
            .where(Sku.id == sku_id, Sku.state == "on", Product.state == "published")
        )
        found = self._db.execute(query).first()
        if found is None:
            return None
        sku, product = found
        return {
            **_sku_row(sku),
            "stock": sku.stock,
            "product_name": product.name,
            "product_slug": product.slug,
            "test_type": product.test_type,
        }

    def collection_methods(self, sku: Row) -> Sequence[str]:
        """How the specimen of a SKU's test can be taken."""
        test = self.test_types.find(sku["test_type"])
        return test.obj.collection_methods if test else ()

    def categories_of(self, product_ids: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
        """Category ids per product, from the cache."""
        return {
            product_id: self._cached(("in", product_id), lambda p=product_id: self._in(p))
            for product_id in product_ids
        }

    def _in(self, product_id: int) -> tuple[int, ...]:
        query = select(ProductCategory.category_id)
        return tuple(self._db.scalars(query.where(ProductCategory.product_id == product_id)))

    def take_stock(self, lines: Sequence[LineFact]) -> None:
        """Take what the lines need, all or nothing; raises ``OutOfStock``."""
        take_stock(self._db, lines)

    def give_back(self, quantities: Mapping[int, int]) -> None:
        """Put pieces back (an unpaid order was cancelled); unlimited SKUs stay unlimited."""
        give_back(self._db, quantities)

    def save(self, product: Product, html: str) -> Product:
        """Add or change a product; its description is cleaned of everything active."""
        import nh3

        product.description_html = nh3.clean(html, tags=nh3.ALLOWED_TAGS - {"img"})
        self._db.add(product)
        self._db.flush()
        bump(self._db, "catalog")
        return product

    def publish(self, product: Product) -> None:
        """Put on sale, in every process from its next request."""
        product.state, product.published_at = "published", clock.now()
        self._db.flush()
        bump(self._db, "catalog")

    def archive(self, product: Product) -> None:
        """Take off sale; orders that hold it are not touched."""
        product.state = "archived"
        self._db.flush()
        bump(self._db, "catalog")


def _narrow(query: Select[Any], filters: Filters) -> Select[Any]:
    if filters.category:
        members = (
            select(ProductCategory.product_id)
            .join(Category, Category.id == ProductCategory.category_id)
            .where(Category.slug == filters.category)
        )
        query = query.where(Product.id.in_(members))
    if filters.tag:
        tagged = select(ProductTag.product_id).where(ProductTag.tag == filters.tag)
        query = query.where(Product.id.in_(tagged))
    if filters.q:
        pattern = f"%{_escape(filters.q)}%"
        query = query.where(
            or_(Product.name.like(pattern, escape="\\"), Product.summary.like(pattern, escape="\\"))
        )
    return query


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _sku_row(sku: Sku) -> Row:
    return {
        "id": str(sku.id),
        "name": sku.name,
        "price_fen": sku.price_fen,
        "struck_price_fen": sku.struck_price_fen,
    }


def catalog(house: House, db: Session) -> CatalogService:
    """The service of one unit of work."""
    cache = house.ports.setdefault("catalog.cache", VersionedCache("catalog", "plugins", size=2000))
    return CatalogService(db, house.switch, house.host.test_types, cache)
