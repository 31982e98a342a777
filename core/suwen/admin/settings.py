"""Settings of one object of a plugin in one region, as a form made from its own schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.admin.plugins import PERMISSION, region_of
from suwen.admin.switchboard import switchboard
from suwen.forms import FormError, button, form_for
from suwen.forms.wording import invalid
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.forms import Form
    from suwen.kernel.plugins.registry import Registered
    from suwen.kernel.regions import RegionInfo

ROUTE = "admin.plugin_settings"


def _item(request: Request) -> tuple[RegionInfo, Registered[Any]]:
    keys = request.matchdict
    item = request.find(switchboard).item(keys["plugin"], keys["family"], keys["code"])
    return region_of(request), item


def _form(request: Request, region: RegionInfo, item: Registered[Any]) -> Form:
    plain, stored_secrets = request.find(switchboard).settings(region.code, item)
    return form_for(
        request,
        item.obj.settings_schema(),
        values=plain,
        stored_secrets=stored_secrets,
        buttons=(button(_("保存设置")),),
        form_id="settings",
        sticky=True,
        cancel_url=_back(request),
    )


def _back(request: Request) -> str:
    keys = request.matchdict
    path: str = request.route_path("admin.plugin", plugin=keys["plugin"], region=keys["region"])
    return path


@view_config(
    route_name=ROUTE,
    request_method="GET",
    renderer="admin/plugin_settings.jinja2",
    permission=PERMISSION,
)
def settings(request: Request) -> dict[str, Any]:
    """The form; secrets that are stored are never sent."""
    region, item = _item(request)
    return {"form": _form(request, region, item), "item": item, "market": region}


@view_config(
    route_name=ROUTE,
    request_method="POST",
    renderer="admin/plugin_settings.jinja2",
    permission=PERMISSION,
)
def save(request: Request) -> Any:
    """Keep what was entered; an empty secret keeps the stored one."""
    region, item = _item(request)
    form = _form(request, region, item)
    try:
        _store(request, region, item, form)
    except FormError:
        request.response.status_int = 422
        return {"form": form, "item": item, "market": region}
    except SuwenError as error:
        form.fail(error)
        request.response.status_int = error.status
        return {"form": form, "item": item, "market": region}
    request.flash("success", _("设置已保存，下一个请求起生效"))
    return HTTPSeeOther(location=_back(request))


def _store(request: Request, region: RegionInfo, item: Registered[Any], form: Form) -> None:
    values = form.read()
    try:
        request.find(switchboard).store(region.code, item, values, actor(request))
    except colander.Invalid as error:
        raise invalid(error) from None
