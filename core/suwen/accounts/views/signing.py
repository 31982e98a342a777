"""Pages to sign in, sign out and prove oneself again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from itsdangerous import BadSignature, URLSafeTimedSerializer
from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import forget
from pyramid.view import view_config

from suwen.accounts import schemas
from suwen.accounts.errors import SignInFailed
from suwen.accounts.logins import Account
from suwen.accounts.services import accounts
from suwen.accounts.signing import Proof
from suwen.accounts.views.forms import (
    blank,
    kept,
    network,
    refused,
    send_code,
    signed_in,
    target,
    with_token,
)
from suwen.forms.schemas import validated
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _
from suwen.kernel.regions import UnknownRegion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

TICKET_LASTS_S: Final = 300


@view_config(
    route_name="sign_in",
    request_method="GET",
    renderer="accounts/sign_in.jinja2",
    permission="public",
)
def sign_in_form(request: Request) -> Any:
    """Sign in by password, or with ``?by=code`` by a one-time code."""
    if request.identity is not None and not request.GET.get("next"):
        return HTTPSeeOther(location=target(request))
    step = "code" if request.GET.get("by") == "code" else "password"
    return {**blank(next=request.GET.get("next", "")), "step": step}


@view_config(
    route_name="sign_in",
    request_method="POST",
    renderer="accounts/sign_in.jinja2",
    permission="public",
)
def sign_in(request: Request) -> Any:
    """One of the three steps: a password, a code, or the second factor."""
    step = request.POST.get("step", "password")
    try:
        if step == "totp":
            return _second_step(request)
        if step == "code" and request.POST.get("action") == "send":
            return {**send_code(request, "sign_in"), "step": step}
        return _first_step(request)
    except SuwenError as error:
        return {**refused(request, error), "step": step, "ticket": request.POST.get("ticket", "")}


def _first_step(request: Request) -> Any:
    values = validated(schemas.SignInIn(), request.POST)
    proof = Proof(password=values["password"], code=values["code"])
    account = request.find(accounts).signing.first_factor(
        values["address"], proof, network(request), request.commit_step
    )
    if not account.has_totp:
        return signed_in(request, account.member_id)
    shown = blank(next=request.POST.get("next", ""))
    return {**shown, "step": "totp", "ticket": _ticket(request, account)}


def _second_step(request: Request) -> HTTPSeeOther:
    member_id, stamp = _read_ticket(request)
    service = request.find(accounts)
    service.second_factor.check(member_id, request.POST.get("totp", ""), request.commit_step)
    # A password that was changed in between takes the first factor back.
    if _stamp(service.logins.account_of(member_id)) != stamp:
        raise SignInFailed
    return signed_in(request, member_id)


def _serializer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(request.house.secret_key, salt="suwen.accounts.second-factor")


def _ticket(request: Request, account: Account) -> str:
    """Proof that the first factor was right, for five minutes and for the second factor only."""
    ticket = _serializer(request).dumps([account.member_id, _stamp(account)])
    return str(ticket)


def _stamp(account: Account) -> str:
    return (account.password_hash or "")[-12:]


def _read_ticket(request: Request) -> tuple[int, str]:
    try:
        member_id, stamp = _serializer(request).loads(
            request.POST.get("ticket", ""), max_age=TICKET_LASTS_S
        )
    except BadSignature:
        raise SignInFailed(_("验证已超时，请重新登录")) from None
    return int(member_id), str(stamp)


@view_config(route_name="sign_out", request_method="POST", permission="public")
def sign_out(request: Request) -> HTTPSeeOther:
    """End the session and forget the cookie."""
    identity = request.identity
    if identity is not None:
        request.find(accounts).sign_out(identity.member_id, identity.session_id, request.actor)
    new_csrf_token(request)
    request.flash("info", _("您已退出登录"))
    return HTTPSeeOther(location="/", headers=forget(request))


@view_config(
    route_name="accounts.step_up",
    request_method="GET",
    renderer="accounts/step_up.jinja2",
    permission="member.private",
)
def step_up_form(request: Request) -> Mapping[str, Any]:
    """Password, code or authenticator."""
    return {**blank(next=target(request)), **_ways(request)}


@view_config(
    route_name="accounts.step_up",
    request_method="POST",
    renderer="accounts/step_up.jinja2",
    permission="member.private",
)
def step_up(request: Request) -> Any:
    """Prove it, get a new token, go back."""
    identity, service = request.identity, request.find(accounts)
    try:
        if request.POST.get("action") == "send":
            return {**_send_own_code(request), **_ways(request)}
        proof = Proof(**validated(schemas.StepUpIn(), request.POST))
        service.signing.step_up(
            identity.member_id, identity.session_id, proof, network(request), request.commit_step
        )
    except SuwenError as error:
        return {**refused(request, error), **_ways(request)}
    return with_token(request, service.sessions.rotate(identity.session_id), target(request))


def _send_own_code(request: Request) -> dict[str, Any]:
    service = request.find(accounts)
    own = service.logins.of(request.identity.member_id)
    if not own:
        raise NotFound
    service.request_code(
        own[0].value,
        "step_up",
        network=network(request),
        region=request.region.code,
        locale=request.locale_name,
    )
    return {**blank(**kept(request)), "sent": True}


def _ways(request: Request) -> dict[str, Any]:
    own = request.find(accounts).logins.of(request.identity.member_id)
    return {"has_totp": request.identity.has_totp, "address": own[0].masked if own else None}


@view_config(route_name="region.choose", request_method="POST", permission="public")
def choose_region(request: Request) -> HTTPSeeOther:
    """Keep the visitor's region for a year; an unknown one changes nothing."""
    response = HTTPSeeOther(location=target(request, "/"))
    try:
        region = request.house.regions.by_code(request.db, request.POST.get("code", ""))
    except UnknownRegion as error:
        request.flash("warning", error.text)
        return response
    secure = request.house.settings.secure
    response.set_cookie(
        "region",
        region.code,
        max_age=365 * 86400,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    return response
