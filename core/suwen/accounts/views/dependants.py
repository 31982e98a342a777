"""Pages of dependants, and the link by which an adult among them takes his place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts import dependant_schemas as schemas
from suwen.accounts.dependants import GUARDIAN, TITLES, Dependant, Details, dependants
from suwen.accounts.links import links
from suwen.accounts.services import accounts
from suwen.accounts.views.forms import blank, kept, refused
from suwen.accounts.views.me_api import id_in_path
from suwen.forms.schemas import validated
from suwen.kernel.errors import Invalid, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from suwen.accounts.dependants import Dependants

PRIVATE = "member.private"


def family(request: Request) -> Dependants:
    """The member's dependants."""
    return dependants(request.house, request.db, request.identity.member_id)


@view_config(
    route_name="accounts.dependants",
    request_method="GET",
    renderer="accounts/dependants.jinja2",
    permission=PRIVATE,
)
def listing(request: Request) -> dict[str, Any]:
    """Dependants with what each of them still needs, and where one is a dependant oneself."""
    agreed = request.find(accounts).consents
    return {
        "family": [
            (one, one.is_minor and agreed.has(one.subject_id, GUARDIAN))
            for one in family(request).all()
        ],
        "places": request.find(links).places(request.identity.member_id),
        "titles": TITLES,
    }


@view_config(
    route_name="accounts.dependant_new",
    request_method="GET",
    renderer="accounts/dependant.jinja2",
    permission=PRIVATE,
)
def new(request: Request) -> Mapping[str, Any]:
    """An empty form."""
    return {**blank(relation="child"), **_frame(request, None)}


def _frame(request: Request, one: Dependant | None, token: str | None = None) -> dict[str, Any]:
    age = family(request).adult_age
    return {"one": one, "titles": TITLES, "token": token, "adult_age": age}


@view_config(
    route_name="accounts.dependant_new",
    request_method="POST",
    renderer="accounts/dependant.jinja2",
    permission=PRIVATE,
)
def create(request: Request) -> Any:
    """Add one; a child's guardian goes on to the consents."""
    try:
        relation, details = _entered(request)
        made = family(request).add(relation, details, request.actor)
    except SuwenError as error:
        return {**refused(request, error), **_frame(request, None)}
    request.flash("success", _("已添加家人"))
    if made.is_minor:
        query = {"subject": str(made.subject_id)}
        return HTTPSeeOther(request.route_path("accounts.consents", _query=query))
    return HTTPSeeOther(request.route_path("accounts.dependants"))


def _entered(request: Request) -> tuple[str, Details]:
    given = validated(schemas.DependantIn(), request.POST)
    return given["relation"], Details(given["name"], given["birth_date"], given["sex"])


@view_config(
    route_name="accounts.dependant",
    request_method="GET",
    renderer="accounts/dependant.jinja2",
    permission=PRIVATE,
)
def form(request: Request) -> Mapping[str, Any]:
    """One of them; another member's does not exist."""
    one = family(request).get(id_in_path(request))
    values = {
        "relation": one.relation,
        "name": one.name,
        "birth_date": one.birth_date.isoformat(),
        "sex": one.sex,
    }
    return {**blank(**values), **_frame(request, one)}


@view_config(
    route_name="accounts.dependant",
    request_method="POST",
    renderer="accounts/dependant.jinja2",
    permission=PRIVATE,
)
def change(request: Request) -> Any:
    """Save, make a link, or remove."""
    people, act = family(request), request.POST.get("act")
    one = people.get(id_in_path(request))
    try:
        if act == "link":
            token = people.link(one.subject_id, request.actor)
            return {**form(request), **_frame(request, one, token)}
        if act == "remove":
            _sure(request)
            people.remove(one.subject_id, request.actor)
            request.flash("info", _("已移除家人，已有的健康资料仍可在档案中查看"))
        else:
            relation, details = _entered(request)
            people.update(one.subject_id, relation, details, request.actor)
            request.flash("success", _("资料已保存"))
    except SuwenError as error:
        shown = refused(request, error)
        if act in {"link", "remove"}:
            shown["values"] = form(request)["values"]
        return {**shown, **_frame(request, one)}
    return HTTPSeeOther(request.route_path("accounts.dependants"))


def _sure(request: Request) -> None:
    if request.POST.get("sure") != "1":
        text = _("请勾选以确认移除")
        raise Invalid(text, fields={"sure": text})


@view_config(
    route_name="accounts.dependant_link",
    request_method="GET",
    renderer="accounts/dependant_link.jinja2",
    permission=PRIVATE,
    writes=True,
)
def link(request: Request) -> dict[str, Any]:
    """A link that a member has handed to an adult of his family."""
    profile = request.find(accounts).profiles.read(request.identity.member_id)
    born = profile.birth_date.isoformat() if profile.birth_date else ""
    return _link(request, {**blank(name=profile.real_name or "", birth_date=born)})


def _link(request: Request, shown: dict[str, Any]) -> dict[str, Any]:
    try:
        _row, who = request.find(links).open(request.matchdict["token"])
    except SuwenError as error:
        request.response.status_int = 404
        return {**shown, "over": error.text, "who": ""}
    return {**shown, "over": None, "who": who}


@view_config(
    route_name="accounts.dependant_link",
    request_method="POST",
    renderer="accounts/dependant_link.jinja2",
    permission=PRIVATE,
)
def take_over(request: Request) -> Any:
    """Take the place."""
    try:
        given = validated(schemas.TakeOverIn(), request.POST)
        request.find(links).accept(
            request.matchdict["token"],
            request.identity.member_id,
            given["name"],
            given["birth_date"],
            request.actor,
        )
    except SuwenError as error:
        shown = refused(request, error)
        return _link(request, {"errors": shown["errors"], "values": kept(request)})
    request.flash("success", _("已关联：为您订购的检测，报告只会出现在您自己的档案中"))
    return HTTPSeeOther(request.route_path("accounts.dependants"))


@view_config(route_name="accounts.dependant_leave", request_method="POST", permission=PRIVATE)
def leave(request: Request) -> HTTPSeeOther:
    """Leave a place that one has taken."""
    request.find(links).leave(id_in_path(request), request.identity.member_id, request.actor)
    request.flash("success", _("已解除关联"))
    return HTTPSeeOther(request.route_path("accounts.dependants"))
