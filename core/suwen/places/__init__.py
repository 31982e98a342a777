"""Places (地点): divisions and collection points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.forms.divisions import PORT
from suwen.kernel.i18n import _
from suwen.places import branches, divisions

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    config.add_route("places.points", "/collection-points")
    config.add_route("places.divisions", "/divisions/{version}.json")
    config.add_route("admin.branch_points", "/admin/branches/{id}/points")
    config.scan("suwen.places.views")
    branches.install(config.registry.house)
    config.registry.house.ports[PORT] = divisions
    config.registry.house.regions.exists = divisions.exists
    config.add_suwen_nav("storefront.main", _("采集点"), "places.points", order=30)
