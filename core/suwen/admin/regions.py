"""The page of regions: which there are, adding one, naming one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.admin.markets import markets
from suwen.admin.plugins import PERMISSION, regions_of
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request


@view_config(
    route_name="admin.regions",
    request_method="GET",
    renderer="admin/regions.jinja2",
    permission=PERMISSION,
)
def regions(request: Request) -> dict[str, Any]:
    """All regions that the person works for."""
    return _page(request, {}, {})


def _page(request: Request, values: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, Any]:
    everywhere = request.identity.regions_of(PERMISSION) is None
    return {
        "market_list": regions_of(request),
        "may_add": everywhere,
        "values": values,
        "errors": errors,
    }


@view_config(
    route_name="admin.regions",
    request_method="POST",
    renderer="admin/regions.jinja2",
    permission=PERMISSION,
)
def add(request: Request) -> Any:
    """Add a region; only those who work everywhere may."""
    if request.identity.regions_of(PERMISSION) is not None:
        raise NotFound
    values = {name: request.POST.get(name, "") for name in ("code", "name", "clone_from")}
    try:
        region = request.find(markets).add(
            values["code"], values["name"], actor(request), values["clone_from"] or None
        )
    except SuwenError as error:
        request.response.status_int = error.status
        return _page(request, values, error.fields or {"": error.text})
    request.flash("success", _("地区“${name}”已添加", mapping={"name": region.name}))
    return HTTPSeeOther(location=request.route_path("admin.regions"))


@view_config(
    route_name="admin.region",
    request_method="POST",
    renderer="admin/regions.jinja2",
    permission=PERMISSION,
)
def rename(request: Request) -> Any:
    """Name a region."""
    code = request.matchdict["code"]
    if not request.identity.may(PERMISSION, code):
        raise NotFound
    try:
        request.find(markets).rename(code, request.POST.get("name", ""), actor(request))
    except SuwenError as error:
        request.response.status_int = error.status
        return _page(request, {}, {f"name-{code}": error.fields.get("name", error.text)})
    request.flash("success", _("名称已保存"))
    return HTTPSeeOther(location=request.route_path("admin.regions"))
