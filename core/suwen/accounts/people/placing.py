"""Which branch looks after a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts.staffing.models import Branch
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.models import Member
    from suwen.accounts.people.scope import Scope
    from suwen.kernel.audit import Actor, AuditLog


def place(
    db: Session,
    audit: AuditLog,
    member: Member,
    branch_id: int | None,
    *,
    scope: Scope,
    actor: Actor,
) -> None:
    """Put a member under a branch of the scope, or under none; raises ``NotFound`` for another's.

    Whoever is limited to branches cannot give a member away to none.
    """
    if scope.branches is not None and branch_id not in scope.branches:
        raise NotFound
    branch = db.get(Branch, branch_id) if branch_id else None
    if branch_id and (branch is None or branch.state != "open"):
        raise NotFound
    before = member.branch_id
    if before == branch_id:
        return
    member.branch_id = branch_id
    db.flush()
    details = {"before": {"branch": before}, "after": {"branch": branch_id}}
    audit.write(db, actor, "member.branch", "member", member.id, details=details)
