"""The catalogue in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.api.operations import operation
from suwen.catalog.schemas import CategoryList, ProductDetail, ProductList, ProductQuery
from suwen.catalog.services import Filters, catalog

if TYPE_CHECKING:
    from pyramid.request import Request

_LISTED = (
    "slug",
    "name",
    "summary",
    "price_fen",
    "struck_price_fen",
    "tags",
    "lead_days",
    "collection_methods",
    "skus",
)
_DETAIL = (*_LISTED, "description_html", "faq", "test_type", "test_type_title", "offered")


@operation("list_categories", "GET", "/categories", permission="public", answer=CategoryList)
def list_categories(request: Request) -> dict[str, Any]:
    """Categories of the three facets."""
    facets = request.find(catalog).categories()
    return {"items": [row for rows in facets.values() for row in rows], "next_cursor": None}


@operation(
    "list_products",
    "GET",
    "/products",
    permission="public",
    query=ProductQuery(),
    answer=ProductList,
)
def list_products(request: Request) -> dict[str, Any]:
    """Products that the region offers."""
    asked = request.query
    filters = Filters(asked["category"], asked["tag"], asked["q"])
    service = request.find(catalog)
    page = service.list_products(request.region.code, filters, asked["cursor"], asked["limit"])
    rows = service.with_stock(page.items)
    items = [{name: row[name] for name in _LISTED} for row in rows]
    return {"items": items, "next_cursor": page.next_cursor}


@operation("get_product", "GET", "/products/{slug}", permission="public", answer=ProductDetail())
def get_product(request: Request) -> dict[str, Any]:
    """A product with its SKUs and present stock."""
    row = request.find(catalog).get_product(request.region.code, request.matchdict["slug"])
    return {name: row[name] for name in _DETAIL}
