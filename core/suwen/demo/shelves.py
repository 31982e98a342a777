"""Categories, products and collection points of the demonstration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import escape
from sqlalchemy import select

from suwen.catalog.models import Category, Product, ProductCategory, ProductTag, Sku
from suwen.catalog.services import catalog
from suwen.demo import files
from suwen.kernel import ids
from suwen.places.models import CollectionPoint

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.catalog.services import CatalogService
    from suwen.kernel.house import House

Entry = Mapping[str, Any]


def fill(house: House, db: Session) -> None:
    """Put on the shelves what is not there yet."""
    stored = files.table("catalogue")
    categories = _categories(db, stored["categories"])
    shop = catalog(house, db)
    standing = set(db.scalars(select(Product.slug)))
    # The newest product stands in front, so the first one comes last.
    for entry in reversed(stored["products"]):
        if entry["slug"] not in standing:
            _product(db, shop, entry, categories, stored["common"]["faq"])


def _categories(db: Session, entries: Sequence[Entry]) -> dict[str, int]:
    found = {row.slug: row.id for row in db.execute(select(Category.slug, Category.id))}
    for position, entry in enumerate(entries):
        if entry["slug"] not in found:
            row = Category(id=ids.new_id(), position=position, **entry)
            db.add(row)
            found[row.slug] = row.id
    db.flush()
    return found


def _product(
    db: Session,
    shop: CatalogService,
    entry: Entry,
    categories: Mapping[str, int],
    common_faq: Sequence[Entry],
) -> None:
    product_id = ids.new_id()
    product = Product(
        id=product_id,
        rank=product_id,
        faq=[*entry["faq"], *common_faq],
        reward_overrides={},
        state="draft",
        **{name: entry[name] for name in ("slug", "name", "summary", "test_type", "lead_days")},
    )
    shop.save(product, description(entry))
    for slug in entry["categories"]:
        db.add(ProductCategory(product_id=product_id, category_id=categories[slug]))
    for position, tag in enumerate(entry["tags"]):
        db.add(ProductTag(product_id=product_id, tag=tag, position=position))
    for position, sku in enumerate(entry["skus"]):
        db.add(_sku(product_id, position, sku))
    db.flush()
    shop.publish(product)


def _sku(product_id: int, position: int, entry: Entry) -> Sku:
    struck = entry.get("struck")
    return Sku(
        id=ids.new_id(),
        product_id=product_id,
        position=position,
        name=entry["name"],
        price_fen=entry["price"] * 100,
        struck_price_fen=struck * 100 if struck else None,
        stock=entry.get("stock"),
        state="on",
    )


def description(entry: Entry) -> str:
    """The product's text as HTML, made of its paragraphs and lists."""
    parts = [f"<p>{escape(text)}</p>" for text in entry["intro"]]
    for title, name in (("您会收到", "includes"), ("适合谁", "suits")):
        items = "".join(f"<li>{escape(text)}</li>" for text in entry[name])
        parts.append(f"<h3>{title}</h3><ul>{items}</ul>")
    parts.append(f"<h3>需要知道</h3><p>{escape(entry['limits'])}</p>")
    return "".join(parts)


def open_points(db: Session) -> None:
    """Open the collection points that are not there yet."""
    standing = set(db.scalars(select(CollectionPoint.name)))
    for entry in files.table("places")["points"]:
        if entry["name"] not in standing:
            db.add(CollectionPoint(id=ids.new_id(), state="open", **entry))
    db.flush()
