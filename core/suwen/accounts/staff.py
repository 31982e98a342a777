"""Who works here, in which role and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from suwen.accounts.roles import EVERYWHERE, ROLES
from suwen.accounts.staffing.models import NO_BRANCH, StaffGrant
from suwen.kernel import clock, ids
from suwen.kernel.upsert import insert_once

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.sessions import Sessions


class Staff:
    """Grants and revokes roles; each change is audited."""

    def __init__(self, db: Session, sessions: Sessions, audit: AuditLog) -> None:
        """A change ends the member's ``sessions``."""
        self._db = db
        self._sessions = sessions
        self._audit = audit

    def grant(self, member_id: int, role: str, actor: Actor, region: str = EVERYWHERE) -> None:
        """Make a member staff. All his sessions end, so that rights and sign-in agree."""
        if role not in ROLES:
            raise ValueError(role)
        values = {
            "id": ids.new_id(),
            "member_id": member_id,
            "role": role,
            "region": region,
            "branch_id": NO_BRANCH,
            "granted_by": actor.id,
            "created_at": clock.now(),
        }
        if insert_once(self._db, StaffGrant, values, "member_id", "role", "region", "branch_id"):
            self._role_changed(member_id, "role.grant", role, actor)

    def revoke_grant(
        self, member_id: int, role: str, actor: Actor, region: str = EVERYWHERE
    ) -> None:
        """Take a role away; all his sessions end."""
        self._db.execute(
            delete(StaffGrant).where(
                StaffGrant.member_id == member_id,
                StaffGrant.role == role,
                StaffGrant.region == region,
            ),
            execution_options={"synchronize_session": False},
        )
        self._role_changed(member_id, "role.revoke", role, actor)

    def _role_changed(self, member_id: int, action: str, role: str, actor: Actor) -> None:
        self._sessions.revoke_all(member_id)
        self._audit.write(self._db, actor, action, "member", member_id, reason=role)
