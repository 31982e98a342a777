"""Administrators: the tree, making new ones, their roles, moving and dismissing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts import contacts
from suwen.accounts.errors import BadAddress
from suwen.accounts.identity import actor
from suwen.accounts.policy import require_step_up
from suwen.accounts.services import accounts
from suwen.accounts.staffing.branches import branch_book
from suwen.accounts.staffing.errors import NotOneself
from suwen.accounts.staffing.reading import Colleague, Filter, staff_reader
from suwen.accounts.staffing.schemas import (
    FilterSchema,
    NewStaffSchema,
    PlaceSchema,
    grant_wish,
    wish_of,
)
from suwen.accounts.staffing.services import staffing
from suwen.accounts.views.admin_staffing import grant_choices, number, refused, region_names
from suwen.accounts.views.forms import Messages, Values, kept
from suwen.forms.schemas import validated
from suwen.kernel.errors import Invalid, NotFound, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

PERMISSION: Final = "staff.staff"


@view_config(
    route_name="admin.staff",
    request_method="GET",
    renderer="admin/staff/list.jinja2",
    permission=PERMISSION,
)
def staff_list(request: Request) -> dict[str, Any]:
    """The tree from oneself downwards, or those who fit a filter."""
    asked = Values({name: text for name, text in request.GET.items() if text})
    errors, wanted = Messages(), Filter()
    try:
        read = validated(FilterSchema(), asked)
        wanted = Filter(read["q"], read["role"], read["region"], read["branch"])
    except Invalid as error:
        errors = refused(request, error)
    reader = request.find(staff_reader)
    rows, following = reader.page(request.identity.member_id, wanted, request.GET.get("cursor"))
    filters = {
        name: text for name, text in asked.items() if name in {"q", "role", "region", "branch"}
    }
    branches = request.find(branch_book).open_ones(request.identity.branches_of(PERMISSION))
    return {
        "rows": rows,
        "next_cursor": following,
        "is_first": "cursor" not in asked,
        "filters": filters,
        "values": Values(filters),
        "errors": errors,
        "is_tree": wanted.is_empty,
        "role_choices": list(reader.role_titles().items()),
        "region_names": region_names(request),
        "branch_choices": [(branch.id, branch.name) for branch in branches],
    }


def _new(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str], *, unknown: bool = False
) -> dict[str, Any]:
    return {
        **grant_choices(request),
        "values": Values(values),
        "errors": Messages(errors),
        "unknown": unknown,
    }


@view_config(
    route_name="admin.staff_new",
    request_method="GET",
    renderer="admin/staff/new.jinja2",
    permission=PERMISSION,
)
def new_form(request: Request) -> dict[str, Any]:
    """Make somebody an administrator below oneself."""
    require_step_up(request)
    return _new(request, {}, {})


@view_config(
    route_name="admin.staff_new",
    request_method="POST",
    renderer="admin/staff/new.jinja2",
    permission=PERMISSION,
)
def make_new(request: Request) -> Any:
    """Appoint a registered member, or make an account for an address that nobody has."""
    require_step_up(request)
    try:
        read = validated(NewStaffSchema(), request.POST)
        contact = contacts.parse(read["address"])
        found = request.find(accounts).find(read["address"])
        if found is None and not read["invite"]:
            text = _("这个手机号或邮箱还没有注册。请核对，或勾选下面的“创建账户”")
            raise Invalid(text, fields={"address": text})
        service, wish = request.find(staffing), wish_of(read)
        if found is None:
            found = service.invite(actor(request), contact, read["title"], wish)
            request.flash(
                "success",
                _("已创建账户。请通知对方用这个地址通过“忘记密码”设置密码，再绑定身份验证器"),
            )
        else:
            service.appoint(actor(request), found, read["title"], wish)
            request.flash("success", _("已添加管理员，对方需要重新登录"))
    except NotFound:
        errors = refused(request, BadAddress())
        return _new(request, kept(request), errors)
    except SuwenError as error:
        errors = refused(request, error)
        return _new(request, kept(request), errors, unknown="address" in errors)
    return HTTPSeeOther(request.route_path("admin.staff_member", id=found))


@view_config(
    route_name="admin.staff_member",
    request_method="GET",
    renderer="admin/staff/member.jinja2",
    permission=PERMISSION,
)
def staff_member(request: Request) -> dict[str, Any]:
    """One of one's people, or oneself: roles, what they give, and those below."""
    person = _person(request)
    reader = request.find(staff_reader)
    viewer = request.identity.member_id
    parent = None
    if person.parent_id is not None and person.member_id != viewer:
        parent = reader.one(viewer, person.parent_id)
    return {
        "person": person,
        "parent": parent,
        "below": reader.under(person.member_id),
        "region_names": region_names(request),
        "is_oneself": person.member_id == viewer,
    }


def _person(request: Request) -> Colleague:
    reader = request.find(staff_reader)
    found: Colleague = reader.one(request.identity.member_id, number(request))
    return found


def _below(request: Request) -> Colleague:
    """The person of the address, who must stand below; asks to step up."""
    person = _person(request)
    if person.member_id == request.identity.member_id:
        raise NotFound
    require_step_up(request)
    return person


