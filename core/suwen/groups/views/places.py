"""A person's own side: taking his place, sharing or not, leaving."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.accounts.services import accounts
from suwen.groups.access import groups_of
from suwen.groups.errors import WrongClaim
from suwen.groups.people import BAD_DATE, birth_date
from suwen.groups.services import claims
from suwen.groups.views.frame import PRIVATE, number, refused
from suwen.kernel.errors import Invalid, NotFound, SuwenError
from suwen.kernel.i18n import _, translate

if TYPE_CHECKING:
    from pyramid.request import Request


@view_config(
    route_name="groups.mine",
    request_method="GET",
    renderer="groups/mine.jinja2",
    permission=PRIVATE,
)
def mine(request: Request) -> dict[str, Any]:
    """Groups that one acts for, and groups on whose rosters one stands."""
    member_id = request.identity.member_id
    return {
        "acting": groups_of(request.db, member_id),
        "places": request.find(claims).mine(member_id),
        "about": request.find(claims).about(),
    }


@view_config(route_name="groups.place", request_method="POST", permission=PRIVATE)
def change_place(request: Request) -> HTTPSeeOther:
    """Share, stop sharing, or leave."""
    service, key, who = request.find(claims), number(request, "person"), actor(request)
    act = request.matchdict["act"]
    if act == "share":
        shown = translate(request, request.find(claims).about().text)
        service.share(key, who, version=request.POST.get("version", ""), shown=shown)
        request.flash("success", _("已记录您的同意，单位负责人可以查看为您订购的检测报告"))
    elif act == "stop":
        service.stop_sharing(key, who)
        request.flash("success", _("已停止提供，单位从现在起不能再查看"))
    elif act == "leave":
        service.leave(key, who)
        request.flash("success", _("您已离开该单位的名册，尚未出具的报告仍会交给您本人"))
    else:
        raise NotFound
    return HTTPSeeOther(request.route_path("groups.mine"))


@view_config(
    route_name="groups.claim_code",
    request_method="GET",
    renderer="groups/claim_code.jinja2",
    permission=PRIVATE,
)
def code_form(request: Request) -> Any:
    """Type the code of a slip."""
    code = "".join(request.GET.get("code", "").replace("-", "").split())
    if code.isalnum() and code.isascii():
        return HTTPSeeOther(request.route_path("groups.claim", code=code[:20].upper()))
    return {}


@view_config(
    route_name="groups.claim",
    request_method="GET",
    renderer="groups/claim.jinja2",
    permission=PRIVATE,
    writes=True,
)
def claim_form(request: Request) -> dict[str, Any]:
    """Name and birth date, taken from the profile where it has them."""
    profile = request.find(accounts).profiles.read(request.identity.member_id)
    born = profile.birth_date.isoformat() if profile.birth_date else ""
    values = {"name": profile.real_name or "", "birth_date": born}
    return _claim(request, values, {})


def _claim(request: Request, values: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    code = request.matchdict["code"]
    name = request.find(claims).group_of(code, request.identity.member_id)
    if name is None and not errors:
        request.response.status_int = 404
    return {"code": code, "group_name": name, "values": values, "errors": errors}


@view_config(
    route_name="groups.claim",
    request_method="POST",
    renderer="groups/claim.jinja2",
    permission=PRIVATE,
)
def claim(request: Request) -> Any:
    """Take the place."""
    values = {name: request.POST.get(name, "")[:100] for name in ("name", "birth_date")}
    try:
        if not values["name"].strip():
            raise WrongClaim(fields={"name": _("请填写此项")})
        place = request.find(claims).claim(
            request.matchdict["code"],
            request.identity.member_id,
            values["name"].strip(),
            _born(values["birth_date"]),
            actor(request),
        )
    except SuwenError as error:
        return _claim(request, values, refused(request, error))
    text = _("认领成功：${group}", mapping={"group": place.group_name})
    request.flash("success", text)
    return HTTPSeeOther(request.route_path("groups.mine"))


def _born(text: str) -> date:
    try:
        return birth_date(text.strip())
    except ValueError:
        raise Invalid(BAD_DATE, fields={"birth_date": BAD_DATE}) from None
