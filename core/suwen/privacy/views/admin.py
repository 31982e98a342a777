"""The back office: requests of members with their states, and how long what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.kernel import ids
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _
from suwen.privacy import wording
from suwen.privacy.errors import BadPeriod
from suwen.privacy.periods import periods
from suwen.privacy.requests import requests
from suwen.privacy.views.reach import for_the_whole_house

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

PERMISSION: Final = "staff.privacy"


def _page(
    request: Request,
    errors: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    state = request.GET.get("state")
    state = state if state in wording.STATES else None
    rows, following = request.find(requests).page(state, request.GET.get("cursor") or None)
    return {
        "rows": rows,
        "next_cursor": following,
        "state": state,
        "periods": request.find(periods).all(),
        "errors": errors or {},
        "values": values or {},
        "states": wording.STATES,
        "tones": wording.TONES,
        "kinds": wording.KINDS,
        "is_first": "cursor" not in request.GET,
    }


@view_config(
    route_name="admin.privacy",
    request_method="GET",
    renderer="admin/privacy/privacy.jinja2",
    permission=PERMISSION,
)
def overview(request: Request) -> dict[str, Any]:
    """Requests, newest first, and every retention rule with its last run."""
    return _page(request)


@view_config(route_name="admin.privacy_retry", request_method="POST", permission=PERMISSION)
def retry(request: Request) -> HTTPSeeOther:
    """Try a failed request again at once."""
    request.find(requests).retry(ids.parse(request.matchdict["id"]) or 0, request.actor)
    request.flash("success", _("已重新开始"))
    return HTTPSeeOther(location=request.route_path("admin.privacy"))


@view_config(
    route_name="admin.privacy_rule",
    request_method="POST",
    renderer="admin/privacy/privacy.jinja2",
    permission=PERMISSION,
)
def choose(request: Request) -> Any:
    """Keep something for another number of days; recorded with before and after."""
    for_the_whole_house(request, PERMISSION)
    request.require_step_up()
    code, text = request.matchdict["code"], request.POST.get("days", "").strip()
    try:
        request.find(periods).choose(code, _number(text, code), request.actor)
    except SuwenError as error:
        if not error.fields:
            raise
        request.response.status_int = error.status
        return _page(request, error.fields, {code: text})
    request.flash("success", _("保存期限已修改，今晚起生效"))
    return HTTPSeeOther(location=request.route_path("admin.privacy"))


def _number(text: str, code: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise BadPeriod(fields={f"days-{code}": BadPeriod.message})
    return int(text)
