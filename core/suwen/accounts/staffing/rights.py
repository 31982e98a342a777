"""What somebody may hand on, read anew under the lock of ``turn``: never more than he holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from suwen.accounts.models import ACTIVE, Member
from suwen.accounts.roles import EVERYWHERE
from suwen.accounts.staffing.grants import GRANT_COLUMNS, Grant, grants_of, with_grants
from suwen.accounts.staffing.models import NO_BRANCH
from suwen.kernel.db import take_turns
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a grant counts: a region (``*``: all) and a branch (0: all)."""

    region: str = EVERYWHERE
    branch_id: int = NO_BRANCH


@dataclass(frozen=True, slots=True)
class Rights:
    """Somebody's grants; ``unlimited`` is the house itself: the command line, a job, a test."""

    member_id: int | None
    grants: tuple[Grant, ...] = ()
    unlimited: bool = False

    def covers(self, permission: str, scope: Scope) -> bool:
        """Whether the permission is held in all of the scope."""
        return self.unlimited or any(
            grant.holds(permission, scope.region, scope.branch_id) for grant in self.grants
        )

    def missing(self, permissions: Iterable[str], scope: Scope) -> list[str]:
        """Those of the permissions that are not held in all of the scope, by name."""
        return sorted(name for name in permissions if not self.covers(name, scope))

    def holds(self, permission: str) -> bool:
        """Whether the permission is held anywhere."""
        return self.unlimited or any(permission in grant.permissions for grant in self.grants)

    def require(self, permission: str, scope: Scope | None = None) -> None:
        """Raise ``NotFound`` unless the permission is held, in the scope if there is one."""
        if not (self.holds(permission) if scope is None else self.covers(permission, scope)):
            raise NotFound


def turn(db: Session) -> None:
    """Let one change of staff, roles and branches happen at a time, on all machines.

    Rules over the whole tree can be kept by no row's lock.
    """
    take_turns(db, "staffing")


def rights_of(db: Session, actor: Actor) -> Rights:
    """The rights of who acts. Locked, or without a second factor, he has none."""
    if actor.kind == "system":
        return Rights(None, unlimited=True)
    query = (
        select(*GRANT_COLUMNS)
        .select_from(Member)
        .where(Member.id == actor.id, Member.state == ACTIVE, Member.totp_confirmed_at.is_not(None))
    )
    return Rights(actor.id, grants_of(db.execute(with_grants(query, Member.id))))


def grants_held(db: Session, member_id: int) -> tuple[Grant, ...]:
    """The grants of a member, whatever his state."""
    query = select(*GRANT_COLUMNS).select_from(Member).where(Member.id == member_id)
    return grants_of(db.execute(with_grants(query, Member.id)))
