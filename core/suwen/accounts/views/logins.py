"""Pages of the addresses that sign a member in: which there are, another one, one less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts import contacts
from suwen.accounts import security_schemas as schemas
from suwen.accounts.changing import Change
from suwen.accounts.contacts import EMAIL, KINDS, PHONE
from suwen.accounts.errors import BadAddress
from suwen.accounts.policy import require_step_up
from suwen.accounts.services import AccountService, accounts
from suwen.accounts.views.forms import blank, kept, network, refused, with_token
from suwen.forms.schemas import validated
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from suwen.accounts.logins import LoginInfo


def _service(request: Request) -> AccountService:
    service: AccountService = request.find(accounts)
    return service


@view_config(
    route_name="accounts.logins",
    request_method="GET",
    renderer="accounts/logins.jinja2",
    permission="member.private",
)
def logins(request: Request) -> Mapping[str, Any]:
    """What signs the member in."""
    own = _service(request).logins.all(request.identity.member_id)
    return {
        "logins": own,
        "missing": [kind for kind in KINDS if not any(one.kind == kind for one in own)],
        "removable": sum(one.reachable for one in own) > 1,
    }


@view_config(route_name="accounts.logins", request_method="POST", permission="member.private")
def remove_login(request: Request) -> Any:
    """Take one away; the last address stays."""
    require_step_up(request)
    service, identity = _service(request), request.identity
    where = request.route_path("accounts.logins")
    login_id = ids.parse(request.POST.get("login")) or 0
    try:
        service.changing.remove(
            identity.member_id, login_id, actor=request.actor, session_id=identity.session_id
        )
    except NotFound:
        raise
    except SuwenError as error:
        request.flash("warning", error.text)
        return HTTPSeeOther(location=where)
    request.flash("success", _("已解绑，其他设备需要重新登录"))
    return with_token(request, service.sessions.rotate(identity.session_id), where)


@view_config(
    route_name="accounts.login_change",
    request_method="GET",
    renderer="accounts/login_change.jinja2",
    permission="member.private",
)
def change_form(request: Request) -> Mapping[str, Any]:
    """First step: the new address, and which of the present ones confirms."""
    require_step_up(request)
    return {**blank(), **_frame(request), "step": "address"}


def _frame(request: Request) -> dict[str, Any]:
    own = _service(request).logins.all(request.identity.member_id)
    replaced = _replaced(request, own)
    kind = replaced.kind if replaced else request.params.get("kind")
    reachable = [one for one in own if one.reachable]
    return {
        "replaced": replaced,
        "kind": kind if kind in KINDS else (EMAIL if _has(own, PHONE) else PHONE),
        "ends": reachable,
        "via": _via(request, reachable, replaced),
    }


def _has(own: Any, kind: str) -> bool:
    return any(one.kind == kind for one in own)


def _replaced(request: Request, own: Any) -> LoginInfo | None:
    asked = request.params.get("replace")
    if not asked:
        return None
    for one in own:
        if str(one.id) == asked and one.reachable:
            found: LoginInfo = one
            return found
    raise NotFound


def _via(request: Request, ends: list[LoginInfo], replaced: LoginInfo | None) -> LoginInfo | None:
    asked = request.params.get("via", "")
    chosen = next((one for one in ends if str(one.id) == asked), None)
    return chosen or replaced or (ends[0] if ends else None)


@view_config(
    route_name="accounts.login_change",
    request_method="POST",
    renderer="accounts/login_change.jinja2",
    permission="member.private",
)
def change(request: Request) -> Any:
    """Send both codes, or with them make the change."""
    require_step_up(request)
    step = "finish" if request.POST.get("step") == "finish" else "address"
    frame = _frame(request)
    try:
        if step == "finish" and request.POST.get("action") != "send":
            return _finish(request, frame)
        return {**_send(request, frame), **frame, "step": "finish"}
    except SuwenError as error:
        shown = refused(request, error)
        step = "address" if "address" in shown["errors"] else step
        return {**shown, **frame, "step": step}


def _change(frame: Mapping[str, Any], address: str) -> Change:
    if contacts.parse(address).kind != frame["kind"]:
        raise BadAddress("address")
    replaced, via = frame["replaced"], frame["via"]
    return Change(address, replaced.id if replaced else None, via.id if via else None)


def _send(request: Request, frame: Mapping[str, Any]) -> dict[str, Any]:
    address = validated(schemas.LoginCodesIn(), request.POST)["address"]
    _service(request).changing.ask(
        request.identity.member_id,
        _change(frame, address),
        network=network(request),
        region=request.region.code,
        locale=request.locale_name,
    )
    return {**blank(**kept(request)), "sent": True}


def _finish(request: Request, frame: Mapping[str, Any]) -> HTTPSeeOther:
    service, identity = _service(request), request.identity
    given = validated(schemas.LoginIn(), request.POST)
    service.changing.finish(
        identity.member_id,
        _change(frame, given["address"]),
        given["code"],
        given["old_code"] or "",
        actor=request.actor,
        network=network(request),
        session_id=identity.session_id,
        checkpoint=request.commit_step,
    )
    request.flash("success", _("登录方式已更新，其他设备需要重新登录"))
    token = service.sessions.rotate(identity.session_id)
    return with_token(request, token, request.route_path("accounts.logins"))
