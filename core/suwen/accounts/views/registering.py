"""Pages to register and to set a forgotten password anew; both work in two steps without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import forget
from pyramid.view import view_config

from suwen.accounts import schemas
from suwen.accounts.consents import PRIVACY, TERMS
from suwen.accounts.errors import AgreementNeeded
from suwen.accounts.models import GROUP, INDIVIDUAL, NATURES
from suwen.accounts.purposes import Wording, worded
from suwen.accounts.services import Registration, accounts
from suwen.accounts.views.forms import blank, network, refused, send_code, signed_in
from suwen.forms.schemas import validated
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

REFERRAL_COOKIE: Final = "ref"


def agreements(request: Request) -> Mapping[str, Wording]:
    """What a new member agrees to, as the page shows it."""
    consents = request.find(accounts).consents
    return {name: worded(request, consents.present(name)) for name in (TERMS, PRIVACY)}


def _frame(request: Request) -> dict[str, Any]:
    return {"natures": NATURES, "agreements": tuple(agreements(request).values())}


@view_config(
    route_name="register",
    request_method="GET",
    renderer="accounts/register.jinja2",
    permission="public",
)
def register_form(request: Request) -> Mapping[str, Any]:
    """First step: an address and what kind of member."""
    ref = request.GET.get("ref") or request.cookies.get(REFERRAL_COOKIE, "")
    onward, by = request.GET.get("next", ""), request.GET.get("by", "")
    values = blank(kind=INDIVIDUAL, next=onward, ref=ref[:40], by=by)
    return {**values, "step": "address", **_frame(request)}


@view_config(
    route_name="register",
    request_method="POST",
    renderer="accounts/register.jinja2",
    permission="public",
)
def register(request: Request) -> Any:
    """Send the code, or with it finish."""
    step = "finish" if request.POST.get("step") == "finish" else "address"
    shown: dict[str, Any]
    try:
        if step == "finish" and request.POST.get("action") != "send":
            return _finish(request)
        shown = send_code(request, "register")
        step = "finish"
    except SuwenError as error:
        shown = refused(request, error)
        # The address cannot be changed in the second step: a fault in it leads back to the first.
        step = "address" if "address" in shown["errors"] else step
    return {**shown, "step": step, **_frame(request)}


def _finish(request: Request) -> HTTPSeeOther:
    form = dict(request.POST)
    if form.get("kind") == GROUP:
        form["group"] = {"name": form.get("name", ""), "nature": form.get("nature", "")}
    values = validated(schemas.RegistrationIn(validator=schemas.group_fits), form)
    if request.POST.get("agree") != "1":
        raise AgreementNeeded
    group = values["group"] or {}
    wanted = Registration(
        address=values["address"],
        code=values["code"],
        password=values["password"],
        region=request.region.code,
        kind=values["kind"],
        group_name=group.get("name"),
        group_nature=group.get("nature"),
        referral_code=request.POST.get("ref") or None,
        locale=request.locale_name,
        agreed={name: wording.text for name, wording in agreements(request).items()},
    )
    member = request.find(accounts).register(wanted, network(request), request.commit_step)
    request.flash("success", _("注册成功，欢迎来到素问"))
    return signed_in(request, member.id)


@view_config(
    route_name="accounts.reset",
    request_method="GET",
    renderer="accounts/reset.jinja2",
    permission="public",
)
def reset_form(request: Request) -> Mapping[str, Any]:
    """First step: the address."""
    return {**blank(next=request.GET.get("next", "")), "step": "address"}


@view_config(
    route_name="accounts.reset",
    request_method="POST",
    renderer="accounts/reset.jinja2",
    permission="public",
)
def reset(request: Request) -> Any:
    """Send the code, or with it set the new password."""
    step = "finish" if request.POST.get("step") == "finish" else "address"
    try:
        if step == "finish" and request.POST.get("action") != "send":
            return _reset(request)
        return {**send_code(request, "reset"), "step": "finish"}
    except SuwenError as error:
        return {**refused(request, error), "step": step}


def _reset(request: Request) -> HTTPSeeOther:
    values = validated(schemas.ResetIn(), request.POST)
    request.find(accounts).signing.reset_password(
        values["address"],
        values["code"],
        values["password"],
        network(request),
        request.commit_step,
    )
    request.flash("success", _("新密码已生效，请重新登录"))
    return HTTPSeeOther(location=request.route_path("sign_in"), headers=forget(request))
