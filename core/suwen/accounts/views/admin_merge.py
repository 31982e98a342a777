"""Merging duplicates: two accounts side by side, what moves, what forbids it, one typed word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.people import finding
from suwen.accounts.people.listing import COUNTED, people
from suwen.accounts.people.merging import Merging, Preview
from suwen.accounts.people.wanted import Wanted
from suwen.accounts.policy import require_step_up
from suwen.accounts.views import admin_people as shared
from suwen.accounts.views.forms import blank, refused
from suwen.kernel import ids
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.models import Member

FOUND = 20


@view_config(
    route_name="admin.member_merge",
    request_method="GET",
    renderer="admin/members/merge.jinja2",
    permission=shared.MERGE,
)
def compare(request: Request) -> dict[str, Any]:
    """Look for the other account, or both side by side."""
    require_step_up(request)
    return {**_page(request), **blank()}


def _page(request: Request) -> dict[str, Any]:
    source = shared.member_of(request, shared.MERGE)
    target = _other(request, source)
    directory = people(request.house, request.db, request.identity, shared.MERGE)
    lines = {
        line.id: line for line in directory.among([source.id, *([target.id] if target else [])])
    }
    return {
        "source": source,
        "target": target,
        "lines": lines,
        "preview": _preview(request, source, target),
        "kinds": shared.KINDS,
        "states": shared.STATES,
        "region_name": lambda code: shared.region_name(request, code),
        "found": _found(request, source) if target is None else [],
        "counted": COUNTED,
    }


def _other(request: Request, source: Member) -> Member | None:
    wanted = ids.parse(request.params.get("with"))
    if not wanted or wanted == source.id:
        return None
    directory = people(request.house, request.db, request.identity, shared.MERGE)
    return directory.get(wanted)


def _preview(request: Request, source: Member, target: Member | None) -> Preview | None:
    if target is None:
        return None
    return Merging(request.house, request.db).preview(source.id, target.id, request.actor)


def _found(request: Request, source: Member) -> list[Any]:
    """Whom the search means, and who else has the source's name."""
    look = request.GET.get("look")
    if look is None and source.name_index:
        look = f"name.{source.name_index}"
    if look is None:
        return []
    directory = people(request.house, request.db, request.identity, shared.MERGE)
    page = directory.page(Wanted(look=look), limit=FOUND)
    return [line for line in page.items if line.id != source.id]


@view_config(
    route_name="admin.member_merge",
    request_method="POST",
    renderer="admin/members/merge.jinja2",
    permission=shared.MERGE,
)
def merge(request: Request) -> Any:
    """Search for the other account, or merge into it."""
    require_step_up(request)
    source = shared.member_of(request, shared.MERGE)
    if request.POST.get("action") == "search":
        look = finding.look(request.house.vault, request.POST.get("q", ""))
        where = {"look": look} if look else None
        return HTTPSeeOther(request.route_path("admin.member_merge", id=source.id, _query=where))
    try:
        target = _other(request, source)
        done = Merging(request.house, request.db).merge(
            source.id,
            target.id if target else 0,
            request.POST.get("reason", ""),
            request.POST.get("confirm", ""),
            request.actor,
        )
    except SuwenError as error:
        return {**_page(request), **refused(request, error)}
    request.flash("success", _("账户已合并，原登录方式现在登录到这个账户"))
    return shared.back(request, done.id)
