"""Home, list and product page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.view import view_config

from suwen.catalog.services import Filters, catalog
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

MAX_QUERY = 40
METHOD_TITLES = {"on_site": _("采集点现场采集"), "mail": _("邮寄样本")}


def filters_of(request: Request) -> Filters:
    """The filters in the address; empty ones count as none."""
    get = request.GET.get
    return Filters(
        category=get("category") or None,
        tag=get("tag") or None,
        q=(get("q") or "").strip()[:MAX_QUERY] or None,
    )


@view_config(
    route_name="home", request_method="GET", renderer="catalog/home.jinja2", permission="public"
)
def home(request: Request) -> dict[str, Any]:
    """The storefront's first page."""
    service = request.find(catalog)
    page = service.list_products(request.region.code, Filters(), limit=8)
    return {"products": page.items, "categories": with_active(request, service.categories())}


@view_config(
    route_name="catalog.products",
    request_method="GET",
    renderer="catalog/product_list.jinja2",
    permission="public",
)
def products(request: Request) -> dict[str, Any]:
    """Products, narrowed by what the address says."""
    service, filters = request.find(catalog), filters_of(request)
    page = service.list_products(request.region.code, filters, request.GET.get("cursor") or None)
    return {
        "products": page.items,
        "next_cursor": page.next_cursor,
        "filters": filters,
        "q": filters.q or "",
        "categories": with_active(request, service.categories()),
    }


def with_active(request: Request, categories: Any) -> dict[str, list[dict[str, Any]]]:
    """Categories, each saying whether it is the chosen one."""
    chosen = request.GET.get("category")
    return {
        facet: [{**row, "active": row["slug"] == chosen} for row in rows]
        for facet, rows in categories.items()
    }


@view_config(
    route_name="catalog.product",
    request_method="GET",
    renderer="catalog/product.jinja2",
    permission="public",
)
def product(request: Request) -> dict[str, Any]:
    """One product."""
    row = request.find(catalog).get_product(request.region.code, request.matchdict["slug"])
    methods = [{"code": code, "title": METHOD_TITLES[code]} for code in row["collection_methods"]]
    reason = "" if row["offered"] else _("所选地区暂未开通此项检测，可在页面上方更换地区")
    skus = [{**sku, "left": sku["stock"]} for sku in row["skus"]]
    shown = {**row, "skus": skus, "collection_methods": methods, "reason": reason}
    return {"product": shown}
