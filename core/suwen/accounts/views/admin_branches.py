"""Branches: looking them up, opening, editing, handing over and closing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.accounts.policy import require_step_up
from suwen.accounts.staffing.branches import KINDS, BranchBook, branch_book
from suwen.accounts.staffing.errors import Stale
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.models import NO_BRANCH, Branch
from suwen.accounts.staffing.permissions import permissions
from suwen.accounts.staffing.reading import staff_reader
from suwen.accounts.staffing.schemas import branch_wish
from suwen.accounts.views.admin_staffing import (
    areas,
    number,
    own_rights,
    refused,
    region_names,
)
from suwen.accounts.views.forms import Messages, Values
from suwen.forms import divisions
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

PERMISSION: Final = "staff.branches"
STATES: Final = {"open": _("营业中"), "closed": _("已关闭")}
FIELDS: Final = ("code", "name", "kind", "region_code", "address", "phone", "revision")
LISTS: Final = ("regions", "permissions")


@view_config(
    route_name="admin.branches",
    request_method="GET",
    renderer="admin/branches/list.jinja2",
    permission=PERMISSION,
)
def branch_list(request: Request) -> dict[str, Any]:
    """Branches that the one who asks manages or belongs to."""
    text = request.GET.get("q", "").strip()[:80]
    state = request.GET.get("state")
    state = state if state in STATES else None
    rows, following = request.find(branch_book).page(
        request.identity.branches_of(PERMISSION),
        text=text,
        state=state,
        cursor=ids.parse(request.GET.get("cursor")),
    )
    asked = {"q": text, "state": state}
    return {
        "rows": rows,
        "next_cursor": following,
        "is_first": "cursor" not in request.GET,
        "text": text,
        "state": state,
        "filters": {name: value for name, value in asked.items() if value},
        "states": STATES,
        "kinds": KINDS,
        "seats": {row.id: _seat(request, row) for row in rows},
        "may_open": _everywhere(request),
    }


def _seat(request: Request, branch: Branch) -> str:
    known: divisions.Divisions | None = request.house.ports.get(divisions.PORT)
    fits = known is not None and known.exists(branch.region_code)
    return known.full_name(branch.region_code) if known is not None and fits else ""


def _everywhere(request: Request) -> bool:
    return request.identity.branches_of(PERMISSION) is None


def _branch(request: Request) -> Branch:
    book: BranchBook = request.find(branch_book)
    return book.get(number(request), request.identity.branches_of(PERMISSION))


@view_config(
    route_name="admin.branch",
    request_method="GET",
    renderer="admin/branches/branch.jinja2",
    permission=PERMISSION,
)
def branch(request: Request) -> dict[str, Any]:
    """One branch: facts, what it may do, its staff, and what belongs to it."""
    found, book = _branch(request), request.find(branch_book)
    holders, hidden = request.find(staff_reader).holders(
        request.identity.member_id, branch_id=found.id
    )
    return {
        "branch": found,
        "seat": _seat(request, found),
        "states": STATES,
        "kinds": KINDS,
        "holdings": book.holdings(found.id),
        "holders": holders,
        "hidden": hidden,
        "areas": areas(request, found.permissions),
        "region_names": region_names(request),
        "may_edit": found.state == OPEN and book.may_edit(own_rights(request), found),
    }


def _form(
    request: Request,
    found: Branch | None,
    values: Mapping[str, Any],
    errors: Mapping[str, str],
) -> dict[str, Any]:
    rights = own_rights(request)
    allowed = permissions(request.house).by_branch()
    kept = frozenset(found.permissions) if found is not None else frozenset()
    return {
        "branch": found,
        "kinds": list(KINDS.items()),
        "region_choices": [(region.code, region.name) for region in request.regions],
        "areas": areas(request, allowed),
        "held": {name for name in allowed if rights.holds(name)} | kept,
        "values": Values(values),
        "errors": Messages(errors),
        "picker": divisions.picker(request.house, request.POST or values),
    }


def _typed(request: Request) -> dict[str, Any]:
    return {
        **{name: request.POST.get(name, "") for name in FIELDS},
        **{name: frozenset(request.POST.getall(name)) for name in LISTS},
    }


def _stored(found: Branch) -> dict[str, Any]:
    return {name: getattr(found, name) for name in (*FIELDS, *LISTS)}


@view_config(
    route_name="admin.branch_new",
    request_method="GET",
    renderer="admin/branches/form.jinja2",
    permission=PERMISSION,
)
def new_form(request: Request) -> dict[str, Any]:
    """Open a branch."""
    if not _everywhere(request):
        raise NotFound
    require_step_up(request)
    return _form(request, None, {"regions": (), "permissions": ()}, {})


@view_config(
    route_name="admin.branch_new",
    request_method="POST",
    renderer="admin/branches/form.jinja2",
    permission=PERMISSION,
)
def make_new(request: Request) -> Any:
    """Open it."""
    require_step_up(request)
    if divisions.turning(request.POST, "region_code"):
        return _form(request, None, _typed(request), {})
    try:
        wish, _revision = branch_wish(request.POST)
        made = request.find(branch_book).create(actor(request), wish)
    except NotFound:
        raise
    except SuwenError as error:
        return _form(request, None, _typed(request), refused(request, error))
    request.flash("success", _("分支机构“${name}”已创建", mapping={"name": made.name}))
    return HTTPSeeOther(request.route_path("admin.branch", id=made.id))


def _mine(request: Request) -> Branch:
    """The branch of the address, which the one who asks may change; asks to step up."""
    found = _branch(request)
    if found.state != OPEN or not request.find(branch_book).may_edit(own_rights(request), found):
        raise NotFound
    require_step_up(request)
    return found


@view_config(
    route_name="admin.branch_edit",
    request_method="GET",
    renderer="admin/branches/form.jinja2",
    permission=PERMISSION,
)
def edit_form(request: Request) -> dict[str, Any]:
    """Change a branch."""
    found = _mine(request)
    return _form(request, found, _stored(found), {})


@view_config(
    route_name="admin.branch_edit",
    request_method="POST",
    renderer="admin/branches/form.jinja2",
    permission=PERMISSION,
)
def edit(request: Request) -> Any:
    """Save it; who comes second sees what the first has saved."""
    found = _mine(request)
    if divisions.turning(request.POST, "region_code"):
        return _form(request, found, _typed(request), {})
    try:
        wish, revision = branch_wish(request.POST)
        request.find(branch_book).edit(actor(request), found.id, wish, revision)
    except NotFound:
        raise
    except Stale as error:
        now = _branch(request)
        return _form(request, now, _stored(now), refused(request, error))
    except SuwenError as error:
        return _form(request, found, _typed(request), refused(request, error))
    request.flash("success", _("分支机构已保存"))
    return HTTPSeeOther(request.route_path("admin.branch", id=found.id))


@view_config(
    route_name="admin.branch_hand_over",
    request_method="GET",
    renderer="admin/branches/hand_over.jinja2",
    permission=PERMISSION,
)
def hand_over_form(request: Request) -> dict[str, Any]:
    """Give members and points of a branch to another."""
    return _hand_over_form(request, _mine(request), {})


def _hand_over_form(request: Request, found: Branch, errors: Mapping[str, str]) -> dict[str, Any]:
    book = request.find(branch_book)
    others = [item for item in book.open_ones() if item.id != found.id]
    return {
        "branch": found,
        "holdings": book.holdings(found.id),
        "targets": [
            (NO_BRANCH, _("不归属任何机构")),
            *((item.id, f"{item.code} {item.name}") for item in others),
        ],
        "errors": Messages(errors),
    }


@view_config(
    route_name="admin.branch_hand_over",
    request_method="POST",
    renderer="admin/branches/hand_over.jinja2",
    permission=PERMISSION,
)
def hand_over(request: Request) -> Any:
    """Do it."""
    found = _mine(request)
    asked = request.POST.get("target")
    target = ids.parse(asked)
    try:
        if target is None:
            raise NotFound
        moved = request.find(branch_book).hand_over(actor(request), found.id, target)
    except SuwenError as error:
        fields = refused(request, error)
        request.response.status_int = 422
        return _hand_over_form(request, found, {"target": fields["target"] or error.text})
    request.flash("success", _("已转移 ${n} 项", mapping={"n": moved}))
    return HTTPSeeOther(request.route_path("admin.branch", id=found.id))


@view_config(
    route_name="admin.branch_close",
    request_method="GET",
    renderer="admin/branches/close.jinja2",
    permission=PERMISSION,
)
def close_form(request: Request) -> dict[str, Any]:
    """Ask before a branch is closed, and say what stands open."""
    return _close_form(request, _mine(request), {})


def _close_form(request: Request, found: Branch, errors: Mapping[str, str]) -> dict[str, Any]:
    holdings = request.find(branch_book).holdings(found.id)
    return {
        "branch": found,
        "holdings": holdings,
        "is_empty": not any(count for _title, count in holdings),
        "errors": Messages(errors),
    }


@view_config(
    route_name="admin.branch_close",
    request_method="POST",
    renderer="admin/branches/close.jinja2",
    permission=PERMISSION,
)
def close(request: Request) -> Any:
    """Close it for good."""
    found = _mine(request)
    revision = request.POST.get("revision", "")
    known = int(revision) if revision.isascii() and revision.isdigit() else 0
    try:
        request.find(branch_book).close(actor(request), found.id, known)
    except NotFound:
        raise
    except SuwenError as error:
        return _close_form(request, found, refused(request, error))
    request.flash("success", _("分支机构已关闭"))
    return HTTPSeeOther(request.route_path("admin.branches"))
