"""The list of members: tabs, filters, search, saved views, a file of what is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from suwen.accounts.people import finding
from suwen.accounts.people.changing import ACTIONS
from suwen.accounts.people.listing import COUNTED, VIEW, Line, Page, people, role_title
from suwen.accounts.people.saved import SavedViews
from suwen.accounts.people.schemas import FILTERS, FilterIn
from suwen.accounts.people.wanted import NO_BRANCH, TABS, Wanted
from suwen.accounts.roles import TITLES as BUILT_IN
from suwen.accounts.staffing.models import Role
from suwen.accounts.views import admin_people as shared
from suwen.forms import sheets
from suwen.forms.schemas import from_text
from suwen.forms.wording import fields_of
from suwen.kernel import clock, ids
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

IN_FILE: Final = 5000
"""Rows of one file."""

TAB_TITLES: Final = {
    "all": _("全部"),
    "individual": _("个人"),
    "group": _("团体"),
    "staff": _("员工"),
    "disabled": _("已禁用"),
    "gone": _("已合并或注销"),
}
ACTION_TITLES: Final = {
    "tag": _("加标签"),
    "untag": _("去标签"),
    "disable": _("禁用"),
    "enable": _("恢复"),
}


def asked(request: Request, source: Mapping[str, str] | None = None) -> dict[str, str]:
    """Filters as they stand in the address or in a form; nothing else of it."""
    values = request.GET if source is None else source
    return {name: values[name].strip() for name in FILTERS if values.get(name, "").strip()}


@view_config(
    route_name="admin.members",
    request_method="GET",
    renderer="admin/members/list.jinja2",
    permission=VIEW,
)
def members(request: Request) -> dict[str, Any]:
    """One page of the members that fit."""
    filters = asked(request)
    directory = people(request.house, request.db, request.identity)
    errors: Mapping[str, str] = {}
    try:
        wanted = Wanted.of(from_text(FilterIn(), filters))
        page = directory.page(wanted, request.GET.get("cursor"))
        count = directory.count(wanted)
    except colander.Invalid as error:
        request.response.status_int = 422
        page, count, errors = Page((), None), 0, fields_of(error)
    return {
        "page": page,
        "found": count,
        "counted": COUNTED,
        "errors": errors,
        "is_first": "cursor" not in request.GET,
        **_frame(request, filters),
    }


def _frame(request: Request, filters: Mapping[str, str]) -> dict[str, Any]:
    return {
        "filters": filters,
        "tabs_shown": [(tab, TAB_TITLES[tab]) for tab in TABS],
        "look_title": finding.title(filters.get("look", "")),
        "kinds": shared.KINDS,
        "states": shared.STATES,
        "regions_shown": shared.regions(request),
        "branches_shown": [(NO_BRANCH, _("不属于任何分支机构")), *shared.branches(request)],
        "roles_shown": _roles(request),
        "region_name": lambda code: shared.region_name(request, code),
        "views": SavedViews(request.db, request.identity.member_id, "admin.members").all(),
        "may_edit": shared.EDIT in request.identity.permissions,
        "actions": [(action, ACTION_TITLES[action]) for action in ACTIONS],
    }


def _roles(request: Request) -> list[tuple[str, str]]:
    custom = select(Role.code, Role.title).where(Role.state == "open").order_by(Role.title)
    made = [(row.code, row.title) for row in request.db.execute(custom.limit(200))]
    return [*((code, role_title(code, None)) for code in BUILT_IN), *made]


@view_config(route_name="admin.members_search", request_method="POST", permission=VIEW)
def search(request: Request) -> HTTPSeeOther:
    """Turn what was typed into a mark: no name or number gets into an address.

    Everybody is looked through, whatever tab and filters the page had; they can be set again.
    """
    text = request.POST.get("q", "").strip()
    look = finding.look(request.house.vault, text)
    if look is None and text:
        request.flash("warning", _("请输入完整的手机号、邮箱、姓名、会员编号或手机号后四位"))
    query = {"look": look} if look else None
    return HTTPSeeOther(request.route_path("admin.members", _query=query))


@view_config(route_name="admin.members_file", request_method="GET", permission=VIEW, writes=True)
def members_file(request: Request) -> Response:
    """The list as an Excel file, masked as on the page; that it was made is on record."""
    filters = asked(request)
    directory = people(request.house, request.db, request.identity)
    try:
        wanted = Wanted.of(from_text(FilterIn(), filters))
    except colander.Invalid:
        return HTTPSeeOther(request.route_path("admin.members", _query=filters))
    page = directory.page(wanted, limit=IN_FILE)
    request.house.audit.write(
        request.db,
        request.actor,
        "member.list_file",
        "member",
        "list",
        details={"rows": len(page.items), "filters": filters},
    )
    day = f"{clock.now().astimezone(clock.SHANGHAI):%Y%m%d}"
    response = Response(body=_sheet(request, page), content_type=sheets.MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="members-{day}.xlsx"'
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _sheet(request: Request, page: Page) -> bytes:
    text = request.localizer.translate
    headers = [_("会员编号"), _("名称"), _("登录方式"), _("类型"), _("状态"), _("地区")]
    headers += [_("分支机构"), _("标签"), _("注册时间")]
    rows = [_cells(request, line) for line in page.items]
    return sheets.sheet("members", [text(header) for header in headers], rows)


def _cells(request: Request, line: Line) -> list[Any]:
    text = request.localizer.translate
    return [
        str(line.id),
        line.display_name,
        "、".join(line.addresses),
        text(shared.KINDS[line.kind]),
        text(shared.STATES[line.state][0]),
        text(shared.region_name(request, line.region_code)),
        line.branch or "",
        "、".join(line.tags),
        line.created_at,
    ]


@view_config(route_name="admin.members_views", request_method="POST", permission=VIEW)
def saved_views(request: Request) -> HTTPSeeOther:
    """Save the filters under a name, or rename or delete what was saved."""
    form, filters = request.POST, asked(request, request.POST)
    service = SavedViews(request.db, request.identity.member_id, "admin.members")
    name, shared_with_all = form.get("name", ""), form.get("shared") == "1"
    view_id = ids.parse(form.get("view"))
    try:
        if form.get("action") == "delete":
            service.delete(view_id)
            request.flash("info", _("常用筛选已删除"))
        elif form.get("action") == "rename":
            service.rename(view_id, name, shared=shared_with_all)
            request.flash("success", _("常用筛选已保存"))
        else:
            service.save(name, filters, shared=shared_with_all)
            request.flash("success", _("常用筛选已保存"))
    except SuwenError as error:
        request.flash("danger", next(iter(error.fields.values()), error.text))
    return HTTPSeeOther(request.route_path("admin.members", _query=filters or None))
