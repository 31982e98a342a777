"""Roles that administrators make (自定义角色): sets of permissions, none that the maker lacks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from suwen.accounts.roles import AUDIT, TITLES
from suwen.accounts.staffing.errors import (
    BadRole,
    BeyondOwnRights,
    HeldByOthers,
    RolesApart,
    Stale,
)
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.models import NO_BRANCH, Branch, Role, StaffGrant
from suwen.accounts.staffing.permissions import Permissions, permissions
from suwen.accounts.staffing.rights import Rights, Scope, rights_of, turn
from suwen.accounts.staffing.tree import ids_below, is_below
from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.kernel.sessions import WebSession

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.house import House

MANAGE: Final = "staff.roles"
RETIRED: Final = "retired"


@dataclass(frozen=True, slots=True)
class RoleWish:
    """A role as it shall be."""

    title: str
    note: str
    permissions: tuple[str, ...]


class RoleBook:
    """Makes, changes and retires roles."""

    def __init__(self, db: Session, *, audit: AuditLog, declared: Permissions) -> None:
        """Collaborators are made by ``role_book(house, db)``."""
        self._db = db
        self._audit = audit
        self._declared = declared

    def all(self) -> Sequence[Role]:
        """Every role that was made, retired ones last."""
        return self._db.scalars(select(Role).order_by(Role.state, Role.id)).all()

    def get(self, code: str) -> Role:
        """One of them, freshly read; raises ``NotFound``."""
        query = select(Role).where(Role.code == code)
        found = self._db.scalars(query, execution_options={"populate_existing": True}).first()
        if found is None:
            raise NotFound
        return found

    def create(self, actor: Actor, wish: RoleWish) -> Role:
        """Make one; raises ``BadRole``, ``BeyondOwnRights`` or ``RolesApart``."""
        rights = self._begin(actor)
        self._check(rights, wish, code="")
        role_id = ids.new_id()
        role = Role(
            id=role_id,
            code=f"r{role_id}",
            title=wish.title,
            note=wish.note,
            permissions=sorted(wish.permissions),
            owner_id=rights.member_id or 0,
            state=OPEN,
            created_at=clock.now(),
            revision=1,
        )
        self._db.add(role)
        self._db.flush()
        self._record(actor, "role.create", role, None)
        return role

    def edit(self, actor: Actor, code: str, wish: RoleWish, revision: int) -> None:
        """Change one; whoever holds it signs in anew when its permissions change.

        Raises ``NotFound``, ``Stale``, ``HeldByOthers``, and as ``create``.
        """
        rights = self._begin(actor)
        role = self._mine(rights, code, revision)
        before = _told(role)
        self._check(rights, wish, code=code)
        if (AUDIT in role.permissions) is not (AUDIT in wish.permissions):
            raise RolesApart("permissions")
        self._check_gains(rights, role, frozenset(wish.permissions) - frozenset(role.permissions))
        changed = set(wish.permissions) != set(role.permissions)
        role.title, role.note = wish.title, wish.note
        role.permissions = sorted(wish.permissions)
        self._written(role)
        if changed:
            self._end_sessions(code)
        self._record(actor, "role.edit", role, before)

    def retire(self, actor: Actor, code: str, revision: int) -> None:
        """End one for good: it gives nothing any more. Raises as ``edit``."""
        role = self._mine(self._begin(actor), code, revision)
        before = _told(role)
        role.state = RETIRED
        self._written(role)
        self._end_sessions(code)
        self._record(actor, "role.retire", role, before)

    def is_mine(self, rights: Rights, role: Role) -> bool:
        """Whether the role was made by him or by somebody below him."""
        if rights.unlimited or role.owner_id == rights.member_id:
            return True
        return rights.member_id is not None and is_below(self._db, role.owner_id, rights.member_id)

    def _begin(self, actor: Actor) -> Rights:
        turn(self._db)
        rights = rights_of(self._db, actor)
        rights.require(MANAGE)
        return rights

    def _mine(self, rights: Rights, code: str, revision: int) -> Role:
        role = self.get(code)
        if not self.is_mine(rights, role):
            raise NotFound
        if role.revision != revision or role.state != OPEN:
            raise Stale
        if not rights.unlimited:
            holders = select(StaffGrant.id).where(StaffGrant.role == code)
            mine = StaffGrant.member_id.in_(ids_below(rights.member_id or 0))
            if self._db.scalar(holders.where(~mine).limit(1)) is not None:
                raise HeldByOthers
        return role

    def _check(self, rights: Rights, wish: RoleWish, *, code: str) -> None:
        if not wish.permissions:
            raise BadRole(_("请至少选择一项权限"), field="permissions")
        if any(name not in self._declared for name in wish.permissions):
            raise BadRole(_("包含未知的权限"), field="permissions")
        if AUDIT in wish.permissions and len(wish.permissions) > 1:
            raise RolesApart("permissions")
        missing = [name for name in wish.permissions if not rights.holds(name)]
        if missing:
            raise BeyondOwnRights("permissions", missing)
        others = select(Role.id).where(
            Role.title == wish.title, Role.code != code, Role.state == OPEN
        )
        if wish.title in TITLES.values() or self._db.scalar(others) is not None:
            raise BadRole(_("已有同名的角色"), field="title")

    def _check_gains(self, rights: Rights, role: Role, added: Collection[str]) -> None:
        """What is added reaches everybody who holds the role: the actor holds it there too."""
        query = (
            select(StaffGrant.region, StaffGrant.branch_id, Branch.permissions)
            .outerjoin(Branch, Branch.id == StaffGrant.branch_id)
            .where(StaffGrant.role == role.code)
        )
        for region, branch_id, allowed in self._db.execute(query):
            gained = added if branch_id == NO_BRANCH else set(added) & set(allowed or ())
            missing = rights.missing(gained, Scope(region, branch_id))
            if missing:
                raise BeyondOwnRights("permissions", missing)

    def _written(self, role: Role) -> None:
        role.revision += 1
        self._db.flush()

    def _end_sessions(self, code: str) -> None:
        holders = select(StaffGrant.member_id).where(StaffGrant.role == code)
        end_sessions(self._db, holders)

    def _record(self, actor: Actor, action: str, role: Role, before: dict[str, Any] | None) -> None:
        details = {"before": before, "after": _told(role)}
        self._audit.write(self._db, actor, action, "staff_role", role.code, details=details)


def end_sessions(db: Session, members: Any) -> None:
    """Sign out everybody of a subquery of member ids, in one statement."""
    db.execute(
        update(WebSession)
        .where(WebSession.member_id.in_(members), WebSession.revoked_at.is_(None))
        .values(revoked_at=clock.now()),
        execution_options={"synchronize_session": False},
    )


def _told(role: Role) -> dict[str, Any]:
    return {
        "title": role.title,
        "note": role.note,
        "permissions": list(role.permissions),
        "state": role.state,
    }


def role_book(house: House, db: Session) -> RoleBook:
    """The service for one session."""
    return RoleBook(db, audit=house.audit, declared=permissions(house))
