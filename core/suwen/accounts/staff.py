"""Writes who works here, in which role and where. Who may do so is decided in ``staffing``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from suwen.accounts.models import ACTIVE, Member
from suwen.accounts.roles import AUDIT, EVERYWHERE, ROLES
from suwen.accounts.staffing.errors import BadRole, LastAdministrator, RolesApart
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.models import NO_BRANCH, Role, StaffGrant, StaffMember
from suwen.accounts.staffing.rights import grants_held, turn
from suwen.kernel import clock, ids
from suwen.kernel.upsert import insert_once

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.sessions import Sessions

ADMINISTRATOR = "administrator"


class Staff:
    """Grants and revokes roles; each change is audited and ends the member's sessions.

    What holds for everybody is held here, for the command line too: audit stays apart, and the
    last platform administrator stays.
    """

    def __init__(self, db: Session, sessions: Sessions, audit: AuditLog) -> None:
        """A change ends the member's ``sessions``."""
        self._db = db
        self._sessions = sessions
        self._audit = audit

    def grant(
        self,
        member_id: int,
        role: str,
        actor: Actor,
        region: str = EVERYWHERE,
        branch_id: int = NO_BRANCH,
    ) -> None:
        """Give a role, built in or made by administrators; raises ``BadRole`` or ``RolesApart``.

        Who has no place in the tree of administrators yet stands at its root.
        """
        turn(self._db)
        if role not in ROLES and not self._is_open(role):
            raise BadRole
        before = self._told(member_id)
        self.place(member_id, None)
        values = {
            "id": ids.new_id(),
            "member_id": member_id,
            "role": role,
            "region": region,
            "branch_id": branch_id,
            "granted_by": actor.id,
            "created_at": clock.now(),
        }
        if insert_once(self._db, StaffGrant, values, "member_id", "role", "region", "branch_id"):
            self._keep_apart(member_id)
            self._changed(member_id, "role.grant", role, actor, before)

    def place(self, member_id: int, parent_id: int | None, title: str = "") -> bool:
        """Put a member into the tree unless he stands there; whether he was put."""
        values = {
            "member_id": member_id,
            "parent_id": parent_id,
            "title": title,
            "created_at": clock.now(),
        }
        return insert_once(self._db, StaffMember, values, "member_id")

    def _is_open(self, role: str) -> bool:
        query = select(Role.id).where(Role.code == role, Role.state == OPEN)
        return self._db.scalar(query) is not None

    def _keep_apart(self, member_id: int) -> None:
        held = {name for grant in grants_held(self._db, member_id) for name in grant.permissions}
        if AUDIT in held and len(held) > 1:
            raise RolesApart

    def revoke_grant(
        self,
        member_id: int,
        role: str,
        actor: Actor,
        region: str = EVERYWHERE,
        branch_id: int = NO_BRANCH,
    ) -> None:
        """Take a role away; raises ``LastAdministrator``."""
        turn(self._db)
        if (role, region, branch_id) == (ADMINISTRATOR, EVERYWHERE, NO_BRANCH):
            refuse_last(self._db, member_id)
        before = self._told(member_id)
        self._db.execute(
            delete(StaffGrant).where(
                StaffGrant.member_id == member_id,
                StaffGrant.role == role,
                StaffGrant.region == region,
                StaffGrant.branch_id == branch_id,
            ),
            execution_options={"synchronize_session": False},
        )
        self._changed(member_id, "role.revoke", role, actor, before)

    def _told(self, member_id: int) -> list[str]:
        columns = StaffGrant.role, StaffGrant.region, StaffGrant.branch_id
        rows = self._db.execute(select(*columns).where(StaffGrant.member_id == member_id))
        return sorted(f"{role} {region} {branch or '-'}" for role, region, branch in rows)

    def _changed(
        self, member_id: int, action: str, role: str, actor: Actor, before: list[str]
    ) -> None:
        self._sessions.revoke_all(member_id)
        details = {"before": before, "after": self._told(member_id)}
        self._audit.write(
            self._db, actor, action, "member", member_id, reason=role, details=details
        )


def refuse_last(db: Session, member_id: int) -> None:
    """Raise ``LastAdministrator`` when nobody else is a platform administrator who can sign in.

    Call it under ``turn``, before such a grant is revoked or its holder is locked.
    """
    everywhere = (
        StaffGrant.role == ADMINISTRATOR,
        StaffGrant.region == EVERYWHERE,
        StaffGrant.branch_id == NO_BRANCH,
    )
    query = (
        select(StaffGrant.member_id, Member.state)
        .join(Member, Member.id == StaffGrant.member_id)
        .where(*everywhere)
    )
    states = dict(db.execute(query).all())
    if states.pop(member_id, None) is not None and ACTIVE not in states.values():
        raise LastAdministrator
