"""Pages about the account's safety: sessions, password, second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import segno
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts import agents, schemas
from suwen.accounts.policy import require_step_up
from suwen.accounts.services import AccountService, accounts
from suwen.accounts.views.forms import blank, refused, target, with_token
from suwen.forms.schemas import validated
from suwen.kernel import ids
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request


def _service(request: Request) -> AccountService:
    service: AccountService = request.find(accounts)
    return service


@view_config(
    route_name="accounts.sessions",
    request_method="GET",
    renderer="accounts/sessions.jinja2",
    permission="member",
)
def sessions(request: Request) -> Mapping[str, Any]:
    """Where the member is signed in."""
    rows = _service(request).sessions.of(request.identity.member_id)
    items = []
    for row in rows:
        browser, system = agents.names(row.user_agent)
        current = row.id == request.identity.session_id
        items.append({"row": row, "browser": browser, "system": system, "current": current})
    return {"sessions": items, "has_totp": request.identity.has_totp}


@view_config(route_name="accounts.sessions", request_method="POST", permission="member")
def end_sessions(request: Request) -> HTTPSeeOther:
    """End one session, or all others."""
    service, identity = _service(request), request.identity
    if request.POST.get("action") == "all":
        service.sessions.revoke_all(identity.member_id, keep=identity.session_id)
        request.flash("success", _("其他设备都已退出登录"))
    else:
        service.sessions.revoke(identity.member_id, ids.parse(request.POST.get("session")) or 0)
        request.flash("success", _("该设备已退出登录"))
    return HTTPSeeOther(location=request.route_path("accounts.sessions"))


@view_config(
    route_name="accounts.password",
    request_method="GET",
    renderer="accounts/password.jinja2",
    permission="member",
)
def password_form(request: Request) -> Mapping[str, Any]:
    """A new password, after proving oneself again."""
    require_step_up(request)
    return blank()


@view_config(
    route_name="accounts.password",
    request_method="POST",
    renderer="accounts/password.jinja2",
    permission="member",
)
def save_password(request: Request) -> Any:
    """Set it; all other sessions end and this one gets a new token."""
    require_step_up(request)
    service, identity = _service(request), request.identity
    try:
        password = validated(schemas.PasswordIn(), request.POST)["password"]
        service.signing.change_password(
            identity.member_id, password, identity.session_id, request.commit_step
        )
    except SuwenError as error:
        return refused(request, error)
    request.flash("success", _("密码已修改，其他设备需要重新登录"))
    token = service.sessions.rotate(identity.session_id)
    return with_token(request, token, request.route_path("accounts.sessions"))


@view_config(
    route_name="accounts.totp",
    request_method="GET",
    renderer="accounts/totp.jinja2",
    permission="member",
    writes=True,
)
def totp_form(request: Request) -> Mapping[str, Any]:
    """The seed as a QR code; shown until its first code has come."""
    return {**blank(next=request.GET.get("next", "")), **_enrolment(request)}


def _enrolment(request: Request) -> dict[str, Any]:
    if request.identity.has_totp:
        return {"enrolment": None, "qr": None}
    require_step_up(request)
    enrolment = _service(request).totp.begin(request.identity.member_id)
    qr = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=2)
    return {"enrolment": enrolment, "qr": qr}


@view_config(
    route_name="accounts.totp",
    request_method="POST",
    renderer="accounts/totp.jinja2",
    permission="member",
)
def confirm_totp(request: Request) -> Any:
    """The first code switches the second factor on; other sessions end."""
    require_step_up(request)
    service, identity = _service(request), request.identity
    try:
        service.signing.enrol(
            identity.member_id, request.POST.get("totp", ""), request.actor, request.commit_step
        )
    except SuwenError as error:
        return {**refused(request, error), **_enrolment(request)}
    service.sessions.revoke_all(identity.member_id, keep=identity.session_id)
    request.flash("success", _("两步验证已开启"))
    token = service.sessions.rotate(identity.session_id)
    return with_token(request, token, target(request))
