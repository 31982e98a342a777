"""Acting for a member: beginning it, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import forget, remember
from pyramid.view import view_config

from suwen.accounts.people.acting import LASTS, Acting
from suwen.accounts.policy import device, require_step_up
from suwen.accounts.views import admin_people as shared
from suwen.accounts.views.forms import blank, refused
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _
from suwen.kernel.web import cookie_name

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

COOKIE: Final = "staff"
"""Holds the token of the session that somebody of the staff came from, until he goes back."""


@view_config(
    route_name="admin.member_act",
    request_method="GET",
    renderer="admin/members/act.jinja2",
    permission=shared.ACT,
)
def form(request: Request) -> dict[str, Any]:
    """What it means, and why it is done."""
    require_step_up(request)
    found = shared.member_of(request, shared.ACT)
    return {"member": found, "minutes": int(LASTS.total_seconds() // 60), **blank()}


@view_config(
    route_name="admin.member_act",
    request_method="POST",
    renderer="admin/members/act.jinja2",
    permission=shared.ACT,
)
def start(request: Request) -> Any:
    """This browser becomes the member's, for half an hour."""
    require_step_up(request)
    found = shared.member_of(request, shared.ACT)
    own = request.cookies[cookie_name(request.house.settings, "session")]
    try:
        acting = Acting(request.house, request.db)
        token = acting.start(found, request.POST.get("reason", ""), device(request), request.actor)
    except SuwenError as error:
        minutes = int(LASTS.total_seconds() // 60)
        return {"member": found, "minutes": minutes, **refused(request, error)}
    new_csrf_token(request)
    answer = HTTPSeeOther("/me", headers=remember(request, "", token=token))
    _keep(request, answer, own, int(LASTS.total_seconds()))
    return answer


def _keep(request: Request, answer: Response, token: str, seconds: int) -> None:
    answer.set_cookie(
        cookie_name(request.house.settings, COOKIE),
        token,
        max_age=seconds,
        path="/",
        secure=request.house.settings.secure,
        httponly=True,
        samesite="Lax",
    )


@view_config(route_name="accounts.act_end", request_method="POST", permission="public")
def end(request: Request) -> Response:
    """Back to one's own session, or signed out where that has ended."""
    identity = request.identity
    if identity is None or identity.impersonator_id is None:
        return HTTPSeeOther("/")
    acting = Acting(request.house, request.db)
    acting.end(identity.member_id, identity.session_id, request.actor)
    kept = request.cookies.get(cookie_name(request.house.settings, COOKIE), "")
    token = acting.way_back(kept, identity.impersonator_id)
    new_csrf_token(request)
    if token is None:
        answer = HTTPSeeOther("/", headers=forget(request))
    else:
        where = request.route_path("admin.member", id=identity.member_id)
        answer = HTTPSeeOther(where, headers=remember(request, "", token=token))
        request.flash("success", _("已结束代操作"))
    _keep(request, answer, "", 0)
    return answer
