"""Pages about the account's safety: sessions and password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import forget
from pyramid.view import view_config

from suwen.accounts import agents, schemas
from suwen.accounts.policy import device, require_step_up
from suwen.accounts.services import AccountService, accounts
from suwen.accounts.views.forms import blank, refused, with_token
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
    permission="member.private",
)
def sessions(request: Request) -> Mapping[str, Any]:
    """Where the member is signed in."""
    service, identity = _service(request), request.identity
    return {
        "sessions": listed(request),
        "has_totp": identity.has_totp,
        "codes_left": service.second_factor.left(identity.member_id),
        "logins": service.logins.all(identity.member_id),
    }


def listed(request: Request) -> list[dict[str, Any]]:
    """Live sessions with the names of their devices; where they are is known as the same or another."""
    rows = _service(request).sessions.of(request.identity.member_id)
    here = device(request).address_hash
    items = []
    for row in rows:
        browser, system = agents.names(row.user_agent)
        items.append(
            {
                "row": row,
                "browser": browser,
                "system": system,
                "current": row.id == request.identity.session_id,
                "same_place": row.address_hash == here,
                "by_staff": row.impersonator_id is not None,
            }
        )
    return items


@view_config(route_name="accounts.sessions", request_method="POST", permission="member.private")
def end_sessions(request: Request) -> HTTPSeeOther:
    """End one session, all others, or all."""
    service, identity = _service(request), request.identity
    action, where = request.POST.get("action"), request.route_path("accounts.sessions")
    if action == "everywhere":
        service.sign_out_everywhere(identity.member_id, request.actor)
        new_csrf_token(request)
        request.flash("info", _("所有设备都已退出登录"))
        return HTTPSeeOther(location=request.route_path("sign_in"), headers=forget(request))
    if action == "all":
        service.sign_out_everywhere(identity.member_id, request.actor, keep=identity.session_id)
        request.flash("success", _("其他设备都已退出登录"))
    else:
        session_id = ids.parse(request.POST.get("session")) or 0
        service.sign_out(identity.member_id, session_id, request.actor)
        request.flash("success", _("该设备已退出登录"))
    return HTTPSeeOther(location=where)


@view_config(
    route_name="accounts.password",
    request_method="GET",
    renderer="accounts/password.jinja2",
    permission="member.private",
)
def password_form(request: Request) -> Mapping[str, Any]:
    """A new password, after proving oneself again."""
    require_step_up(request)
    return blank()


@view_config(
    route_name="accounts.password",
    request_method="POST",
    renderer="accounts/password.jinja2",
    permission="member.private",
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
