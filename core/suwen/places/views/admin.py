"""Collection points of a branch, for those who manage branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.accounts.policy import require_step_up
from suwen.accounts.staffing.branches import branch_book
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.rights import rights_of
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _
from suwen.places.branches import branch_points
from suwen.places.divisions import full_name

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.staffing.models import Branch

PERMISSION: Final = "staff.branches"


def _branch(request: Request) -> Branch:
    found: Branch = request.find(branch_book).get(
        ids.parse(request.matchdict["id"]) or 0, request.identity.branches_of(PERMISSION)
    )
    return found


@view_config(
    route_name="admin.branch_points",
    request_method="GET",
    renderer="admin/branches/points.jinja2",
    permission=PERMISSION,
)
def point_list(request: Request) -> dict[str, Any]:
    """Points of a branch, and free ones to add."""
    return _page(request, {})


def _page(request: Request, errors: Mapping[str, str]) -> dict[str, Any]:
    branch, points = _branch(request), request.find(branch_points)
    rights = rights_of(request.db, actor(request))
    may_edit = branch.state == OPEN and request.find(branch_book).may_edit(rights, branch)
    text = request.GET.get("q", "").strip()[:80]
    return {
        "branch": branch,
        "points": points.of(branch.id),
        "free": points.free(text) if may_edit else (),
        "text": text,
        "may_edit": may_edit,
        "full_name": full_name,
        "errors": errors,
    }


@view_config(
    route_name="admin.branch_points",
    request_method="POST",
    renderer="admin/branches/points.jinja2",
    permission=PERMISSION,
)
def change(request: Request) -> Any:
    """Add a point, or take one away."""
    branch = _branch(request)
    require_step_up(request)
    point = ids.parse(request.POST.get("point")) or 0
    service = request.find(branch_points)
    try:
        if request.POST.get("action") == "release":
            service.release(actor(request), branch.id, point)
        else:
            service.assign(actor(request), branch.id, point)
    except NotFound:
        raise
    except SuwenError as error:
        request.response.status_int = error.status
        return _page(request, error.fields or {"": error.text})
    request.flash("success", _("已保存"))
    return HTTPSeeOther(request.route_path("admin.branch_points", id=branch.id))
