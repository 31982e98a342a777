"""Catalogue (商品目录): what can be bought, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    config.add_route("home", "/")
    config.add_route("catalog.products", "/products")
    config.add_route("catalog.product", "/products/{slug}")
    config.scan("suwen.catalog.views")
    config.add_suwen_permission("staff.catalog", _("编辑商品"), "catalog")
    config.add_suwen_nav("storefront.main", _("检测产品"), "catalog.products", order=10)
