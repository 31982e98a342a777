"""One member for staff: everything that is known of him, panel by panel, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.models import Member
from suwen.accounts.people.changing import Changes
from suwen.accounts.people.listing import VIEW
from suwen.accounts.people.opening import Opening
from suwen.accounts.people.placing import place
from suwen.accounts.people.revealing import Reveals
from suwen.accounts.people.rules import check_authority, staff_among
from suwen.accounts.people.schemas import NewMemberIn
from suwen.accounts.policy import require_step_up
from suwen.accounts.views import admin_people as shared
from suwen.accounts.views.forms import Messages, blank, refused
from suwen.admin.panels import Panel, panels_for
from suwen.forms.schemas import validated
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _
from suwen.kernel.sessions import sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request


@view_config(
    route_name="admin.member",
    request_method="GET",
    renderer="admin/members/member.jinja2",
    permission=VIEW,
)
def member(request: Request) -> dict[str, Any]:
    """The page with all panels that the person may see."""
    return _page(request, shared.member_of(request))


def _page(request: Request, found: Member, **more: Any) -> dict[str, Any]:
    panels = panels_for(request, *shared.place_of(request, found))
    loaded = [
        (panel, panel.load(request, found.id) if not panel.on_demand else None) for panel in panels
    ]
    return {
        "member": found,
        "panels": loaded,
        "state": shared.STATES[found.state],
        "kind": shared.KINDS[found.kind],
        "region_title": shared.region_name(request, found.region_code),
        "may": {
            "edit": shared.may(request, shared.EDIT, found),
            "merge": shared.may(request, shared.MERGE, found),
            "act": shared.may(request, shared.ACT, found),
        },
        "is_staff_account": bool(staff_among(request.db, [found.id])),
        **more,
    }


@view_config(
    route_name="admin.member_panel",
    request_method="GET",
    renderer="admin/members/panel.jinja2",
    permission=VIEW,
    writes=True,
)
def panel(request: Request) -> dict[str, Any]:
    """A panel whose look is put on record; one that the person may not see does not exist."""
    found = shared.member_of(request)
    for one in panels_for(request, *shared.place_of(request, found)):
        if one.name == request.matchdict["name"] and one.on_demand:
            return {"member": found, "one": one, "panel": _looked(request, one, found)}
    raise NotFound


def _looked(request: Request, one: Panel, found: Member) -> Mapping[str, Any]:
    require_step_up(request)
    return one.load(request, found.id)


@view_config(route_name="admin.member_tags", request_method="POST", permission=shared.EDIT)
def tags(request: Request) -> HTTPSeeOther:
    """Put a tag on or take one off."""
    found = shared.member_of(request, shared.EDIT)
    changes = Changes(request.db, request.house.audit)
    tag = request.POST.get("tag", "")
    try:
        if request.POST.get("action") == "remove":
            changes.untag(found.id, tag, request.actor)
        else:
            changes.tag(found.id, tag, request.actor)
    except SuwenError as error:
        request.flash("danger", next(iter(error.fields.values()), error.text))
    return shared.back(request, found.id)


@view_config(route_name="admin.member_branch", request_method="POST", permission=shared.EDIT)
def branch(request: Request) -> HTTPSeeOther:
    """Which branch looks after him: one of the person's own."""
    found = shared.member_of(request, shared.EDIT)
    wanted = request.POST.get("branch_id", "")
    place(
        request.db,
        request.house.audit,
        found,
        ids.parse(wanted),
        scope=shared.scope_of(request, shared.EDIT),
        actor=request.actor,
    )
    request.flash("success", _("分支机构已更新"))
    return shared.back(request, found.id)


@view_config(route_name="admin.member_sessions", request_method="POST", permission=shared.EDIT)
def end_sessions(request: Request) -> HTTPSeeOther:
    """Sign him out on one device or on all."""
    found = shared.member_of(request, shared.EDIT)
    check_authority(request.db, request.identity.member_id, found.id)
    service = sessions(request.house.settings, request.db)
    session_id = ids.parse(request.POST.get("session"))
    if session_id:
        service.revoke(found.id, session_id)
    else:
        service.revoke_all(found.id)
    request.house.audit.write(
        request.db,
        request.actor,
        "session.revoke",
        "member",
        found.id,
        reason="" if session_id else "all",
    )
    request.flash("success", _("已退出登录"))
    return shared.back(request, found.id)