def _back(request: Request, text: str) -> HTTPSeeOther:
    request.flash("success", text)
    return HTTPSeeOther(request.route_path("admin.staff_member", id=number(request)))


def _grant_form(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str]
) -> dict[str, Any]:
    return {
        **grant_choices(request),
        "person": _below(request),
        "values": Values(values),
        "errors": Messages(errors),
    }


@view_config(
    route_name="admin.staff_grant",
    request_method="GET",
    renderer="admin/staff/grant.jinja2",
    permission=PERMISSION,
)
def grant_form(request: Request) -> dict[str, Any]:
    """Give somebody below a role."""
    return _grant_form(request, {}, {})


@view_config(
    route_name="admin.staff_grant",
    request_method="POST",
    renderer="admin/staff/grant.jinja2",
    permission=PERMISSION,
)
def grant(request: Request) -> Any:
    """Give it."""
    person = _below(request)
    try:
        request.find(staffing).grant(actor(request), person.member_id, grant_wish(request.POST))
    except SuwenError as error:
        return _grant_form(request, kept(request), refused(request, error))
    return _back(request, _("角色已授予，对方需要重新登录"))


@view_config(
    route_name="admin.staff_edit",
    request_method="GET",
    renderer="admin/staff/edit.jinja2",
    permission=PERMISSION,
)
def edit_form(request: Request) -> dict[str, Any]:
    """What somebody is called and below whom he stands."""
    person = _below(request)
    return _edit_form(request, {"title": person.title, "parent": person.parent_id}, {})


def _edit_form(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str]
) -> dict[str, Any]:
    person = _below(request)
    names = request.find(staff_reader).names(request.identity.member_id)
    return {
        "person": person,
        "parents": [(key, name) for key, name in names if key != person.member_id],
        "values": Values(values),
        "errors": Messages(errors),
    }


@view_config(
    route_name="admin.staff_edit",
    request_method="POST",
    renderer="admin/staff/edit.jinja2",
    permission=PERMISSION,
)
def edit(request: Request) -> Any:
    """Save both."""
    person = _below(request)
    service, by = request.find(staffing), actor(request)
    try:
        read = validated(PlaceSchema(), request.POST)
        if read["title"] != person.title:
            service.entitle(by, person.member_id, read["title"])
        if read["parent"] is not None and read["parent"] != person.parent_id:
            service.move(by, person.member_id, read["parent"])
    except SuwenError as error:
        return _edit_form(request, kept(request), refused(request, error))
    return _back(request, _("已保存"))


@view_config(
    route_name="admin.staff_revoke",
    request_method="GET",
    renderer="admin/staff/revoke.jinja2",
    permission=PERMISSION,
)
def revoke_form(request: Request) -> dict[str, Any]:
    """Ask before a role is taken away."""
    return _revoke_form(request, {})


def _revoke_form(request: Request, errors: Mapping[str, str]) -> dict[str, Any]:
    person, grant_id = _below(request), number(request, "grant")
    held = next((role for role in person.roles if role.id == grant_id), None)
    if held is None:
        raise NotFound
    return {
        "person": person,
        "held": held,
        "region_names": region_names(request),
        "below": request.find(staff_reader).under(person.member_id),
        "errors": Messages(errors),
    }


@view_config(
    route_name="admin.staff_revoke",
    request_method="POST",
    renderer="admin/staff/revoke.jinja2",
    permission=PERMISSION,
)
def revoke(request: Request) -> Any:
    """Take it away."""
    person = _below(request)
    try:
        request.find(staffing).revoke(actor(request), person.member_id, number(request, "grant"))
    except NotFound:
        raise
    except SuwenError as error:
        return _revoke_form(request, refused(request, error))
    return _back(request, _("角色已撤销，对方已退出登录"))


@view_config(
    route_name="admin.staff_dismiss",
    request_method="GET",
    renderer="admin/staff/dismiss.jinja2",
    permission=PERMISSION,
)
def dismiss_form(request: Request) -> dict[str, Any]:
    """Ask before somebody is staff no longer."""
    return _dismiss_form(request, {})


def _dismiss_form(request: Request, errors: Mapping[str, str]) -> dict[str, Any]:
    person = _below(request)
    return {
        "person": person,
        "below": request.find(staff_reader).under(person.member_id),
        "region_names": region_names(request),
        "errors": Messages(errors),
    }


@view_config(
    route_name="admin.staff_dismiss",
    request_method="POST",
    renderer="admin/staff/dismiss.jinja2",
    permission=PERMISSION,
)
def dismiss(request: Request) -> Any:
    """Take all roles and the place in the tree."""
    person = _below(request)
    try:
        request.find(staffing).dismiss(actor(request), person.member_id)
    except (NotOneself, NotFound):
        raise
    except SuwenError as error:
        return _dismiss_form(request, refused(request, error))
    request.flash("success", _("已撤销全部角色，其下级已转到其上级名下"))
    return HTTPSeeOther(request.route_path("admin.staff"))
