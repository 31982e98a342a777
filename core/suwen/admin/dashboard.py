"""The first page of the back office: what awaits a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyramid.view import view_config

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.admin import Counter


@dataclass(frozen=True, slots=True)
class Figure:
    """A counter as it is shown."""

    title: str
    number: int
    href: str


@view_config(
    route_name="admin.home",
    request_method="GET",
    renderer="admin/home.jinja2",
    permission="staff",
)
def home(request: Request) -> dict[str, Any]:
    """Counters of the areas that the person works in, and plugins that do not work."""
    counters: list[Counter] = request.registry["suwen.counters"]
    held = request.identity.permissions
    figures = [
        Figure(
            counter.title,
            counter.count(request.house, request.db),
            request.route_path(counter.route, _query=counter.query or None),
        )
        for counter in counters
        if counter.permission in held
    ]
    plugins = request.house.host.plugins.values()
    broken = [plugin for plugin in plugins if plugin.broken and "staff.plugins" in held]
    return {"figures": figures, "broken": broken}
