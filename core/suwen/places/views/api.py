"""Regions and collection points in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.api.operations import operation
from suwen.places.schemas import PointList, RegionList
from suwen.places.services import places, route_links

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.places.models import CollectionPoint


@operation("list_regions", "GET", "/regions", permission="public", answer=RegionList)
def list_regions(request: Request) -> dict[str, Any]:
    """All regions, the default first."""
    regions = request.house.regions.all(request.db)
    items = [{"code": r.code, "name": r.name, "is_default": r.is_default} for r in regions]
    return {"items": items, "next_cursor": None}


@operation(
    "list_collection_points", "GET", "/collection-points", permission="public", answer=PointList
)
def list_collection_points(request: Request) -> dict[str, Any]:
    """Open collection points of the region."""
    rows = request.find(places).points(request.region)
    return {"items": [point_out(row) for row in rows], "next_cursor": None}


def point_out(row: CollectionPoint) -> dict[str, Any]:
    """A point as the API shows it."""
    has_place = row.lon is not None and row.lat is not None
    return {
        "id": str(row.id),
        "name": row.name,
        "region_code": row.region_code,
        "address": row.address,
        "phone": row.phone,
        "hours": row.hours,
        "location": {"lon": row.lon, "lat": row.lat, "system": "GCJ-02"} if has_place else None,
        "route_links": route_links(row),
    }
