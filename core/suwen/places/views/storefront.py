"""Collection points for visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.view import view_config

from suwen.places.divisions import full_name
from suwen.places.services import places, route_links

if TYPE_CHECKING:
    from pyramid.request import Request


@view_config(
    route_name="places.points",
    request_method="GET",
    renderer="places/points.jinja2",
    permission="public",
)
def points(request: Request) -> dict[str, Any]:
    """Points of the visitor's region, each with the ways to it."""
    rows = request.find(places).points(request.region)
    return {
        "points": [
            {"point": row, "division": full_name(row.region_code), "links": route_links(row)}
            for row in rows
        ]
    }
