"""Plugins and regions in one table, and the page on which one switch is moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.admin.switchboard import switchboard
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.kernel.plugins.models import STATES
from suwen.kernel.plugins.switch import PluginUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request

    from suwen.kernel.regions import RegionInfo

PERMISSION = "staff.plugins"

STATE_TITLES = {"enabled": _("启用"), "draining": _("停新"), "disabled": _("停用")}
FAMILY_TITLES = {
    "payment": _("支付"),
    "reward": _("返现"),
    "archive": _("档案"),
    "questionnaire": _("量表"),
    "push": _("消息"),
}


def regions_of(request: Request) -> Sequence[RegionInfo]:
    """Regions whose switches the person may move."""
    found = request.house.regions.all(request.db)
    return [region for region in found if request.identity.may(PERMISSION, region.code)]


def region_of(request: Request) -> RegionInfo:
    """The region in the address; 404 unless it is the person's."""
    for region in regions_of(request):
        if region.code == request.matchdict["region"]:
            return region
    raise NotFound


@view_config(
    route_name="admin.plugins",
    request_method="GET",
    renderer="admin/plugins.jinja2",
    permission=PERMISSION,
)
def matrix(request: Request) -> dict[str, Any]:
    """Every installed plugin with its state in every region."""
    return {
        "rows": request.find(switchboard).rows(),
        "market_list": regions_of(request),
        "states": STATE_TITLES,
        "families": FAMILY_TITLES,
    }


@view_config(
    route_name="admin.plugin",
    request_method="GET",
    renderer="admin/plugin.jinja2",
    permission=PERMISSION,
)
def plugin(request: Request) -> dict[str, Any]:
    """One plugin in one region; with ``?to=`` also what a switch would change."""
    to = request.GET.get("to")
    return _page(request, to if to in STATES else None)


def _page(request: Request, to: str | None) -> dict[str, Any]:
    region, board = region_of(request), request.find(switchboard)
    found = board.plugin(request.matchdict["plugin"])
    state = board.state(region.code, found.id)
    return {
        "plugin": found,
        "market": region,
        "state": state,
        "states": STATE_TITLES,
        "families": FAMILY_TITLES,
        "health": board.health(region.code, found.id),
        "open_items": board.open_items(region.code, found.id),
        "preview": board.preview(region.code, found.id, to) if to and to != state else None,
    }


@view_config(
    route_name="admin.plugin",
    request_method="POST",
    renderer="admin/plugin.jinja2",
    permission=PERMISSION,
)
def switch(request: Request) -> Any:
    """Move the switch, once the preview was seen."""
    region, to = region_of(request), request.POST.get("state")
    if to not in STATES:
        raise NotFound
    board = request.find(switchboard)
    try:
        board.move(region.code, request.matchdict["plugin"], to, actor(request))
    except PluginUnusable as error:
        request.response.status_int = error.status
        return {**_page(request, to), "refused": error}
    request.flash("success", _("已保存，下一个请求起生效"))
    return HTTPSeeOther(location=request.route_path("admin.plugin", **request.matchdict))
