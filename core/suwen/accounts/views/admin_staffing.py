"""What the pages about staff, roles and branches share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from suwen.accounts.identity import actor
from suwen.accounts.roles import EVERYWHERE, ROLES, TITLES, built_in
from suwen.accounts.staffing.branches import branch_book
from suwen.accounts.staffing.errors import BeyondOwnRights
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.models import NO_BRANCH
from suwen.accounts.staffing.permissions import Permission, permissions
from suwen.accounts.staffing.rights import Rights, rights_of
from suwen.accounts.staffing.roles import role_book
from suwen.accounts.views.forms import Messages
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _, translate

if TYPE_CHECKING:
    from pyramid.request import Request


def own_rights(request: Request) -> Rights:
    """What the one who asks may hand on."""
    return rights_of(request.db, actor(request))


def number(request: Request, name: str = "id") -> int:
    """An id in the address; raises ``NotFound``."""
    found = ids.parse(request.matchdict[name])
    if found is None:
        raise NotFound
    return found


def refused(request: Request, error: SuwenError) -> Messages:
    """Messages by field; the answer's status is the error's."""
    request.response.status_int = error.status
    fields = {name.rpartition(".")[2]: text for name, text in error.fields.items()}
    if isinstance(error, BeyondOwnRights) and error.missing:
        titles = permissions(request.house).titles(error.missing)
        names = translate(request, _("、")).join(translate(request, title) for title in titles)
        text = _("您在该范围内没有这些权限：${names}", mapping={"names": names})
        fields = dict.fromkeys(fields, text)
    return Messages(fields or {"": error.text})


def region_names(request: Request) -> Mapping[str, str]:
    """Names by code, with ``*`` for everywhere."""
    return {EVERYWHERE: _("所有地区"), **{item.code: item.name for item in request.regions}}


def grant_choices(request: Request, permission: str = "staff.staff") -> dict[str, Any]:
    """Roles, regions and branches that the one who asks can give, for a form."""
    rights, identity = own_rights(request), request.identity
    made = [role for role in request.find(role_book).all() if role.state == OPEN]
    known = [(code, TITLES[code], built_in(code)) for code in ROLES]
    known += [(role.code, role.title, frozenset(role.permissions)) for role in made]
    regions, branches = identity.regions_of(permission), identity.branches_of(permission)
    names = region_names(request)
    offered = request.find(branch_book).open_ones(branches)
    return {
        "role_choices": [(code, title) for code, title, held in known if _all_held(rights, held)],
        "region_choices": [
            (code, name) for code, name in names.items() if regions is None or code in regions
        ],
        "branch_choices": [
            *([("", _("不限分支机构"))] if branches is None else []),
            *((branch.id, f"{branch.code} {branch.name}") for branch in offered),
        ],
    }


def _all_held(rights: Rights, names: Collection[str]) -> bool:
    # For one branch a part of a role is enough: the branch decides which.
    return any(map(rights.holds, names)) and all(
        rights.holds(name) or not _widely(rights) for name in names
    )


def _widely(rights: Rights) -> bool:
    return rights.unlimited or any(grant.branch_id == NO_BRANCH for grant in rights.grants)


def areas(
    request: Request, only: Collection[str] | None = None
) -> list[tuple[str, Sequence[Permission]]]:
    """Permissions by area, with the area's title; ``only`` these names, if given."""
    titles = request.registry["suwen.themes"].navigation.titles
    found = []
    for area, items in permissions(request.house).areas():
        shown = [item for item in items if only is None or item.name in only]
        if shown:
            order, title = titles.get(f"admin.{area}", (1000, area))
            found.append((order, title, shown))
    found.sort(key=lambda item: item[0])
    return [(title, shown) for _order, title, shown in found]
