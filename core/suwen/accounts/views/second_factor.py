"""Pages of the second factor: on, another authenticator, recovery codes, off."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import remember
from pyramid.view import view_config

from suwen.accounts.policy import require_step_up
from suwen.accounts.services import AccountService, accounts
from suwen.accounts.views.forms import blank, refused, target, with_token
from suwen.kernel.crypto import CannotOpen
from suwen.kernel.errors import Invalid, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.totp import Enrolment


def _service(request: Request) -> AccountService:
    service: AccountService = request.find(accounts)
    return service


@view_config(
    route_name="accounts.totp",
    request_method="GET",
    renderer="accounts/totp.jinja2",
    permission="member.private",
    writes=True,
)
def totp_form(request: Request) -> dict[str, Any]:
    """How it stands; a seed as a QR code until its first code has come."""
    return {**blank(next=request.GET.get("next", "")), **_frame(request)}


def _frame(request: Request) -> dict[str, Any]:
    identity, service = request.identity, _service(request)
    frame: dict[str, Any] = {"enrolment": None, "qr": None, "sealed": "", "codes": ()}
    frame["is_staff"] = bool(identity.grants)
    require_step_up(request)
    if not identity.has_totp:
        enrolment = service.totp.begin(identity.member_id)
        return {**frame, **_shown(enrolment), "step": "enrol", "left": 0}
    frame["left"] = service.second_factor.left(identity.member_id)
    if request.params.get("change") != "1":
        return {**frame, "step": "on"}
    enrolment = _waiting(request) or service.totp.fresh(identity.member_id)
    sealed = _seal(request, enrolment.secret)
    return {**frame, **_shown(enrolment), "step": "change", "sealed": sealed}


def _shown(enrolment: Enrolment) -> dict[str, Any]:
    import segno

    qr = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=2)
    return {"enrolment": enrolment, "qr": qr}


def _seal(request: Request, secret: str) -> str:
    """The next seed waits in the form, readable by nobody, for this member only."""
    sealed = request.house.vault.house.seal(secret, _place(request))
    return urlsafe_b64encode(sealed).decode()


def _opened(request: Request) -> str:
    try:
        sealed = urlsafe_b64decode(request.POST.get("sealed", ""))
        secret: str = request.house.vault.house.open_text(sealed, _place(request))
    except (ValueError, CannotOpen):
        raise Invalid(_("页面停留太久或已经失效，请返回刷新后再试。")) from None
    return secret


def _place(request: Request) -> str:
    return f"totp form:{request.identity.member_id}:{request.identity.session_id}"


def _waiting(request: Request) -> Enrolment | None:
    """The seed that the form showed, so that a mistyped code does not ask for a new scan."""
    if request.method != "POST" or not request.POST.get("sealed"):
        return None
    return _service(request).totp.enrolment(request.identity.member_id, _opened(request))


@view_config(
    route_name="accounts.totp",
    request_method="POST",
    renderer="accounts/totp.jinja2",
    permission="member.private",
)
def change_totp(request: Request) -> Any:
    """Switch it on, change the authenticator, make new recovery codes, or switch it off."""
    require_step_up(request)
    action = request.POST.get("action", "enrol")
    try:
        if action == "codes":
            return _with_codes(request, _renewed(request))
        if action == "change":
            return _changed(request)
        if action == "off":
            return _switched_off(request)
        return _enrolled(request)
    except SuwenError as error:
        return {**refused(request, error), **_frame(request), "action": action}


def _code(request: Request, field: str = "totp") -> str:
    code: str = request.POST.get(field, "")
    return code[:40]


def _enrolled(request: Request) -> Any:
    service, identity = _service(request), request.identity
    if identity.has_totp:
        return HTTPSeeOther(location=request.route_path("accounts.totp"))
    codes = service.second_factor.enrol(
        identity.member_id, _code(request), request.actor, request.commit_step
    )
    service.sessions.revoke_all(identity.member_id, keep=identity.session_id)
    return _with_codes(request, codes)


def _renewed(request: Request) -> Sequence[str]:
    return _service(request).second_factor.renew_codes(
        request.identity.member_id, _code(request), request.actor, request.commit_step
    )


def _with_codes(request: Request, codes: Sequence[str]) -> dict[str, Any]:
    """The codes stand on this answer and nowhere else; the session gets a new token with it."""
    token = _service(request).sessions.rotate(request.identity.session_id)
    new_csrf_token(request)
    for name, value in remember(request, "", token=token):
        request.response.headers.add(name, value)
    request.response.headers["Cache-Control"] = "no-store"
    onward = target(request, request.route_path("accounts.totp"))
    frame = {"enrolment": None, "qr": None, "sealed": "", "is_staff": bool(request.identity.grants)}
    return {**blank(next=onward), **frame, "step": "codes", "codes": codes, "left": len(codes)}


def _changed(request: Request) -> HTTPSeeOther:
    service, identity = _service(request), request.identity
    service.second_factor.replace(
        identity.member_id,
        _code(request),
        _opened(request),
        _code(request, "new_totp"),
        request.actor,
        request.commit_step,
    )
    return _done(request, _("身份验证器已更换"))


def _switched_off(request: Request) -> HTTPSeeOther:
    identity = request.identity
    _service(request).second_factor.switch_off(
        identity.member_id,
        _code(request),
        request.actor,
        is_staff=bool(identity.grants),
        checkpoint=request.commit_step,
    )
    return _done(request, _("两步验证已关闭"))


def _done(request: Request, text: str) -> HTTPSeeOther:
    """Other sessions end, this one gets a new token."""
    service, identity = _service(request), request.identity
    service.sessions.revoke_all(identity.member_id, keep=identity.session_id)
    request.flash("success", text)
    token = service.sessions.rotate(identity.session_id)
    return with_token(request, token, request.route_path("accounts.totp"))
