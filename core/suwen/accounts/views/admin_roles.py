"""Roles: the built-in ones to read and copy, those that administrators make to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.accounts.policy import require_step_up
from suwen.accounts.roles import ROLES, TITLES, built_in
from suwen.accounts.staffing.errors import Stale
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.models import Role
from suwen.accounts.staffing.reading import staff_reader
from suwen.accounts.staffing.roles import role_book
from suwen.accounts.staffing.schemas import role_wish
from suwen.accounts.views.admin_staffing import areas, own_rights, refused, region_names
from suwen.accounts.views.forms import Messages, Values
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

PERMISSION: Final = "staff.roles"


@dataclass(frozen=True, slots=True)
class ShownRole:
    """A role, built in or made, as the pages show it."""

    code: str
    title: str
    note: str
    permissions: frozenset[str]
    is_built_in: bool
    is_open: bool = True
    is_mine: bool = False
    revision: int = 0


def _built_in(code: str) -> ShownRole:
    return ShownRole(code, TITLES[code], "", built_in(code), is_built_in=True)


def _made(request: Request, role: Role, *, look: bool = True) -> ShownRole:
    mine = look and request.find(role_book).is_mine(own_rights(request), role)
    return ShownRole(
        role.code,
        role.title,
        role.note,
        frozenset(role.permissions),
        is_built_in=False,
        is_open=role.state == OPEN,
        is_mine=mine,
        revision=role.revision,
    )


def _role(request: Request, code: str) -> ShownRole:
    if code in ROLES:
        return _built_in(code)
    return _made(request, request.find(role_book).get(code))


@view_config(
    route_name="admin.roles",
    request_method="GET",
    renderer="admin/roles/list.jinja2",
    permission=PERMISSION,
)
def role_list(request: Request) -> dict[str, Any]:
    """Every role, and the permissions that there are, by area."""
    made = [_made(request, role, look=False) for role in request.find(role_book).all()]
    return {
        "roles": [*made, *map(_built_in, ROLES)],
        "counts": request.find(staff_reader).members_of_role(),
        "areas": areas(request),
    }


@view_config(
    route_name="admin.role",
    request_method="GET",
    renderer="admin/roles/role.jinja2",
    permission=PERMISSION,
)
def role(request: Request) -> dict[str, Any]:
    """One role: what it gives and who holds it."""
    shown = _role(request, request.matchdict["code"])
    holders, hidden = request.find(staff_reader).holders(
        request.identity.member_id, role=shown.code
    )
    return {
        "role": shown,
        "areas": areas(request, shown.permissions),
        "holders": holders,
        "hidden": hidden,
        "region_names": region_names(request),
    }


def _form(
    request: Request,
    role: ShownRole | None,
    values: Mapping[str, Any],
    errors: Mapping[str, str],
) -> dict[str, Any]:
    rights = own_rights(request)
    return {
        "role": role,
        "areas": areas(request),
        "held": {
            item.name
            for _title, items in areas(request)
            for item in items
            if rights.holds(item.name)
        },
        "values": Values(values),
        "errors": Messages(errors),
    }


def _typed(request: Request) -> dict[str, Any]:
    names = ("title", "note", "revision")
    return {
        **{name: request.POST.get(name, "") for name in names},
        "permissions": frozenset(request.POST.getall("permissions")),
    }


@view_config(
    route_name="admin.role_new",
    request_method="GET",
    renderer="admin/roles/form.jinja2",
    permission=PERMISSION,
)
def new_form(request: Request) -> dict[str, Any]:
    """A new role, or with ``copy`` one like another."""
    require_step_up(request)
    copied = request.GET.get("copy")
    values: dict[str, Any] = {"permissions": frozenset()}
    if copied:
        values["permissions"] = _role(request, copied).permissions
    return _form(request, None, values, {})


@view_config(
    route_name="admin.role_new",
    request_method="POST",
    renderer="admin/roles/form.jinja2",
    permission=PERMISSION,
)
def make_new(request: Request) -> Any:
    """Make it."""
    require_step_up(request)
    try:
        wish, _revision = role_wish(request.POST)
        made = request.find(role_book).create(actor(request), wish)
    except SuwenError as error:
        return _form(request, None, _typed(request), refused(request, error))
    request.flash("success", _("角色“${name}”已创建", mapping={"name": made.title}))
    return HTTPSeeOther(request.route_path("admin.role", code=made.code))


def _mine(request: Request) -> ShownRole:
    """The role of the address, which the one who asks may change; asks to step up."""
    shown = _role(request, request.matchdict["code"])
    if not shown.is_mine or not shown.is_open:
        raise NotFound
    require_step_up(request)
    return shown


def _stored(shown: ShownRole) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in ("title", "note", "permissions", "revision")}


@view_config(
    route_name="admin.role_edit",
    request_method="GET",
    renderer="admin/roles/form.jinja2",
    permission=PERMISSION,
)
def edit_form(request: Request) -> dict[str, Any]:
    """Change a role that oneself or somebody below made."""
    shown = _mine(request)
    return _form(request, shown, _stored(shown), {})


@view_config(
    route_name="admin.role_edit",
    request_method="POST",
    renderer="admin/roles/form.jinja2",
    permission=PERMISSION,
)
def edit(request: Request) -> Any:
    """Save it; who comes second sees what the first has saved."""
    shown = _mine(request)
    try:
        wish, revision = role_wish(request.POST)
        request.find(role_book).edit(actor(request), shown.code, wish, revision)
    except NotFound:
        raise
    except Stale as error:
        now = _role(request, shown.code)
        return _form(request, now, _stored(now), refused(request, error))
    except SuwenError as error:
        return _form(request, shown, _typed(request), refused(request, error))
    request.flash("success", _("角色已保存，持有者需要重新登录"))
    return HTTPSeeOther(request.route_path("admin.role", code=shown.code))


@view_config(
    route_name="admin.role_retire",
    request_method="GET",
    renderer="admin/roles/retire.jinja2",
    permission=PERMISSION,
)
def retire_form(request: Request) -> dict[str, Any]:
    """Ask before a role ends."""
    return _retire_form(request, _mine(request), {})


def _retire_form(request: Request, shown: ShownRole, errors: Mapping[str, str]) -> dict[str, Any]:
    holders = request.find(staff_reader).members_of_role().get(shown.code, 0)
    return {"role": shown, "holders": holders, "errors": Messages(errors)}


@view_config(
    route_name="admin.role_retire",
    request_method="POST",
    renderer="admin/roles/retire.jinja2",
    permission=PERMISSION,
)
def retire(request: Request) -> Any:
    """End it."""
    shown = _mine(request)
    revision = request.POST.get("revision", "")
    known = int(revision) if revision.isascii() and revision.isdigit() else 0
    try:
        request.find(role_book).retire(actor(request), shown.code, known)
    except NotFound:
        raise
    except SuwenError as error:
        return _retire_form(request, shown, refused(request, error))
    request.flash("success", _("角色已停用，不再给予任何权限"))
    return HTTPSeeOther(request.route_path("admin.roles"))
