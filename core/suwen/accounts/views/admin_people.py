"""What the pages about members share: whom the person may see, and how states are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from suwen.accounts import identity
from suwen.accounts.models import Member
from suwen.accounts.people.listing import VIEW, people
from suwen.accounts.people.scope import Scope
from suwen.accounts.staffing.models import NO_BRANCH, Branch
from suwen.kernel import ids
from suwen.kernel.i18n import _
from suwen.kernel.regions import DEFAULT_CODE, UnknownRegion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request

EDIT: Final = "staff.members.edit"
REVEAL: Final = "staff.members.reveal"
MERGE: Final = "staff.members.merge"
ACT: Final = identity.ACT

STATES: Final = {
    "active": (_("正常"), "ok"),
    "locked": (_("已禁用"), "bad"),
    "merged": (_("已合并"), "none"),
    "erased": (_("已注销"), "none"),
}
KINDS: Final = {"individual": _("个人"), "group": _("团体")}


def member_of(request: Request, permission: str = VIEW) -> Member:
    """The member of the address; raises ``NotFound`` for one outside the scope."""
    directory = people(request.house, request.db, request.identity, permission)
    return directory.get(ids.parse(request.matchdict["id"]))


def scope_of(request: Request, permission: str = VIEW) -> Scope:
    """Where the person holds a permission."""
    return Scope.of(request.identity, permission)


def place_of(request: Request, member: Member) -> tuple[str, int]:
    """Where a member belongs: the code of his region, and his branch."""
    try:
        region = request.house.regions.resolve(request.db, member.region_code or DEFAULT_CODE).code
    except UnknownRegion:
        region = DEFAULT_CODE
    return region, member.branch_id or NO_BRANCH


def may(request: Request, permission: str, member: Member) -> bool:
    """Whether the person holds a permission where the member belongs."""
    held: bool = request.identity.may(permission, *place_of(request, member))
    return held


def branches(request: Request, permission: str = VIEW) -> Sequence[tuple[int, str]]:
    """Open branches of the person's scope: (id, name)."""
    query = select(Branch.id, Branch.name).where(Branch.state == "open").order_by(Branch.name)
    limited = request.identity.branches_of(permission)
    if limited is not None:
        query = query.where(Branch.id.in_(limited))
    return [(row.id, row.name) for row in request.db.execute(query.limit(500))]


def regions(request: Request, permission: str = VIEW) -> Sequence[tuple[str, str]]:
    """Regions of the person's scope: (code, name)."""
    limited = request.identity.regions_of(permission)
    return [
        (region.code, region.name)
        for region in request.regions
        if limited is None or region.code in limited
    ]


def region_name(request: Request, code: str | None) -> str:
    """What a member's division is called: its market's name."""
    if not code:
        return ""
    try:
        name: str = request.house.regions.resolve(request.db, code).name
    except UnknownRegion:
        return code
    return name


def back(request: Request, member_id: int) -> HTTPSeeOther:
    """To the member's page."""
    return HTTPSeeOther(request.route_path("admin.member", id=member_id))
