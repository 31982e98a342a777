"""Places (地点): divisions and collection points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.kernel.i18n import _
from suwen.places.divisions import cities, exists

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    config.add_route("places.points", "/collection-points")
    config.scan("suwen.places.views")
    config.registry.house.ports["cities"] = cities
    config.registry.house.regions.exists = exists
    config.add_suwen_nav("storefront.main", _("采集点"), "places.points", order=30)
