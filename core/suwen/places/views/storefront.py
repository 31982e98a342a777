"""Collection points for visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response
from pyramid.view import view_config

from suwen.places.divisions import document, full_name, version
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


@view_config(route_name="places.divisions", request_method="GET", permission="public")
def divisions(request: Request) -> Response:
    """All divisions for the script of the picker; kept by browsers until they change."""
    response = Response(document(), content_type="application/json", charset="UTF-8")
    fresh = request.matchdict["version"] == version()
    lasting = "public, max-age=31536000, immutable"
    response.headers["Cache-Control"] = lasting if fresh else "no-cache"
    response.vary = ("Accept-Encoding",)
    if "gzip" in request.accept_encoding:
        response.encode_content("gzip")
    return response
