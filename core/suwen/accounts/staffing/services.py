"""Administrators: who may make whom, with which roles, and where he stands in the tree.

Rules only, each under ``turn`` and on freshly read rights. Somebody manages those below himself,
never himself, and gives nothing that he does not hold in the same region and branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from suwen.accounts.contacts import Contact
from suwen.accounts.logins import Logins
from suwen.accounts.models import ACTIVE, INDIVIDUAL, Member, Subject
from suwen.accounts.roles import EVERYWHERE, ROLES, built_in
from suwen.accounts.staff import Staff
from suwen.accounts.staffing.errors import (
    BadBranch,
    BadRole,
    BeyondOwnRights,
    Circle,
    NotOneself,
    SomebodyElses,
)
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.models import NO_BRANCH, Branch, Role, StaffGrant, StaffMember
from suwen.accounts.staffing.rights import Rights, Scope, grants_held, rights_of, turn
from suwen.accounts.staffing.tree import is_below, place_of
from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.kernel.sessions import sessions

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.house import House
    from suwen.kernel.regions import Regions

MANAGE: Final = "staff.staff"
OF_A_BRANCH: Final = frozenset({"branch_administrator"})
"""Built-in roles that are given for a branch only."""
_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Wish:
    """A role to be given, and where it shall count."""

    role: str
    region: str = EVERYWHERE
    branch_id: int = NO_BRANCH

    @property
    def scope(self) -> Scope:
        """Region and branch in one."""
        return Scope(self.region, self.branch_id)


class Staffing:
    """What administrators do with one another."""

    def __init__(
        self,
        db: Session,
        *,
        staff: Staff,
        logins: Logins,
        audit: AuditLog,
        regions: Regions,
    ) -> None:
        """Collaborators are made by ``staffing(house, db)``."""
        self._db = db
        self._staff = staff
        self._logins = logins
        self._audit = audit
        self._regions = regions

    def appoint(self, actor: Actor, member_id: int, title: str, wish: Wish) -> None:
        """Make a registered member an administrator below the actor, or give one below him a role.

        Raises ``BeyondOwnRights``, ``BadRole``, ``BadBranch``, ``NotOneself`` or ``SomebodyElses``.
        """
        rights = self._begin(actor)
        self._check(rights, wish)
        self._check_person(member_id)
        place = place_of(self._db, member_id)
        if member_id == rights.member_id:
            raise NotOneself
        is_staff = place is not None or bool(grants_held(self._db, member_id))
        if is_staff and not self._below(rights, member_id):
            raise SomebodyElses
        if place is None:
            self._staff.place(member_id, rights.member_id, title)
        self._give(member_id, wish, actor)

    def invite(self, actor: Actor, contact: Contact, title: str, wish: Wish) -> int:
        """Make an account for an address that nobody has registered, with a role; its id.

        It has no password: whoever reads that address sets one by resetting it, and agrees to the
        terms himself. Raises as ``appoint``, and ``AddressTaken``.
        """
        rights = self._begin(actor)
        self._check(rights, wish)
        moment = clock.now()
        member = Member(
            id=ids.new_id(),
            kind=INDIVIDUAL,
            state=ACTIVE,
            display_name=contact.masked,
            must_agree=True,
            totp_last_step=0,
            created_at=moment,
        )
        self._db.add(member)
        self._db.flush()
        self._logins.add(member.id, contact, moment)
        self._db.add(Subject(id=ids.new_id(), member_id=member.id, created_at=moment))
        self._db.flush()
        self._audit.write(self._db, actor, "staff.invite", "member", member.id)
        self._staff.place(member.id, rights.member_id, title)
        self._give(member.id, wish, actor)
        return member.id

    def grant(self, actor: Actor, member_id: int, wish: Wish) -> None:
        """Give somebody below a role; raises as ``appoint``, and ``NotFound``."""
        rights = self._begin(actor)
        self.require_below(rights, member_id)
        self._check(rights, wish)
        self._check_person(member_id)
        self._give(member_id, wish, actor)

    def revoke(self, actor: Actor, member_id: int, grant_id: int) -> None:
        """Take a role from somebody below; raises ``NotFound`` or ``LastAdministrator``."""
        rights = self._begin(actor)
        self.require_below(rights, member_id)
        self._take(self._grant(member_id, grant_id), actor)

    def entitle(self, actor: Actor, member_id: int, title: str) -> None:
        """Write what somebody below is called in the tree."""
        self.require_below(self._begin(actor), member_id)
        place = self._place(member_id)
        before, place.title = place.title, title
        self._db.flush()
        self._record(actor, "staff.title", member_id, before, title)

    def move(self, actor: Actor, member_id: int, parent_id: int) -> None:
        """Put somebody below, with all his own, below another of one's people or oneself.

        Raises ``NotFound``, ``Circle`` or ``BeyondOwnRights`` when the new parent holds less.
        """
        rights = self._begin(actor)
        self.require_below(rights, member_id)
        if parent_id != rights.member_id:
            self.require_below(rights, parent_id)
        if parent_id == member_id or is_below(self._db, parent_id, member_id):
            raise Circle
        self._check_parent(parent_id, member_id)
        place = self._place(member_id)
        before, place.parent_id = place.parent_id, parent_id
        self._db.flush()
        self._record(actor, "staff.move", member_id, before, parent_id)

    def _check_parent(self, parent_id: int, member_id: int) -> None:
        parent = Rights(parent_id, grants_held(self._db, parent_id))
        for grant in grants_held(self._db, member_id):
            missing = parent.missing(grant.permissions, Scope(grant.region, grant.branch_id))
            if missing:
                raise BeyondOwnRights("parent", missing)

    def dismiss(self, actor: Actor, member_id: int) -> None:
        """Take all roles and the place in the tree; those below move up to his parent.

        Roles that he made go to the actor. Raises ``NotFound`` or ``LastAdministrator``.
        """
        rights = self._begin(actor)
        self.require_below(rights, member_id)
        for grant in self._db.scalars(
            select(StaffGrant).where(StaffGrant.member_id == member_id)
        ).all():
            self._take(grant, actor)
        place = self._place(member_id)
        parent_id = place.parent_id
        self._update(StaffMember, StaffMember.parent_id == member_id, parent_id=parent_id)
        if rights.member_id is not None:
            self._update(Role, Role.owner_id == member_id, owner_id=rights.member_id)
        self._db.delete(place)
        self._db.flush()
        self._record(actor, "staff.dismiss", member_id, place.title, None)

    def require_below(self, rights: Rights, member_id: int) -> None:
        """Raise ``NotOneself``, or ``NotFound`` for who stands elsewhere."""
        if member_id == rights.member_id:
            raise NotOneself
        if place_of(self._db, member_id) is None or not self._below(rights, member_id):
            raise NotFound

    def _begin(self, actor: Actor) -> Rights:
        turn(self._db)
        rights = rights_of(self._db, actor)
        rights.require(MANAGE)
        return rights

    def _below(self, rights: Rights, member_id: int) -> bool:
        if rights.unlimited:
            return True
        return rights.member_id is not None and is_below(self._db, member_id, rights.member_id)

    def _check(self, rights: Rights, wish: Wish) -> None:
        """Whether the role can be given in the scope, by these rights."""
        if wish.region != EVERYWHERE:
            self._regions.by_code(self._db, wish.region)
        given = self._role(wish.role)
        if wish.branch_id != NO_BRANCH:
            given &= self._branch(wish)
        elif wish.role in OF_A_BRANCH:
            raise BadBranch(_("这个角色只能授予某个分支机构"))
        if not given:
            raise BadRole(_("这个角色在所选范围内没有任何权限"))
        missing = rights.missing({*given, MANAGE}, wish.scope)
        if missing:
            raise BeyondOwnRights("role", missing)

    def _role(self, code: str) -> frozenset[str]:
        if code in ROLES:
            return built_in(code)
        query = select(Role.permissions).where(Role.code == code, Role.state == OPEN)
        found = self._db.scalar(query)
        if found is None:
            raise BadRole
        return frozenset(found)

    def _branch(self, wish: Wish) -> frozenset[str]:
        query = select(Branch).where(Branch.id == wish.branch_id, Branch.state == OPEN)
        branch = self._db.scalars(query, execution_options={"populate_existing": True}).first()
        if branch is None:
            raise BadBranch
        if wish.region != EVERYWHERE and branch.regions and wish.region not in branch.regions:
            raise BadBranch(_("该机构不服务于所选地区"), field="region")
        return frozenset(branch.permissions)

    def _check_person(self, member_id: int) -> None:
        query = select(Member.kind).where(Member.id == member_id, Member.state == ACTIVE)
        if self._db.scalar(query) != INDIVIDUAL:
            raise NotFound

    def _give(self, member_id: int, wish: Wish, actor: Actor) -> None:
        where = actor if wish.region == EVERYWHERE else actor.at(wish.region)
        self._staff.grant(member_id, wish.role, where, wish.region, wish.branch_id)

    def _take(self, grant: StaffGrant, actor: Actor) -> None:
        where = actor if grant.region == EVERYWHERE else actor.at(grant.region)
        self._staff.revoke_grant(grant.member_id, grant.role, where, grant.region, grant.branch_id)

    def _grant(self, member_id: int, grant_id: int) -> StaffGrant:
        query = select(StaffGrant).where(
            StaffGrant.id == grant_id, StaffGrant.member_id == member_id
        )
        found = self._db.scalars(query).first()
        if found is None:
            raise NotFound
        return found

    def _place(self, member_id: int) -> StaffMember:
        found = place_of(self._db, member_id)
        if found is None:
            raise NotFound
        return found

    def _update(self, model: type, condition: object, **values: object) -> None:
        statement = update(model).where(condition).values(**values)  # type: ignore[arg-type]
        self._db.execute(statement, execution_options=_QUIET)

    def _record(
        self, actor: Actor, action: str, member_id: int, before: object, after: object
    ) -> None:
        details = {"before": before, "after": after}
        self._audit.write(self._db, actor, action, "member", member_id, details=details)


def staffing(house: House, db: Session) -> Staffing:
    """The service for one session."""
    return Staffing(
        db,
        staff=Staff(db, sessions(house.settings, db), house.audit),
        logins=Logins(db, house.vault),
        audit=house.audit,
        regions=house.regions,
    )