@view_config(
    route_name="admin.member_state",
    request_method="GET",
    renderer="admin/members/state.jinja2",
    permission=shared.EDIT,
)
def state_form(request: Request) -> dict[str, Any]:
    """Disable or let in again: why."""
    require_step_up(request)
    return {"member": shared.member_of(request, shared.EDIT), **blank()}


@view_config(
    route_name="admin.member_state",
    request_method="POST",
    renderer="admin/members/state.jinja2",
    permission=shared.EDIT,
)
def switch_state(request: Request) -> Any:
    """Do it; his sessions and tokens end at once."""
    require_step_up(request)
    found = shared.member_of(request, shared.EDIT)
    changes = Changes(request.db, request.house.audit)
    steps = {"disable": changes.disable, "enable": changes.enable}
    action = request.POST.get("action", "")
    if action not in steps:
        raise NotFound
    try:
        steps[action](found.id, request.POST.get("reason", ""), request.actor)
    except SuwenError as error:
        return {"member": found, **refused(request, error)}
    request.flash("success", _("账户已禁用") if action == "disable" else _("账户已恢复"))
    return shared.back(request, found.id)


@view_config(
    route_name="admin.member_reveal",
    request_method="GET",
    renderer="admin/members/reveal.jinja2",
    permission=shared.REVEAL,
)
def reveal_form(request: Request) -> dict[str, Any]:
    """One masked value: why it has to be seen."""
    require_step_up(request)
    found = shared.member_of(request, shared.REVEAL)
    field = Reveals(request.house, request.db, found).field(request.matchdict["field"])
    return {"member": found, "field": field, "value": None, **blank()}


@view_config(
    route_name="admin.member_reveal",
    request_method="POST",
    renderer="admin/members/reveal.jinja2",
    permission=shared.REVEAL,
)
def reveal(request: Request) -> Any:
    """Show it once, in this answer; the record of it is written with it."""
    require_step_up(request)
    found = shared.member_of(request, shared.REVEAL)
    service = Reveals(request.house, request.db, found)
    name = request.matchdict["field"]
    field = service.field(name)
    try:
        value = service.reveal(name, request.POST.get("reason", ""), request.actor)
    except SuwenError as error:
        return {"member": found, "field": field, "value": None, **refused(request, error)}
    request.response.headers["Cache-Control"] = "no-store, private"
    return {"member": found, "field": field, "value": value, "errors": Messages(), **_nothing()}


def _nothing() -> dict[str, Any]:
    return {"values": blank()["values"]}


@view_config(
    route_name="admin.member_new",
    request_method="GET",
    renderer="admin/members/new.jinja2",
    permission=shared.EDIT,
)
def new_member(request: Request) -> dict[str, Any]:
    """An empty form."""
    return {**blank(kind="individual"), **_new_frame(request)}


def _new_frame(request: Request) -> dict[str, Any]:
    return {
        "kinds": shared.KINDS,
        "regions_shown": shared.regions(request, shared.EDIT),
        "branches_shown": shared.branches(request, shared.EDIT),
        "must_have_branch": request.identity.branches_of(shared.EDIT) is not None,
    }


@view_config(
    route_name="admin.member_new",
    request_method="POST",
    renderer="admin/members/new.jinja2",
    permission=shared.EDIT,
)
def open_account(request: Request) -> Any:
    """Open the account; he is told how to set his password."""
    opening = Opening(request.house, request.db, shared.scope_of(request, shared.EDIT))
    try:
        made = opening.open(validated(NewMemberIn(), request.POST), request.actor)
    except SuwenError as error:
        return {**refused(request, error), **_new_frame(request)}
    request.flash("success", _("账户已开通，已通知会员设置密码；条款由会员首次登录时确认"))
    return shared.back(request, made.id)
