"""What a member's roles give: each grant with its permissions, where they count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from suwen.accounts.roles import EVERYWHERE, ROLES, built_in
from suwen.accounts.staffing.models import NO_BRANCH, Branch, Role, StaffGrant

OPEN: Final = "open"

GRANT_COLUMNS: Final = (
    StaffGrant.id.label("grant_id"),
    StaffGrant.role,
    StaffGrant.region.label("grant_region"),
    StaffGrant.branch_id.label("grant_branch"),
    Role.permissions.label("role_permissions"),
    Role.state.label("role_state"),
    Branch.permissions.label("branch_permissions"),
    Branch.state.label("branch_state"),
)
"""What ``grant_of`` wants to know of a row."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of one person: what it gives, in a region (``*``: all) and a branch (0: all)."""

    role: str
    region: str
    branch_id: int
    permissions: frozenset[str]

    @classmethod
    def of(cls, role: str, region: str = EVERYWHERE) -> Grant:
        """A built-in role, not limited to a branch."""
        return cls(role, region, NO_BRANCH, built_in(role))

    def holds(
        self, permission: str, region: str | None = None, branch_id: int | None = None
    ) -> bool:
        """Whether it gives the permission there (None: anywhere; branch 0: to no branch)."""
        return (
            permission in self.permissions
            and (region is None or self.region in {EVERYWHERE, region})
            and (branch_id is None or self.branch_id in {NO_BRANCH, branch_id})
        )


def with_grants(query: Any, member_id: Any) -> Any:
    """The query with the grants of ``member_id``, their custom roles and their branches."""
    return (
        query.outerjoin(StaffGrant, StaffGrant.member_id == member_id)
        .outerjoin(Role, Role.code == StaffGrant.role)
        .outerjoin(Branch, Branch.id == StaffGrant.branch_id)
    )


def grant_of(row: Any) -> Grant:
    """A row's grant. A retired or unknown role and a closed branch give nothing."""
    return Grant(row.role, row.grant_region, row.grant_branch, _given(row))


def _given(row: Any) -> frozenset[str]:
    if row.role in ROLES:
        names = built_in(row.role)
    else:
        names = frozenset(row.role_permissions or ()) if row.role_state == OPEN else frozenset()
    if row.grant_branch == NO_BRANCH:
        return names
    if row.branch_state != OPEN:
        return frozenset()
    return names & frozenset(row.branch_permissions or ())


def grants_of(rows: Iterable[Any]) -> tuple[Grant, ...]:
    """The grants of rows that an outer join may have left without any."""
    return tuple(grant_of(row) for row in rows if row.role is not None)


def regions_in(grants: Sequence[Grant], permission: str) -> tuple[str, ...] | None:
    """Regions in which the permission is held, within ``branches_in``; None means everywhere."""
    regions = {grant.region for grant in _widest(grants, permission)}
    return None if EVERYWHERE in regions else tuple(sorted(regions))


def branches_in(grants: Sequence[Grant], permission: str) -> tuple[int, ...] | None:
    """Branches to which the permission is limited; None means that it is not."""
    branches = {grant.branch_id for grant in _widest(grants, permission)}
    return None if NO_BRANCH in branches else tuple(sorted(branches))


def _widest(grants: Sequence[Grant], permission: str) -> list[Grant]:
    """Grants that are told by a list of regions and a list of branches, giving no more than they do.

    One region with a branch and another without would together read as the whole of both. What is
    not limited to a branch goes first, then what is not limited to a region, then the region with
    the most branches.
    """
    holding = [grant for grant in grants if permission in grant.permissions]
    for chosen in (
        [grant for grant in holding if grant.branch_id == NO_BRANCH],
        [grant for grant in holding if grant.region == EVERYWHERE],
    ):
        if chosen:
            return chosen
    by_region: dict[str, list[Grant]] = {}
    for grant in holding:
        by_region.setdefault(grant.region, []).append(grant)
    return max(by_region.values(), key=len, default=[])
