"""Branches (分支机构): opened, edited and closed; what their staff may do at most."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select, update

from suwen.accounts.models import ACTIVE, Member
from suwen.accounts.roles import ROLES, built_in
from suwen.accounts.staffing.errors import BadBranch, BeyondOwnRights, Stale, StillOpen
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.models import NO_BRANCH, Branch, Role, StaffGrant
from suwen.accounts.staffing.permissions import Permissions, permissions
from suwen.accounts.staffing.rights import Rights, Scope, rights_of, turn
from suwen.accounts.staffing.roles import end_sessions
from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.house import House
    from suwen.kernel.regions import Regions

MANAGE: Final = "staff.branches"
CLOSED: Final = "closed"
PORT: Final = "branch_holdings"
PAGE: Final = 50
AT_ONCE: Final = 1000
"""Members that one request moves to another branch."""
KINDS: Final = {
    "clinic": _("门诊"),
    "subsidiary": _("子公司"),
    "partner": _("合作机构"),
}
_CODE = re.compile(r"[A-Z][A-Z0-9-]{1,19}", re.ASCII)
_DIVISION = re.compile(r"[1-9][0-9]([0-9]{2}){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BranchWish:
    """A branch as it shall be. ``code`` never changes afterwards."""

    code: str
    name: str
    kind: str
    region_code: str
    address: str = ""
    phone: str = ""
    regions: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """Something that belongs to branches: an upper floor adds one to the port ``branch_holdings``.

    ``move(db, branch_id, target_id)`` gives it to another branch, or with None to none.
    """

    title: str
    count: Callable[[Session, int], int]
    move: Callable[[Session, int, int | None], int]


class BranchBook:
    """Looks branches up and changes them."""

    def __init__(
        self,
        db: Session,
        *,
        audit: AuditLog,
        declared: Permissions,
        regions: Regions,
        holdings: Sequence[Holding],
    ) -> None:
        """Collaborators are made by ``branch_book(house, db)``."""
        self._db = db
        self._audit = audit
        self._declared = declared
        self._regions = regions
        self._holdings = (Holding(_("会员"), _members, _move_members), *holdings)

    def page(
        self,
        branches: Sequence[int] | None,
        *,
        text: str = "",
        state: str | None = None,
        cursor: int | None = None,
    ) -> tuple[Sequence[Branch], int | None]:
        """Branches, newest first, of those in ``branches`` (None: all), and the next cursor."""
        query = select(Branch).order_by(Branch.id.desc()).limit(PAGE + 1)
        if branches is not None:
            query = query.where(Branch.id.in_(branches))
        if text:
            query = query.where(
                or_(
                    Branch.name.contains(text, autoescape=True),
                    Branch.code == text.upper(),
                    Branch.address.contains(text, autoescape=True),
                )
            )
        if state:
            query = query.where(Branch.state == state)
        if cursor:
            query = query.where(Branch.id < cursor)
        rows = self._db.scalars(query).all()
        return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None

    def open_ones(self, branches: Sequence[int] | None = None) -> Sequence[Branch]:
        """Open branches by code, to choose from."""
        query = select(Branch).where(Branch.state == OPEN).order_by(Branch.code).limit(500)
        if branches is not None:
            query = query.where(Branch.id.in_(branches))
        return self._db.scalars(query).all()

    def get(self, branch_id: int, branches: Sequence[int] | None = None) -> Branch:
        """One of those in ``branches`` (None: all), freshly read; raises ``NotFound``."""
        query = select(Branch).where(Branch.id == branch_id)
        found = self._db.scalars(query, execution_options={"populate_existing": True}).first()
        if found is None or (branches is not None and branch_id not in branches):
            raise NotFound
        return found

    def by_code(self, code: str) -> Branch:
        """The open branch with this code; raises ``BadBranch``."""
        query = select(Branch).where(Branch.code == code.upper(), Branch.state == OPEN)
        found = self._db.scalars(query).first()
        if found is None:
            raise BadBranch
        return found

    def create(self, actor: Actor, wish: BranchWish) -> Branch:
        """Open one; raises ``BadBranch`` or ``BeyondOwnRights``."""
        rights = self._begin(actor)
        wish = self._checked(wish)
        self._require(rights, wish.region_code, "region_code")
        self._check_permissions(rights, wish.region_code, wish.permissions)
        if self._db.scalar(select(Branch.id).where(Branch.code == wish.code)) is not None:
            raise BadBranch(_("已有机构使用这个代码"), field="code")
        branch = Branch(
            id=ids.new_id(), **_columns(wish), state=OPEN, created_at=clock.now(), revision=1
        )
        self._db.add(branch)
        self._db.flush()
        self._record(actor, "branch.create", branch, None)
        return branch

    def edit(self, actor: Actor, branch_id: int, wish: BranchWish, revision: int) -> None:
        """Change one. Whoever works there signs in anew when what it may do changes.

        What is added must be held by the actor wherever it reaches somebody. Raises ``Stale``,
        ``NotFound``, and as ``create``.
        """
        rights, branch = self._mine(actor, branch_id, revision)
        before = _told(branch)
        wish = self._checked(replace(wish, code=branch.code))
        self._require(rights, wish.region_code, "region_code")
        added = frozenset(wish.permissions) - frozenset(branch.permissions)
        self._check_permissions(rights, wish.region_code, tuple(added))
        self._check_gains(rights, branch_id, added)
        changed = set(wish.permissions) != set(branch.permissions)
        for name, value in _columns(wish).items():
            setattr(branch, name, value)
        self._written(branch)
        if changed:
            self._end_sessions(branch_id)
        self._record(actor, "branch.edit", branch, before)

    def close(self, actor: Actor, branch_id: int, revision: int) -> None:
        """Close one for good; raises ``StillOpen`` while it has staff, members or points."""
        _rights, branch = self._mine(actor, branch_id, revision)
        left = [f"{title} {number}" for title, number in self.holdings(branch_id) if number]
        if left:
            raise StillOpen("、".join(left))
        before = _told(branch)
        branch.state, branch.closed_at = CLOSED, clock.now()
        self._written(branch)
        self._record(actor, "branch.close", branch, before)

    def hand_over(self, actor: Actor, branch_id: int, target_id: int) -> int:
        """Give what a branch has, staff excepted, to another or (0) to none; how much was moved.

        At most ``AT_ONCE`` members at a time. Raises ``NotFound`` or ``BadBranch``.
        """
        rights = self._begin(actor)
        self._require(rights, self.get(branch_id).region_code)
        target = None if target_id == NO_BRANCH else self.get(target_id)
        if target is not None:
            self._require(rights, target.region_code)
            if target.id == branch_id or target.state != OPEN:
                raise BadBranch(field="target")
        key = target.id if target is not None else None
        moved = {item.title: item.move(self._db, branch_id, key) for item in self._holdings}
        self._audit.write(
            self._db,
            actor,
            "branch.hand_over",
            "branch",
            branch_id,
            details={"before": branch_id, "after": key, "moved": moved},
        )
        return sum(moved.values())

    def holdings(self, branch_id: int) -> list[tuple[str, int]]:
        """What stands open at a branch: titles and numbers, staff first."""
        query = select(func.count(StaffGrant.member_id.distinct()))
        staff = self._db.scalar(query.where(StaffGrant.branch_id == branch_id)) or 0
        counted = [(item.title, item.count(self._db, branch_id)) for item in self._holdings]
        return [(_("员工"), staff), *counted]

    def may_edit(self, rights: Rights, branch: Branch) -> bool:
        """Whether the branch lies where the right to manage branches is held."""
        return rights.covers(MANAGE, self._seat(branch.region_code))

    def _begin(self, actor: Actor) -> Rights:
        turn(self._db)
        rights = rights_of(self._db, actor)
        rights.require(MANAGE)
        return rights

    def _mine(self, actor: Actor, branch_id: int, revision: int) -> tuple[Rights, Branch]:
        rights = self._begin(actor)
        branch = self.get(branch_id)
        self._require(rights, branch.region_code)
        if branch.revision != revision or branch.state != OPEN:
            raise Stale
        return rights, branch

    def _seat(self, region_code: str) -> Scope:
        return Scope(self._regions.resolve(self._db, region_code).code)

    def _require(self, rights: Rights, region_code: str, field: str | None = None) -> None:
        if rights.covers(MANAGE, self._seat(region_code)):
            return
        if field is None:
            raise NotFound
        raise BadBranch(_("您不负责这个地区"), field=field)

    def _checked(self, wish: BranchWish) -> BranchWish:
        if not _CODE.fullmatch(wish.code):
            raise BadBranch(_("请用 2–20 位大写字母、数字或短横线，以字母开头"), field="code")
        if not wish.name:
            raise BadBranch(_("请填写名称"), field="name")
        if wish.kind not in KINDS:
            raise BadBranch(_("请选择类型"), field="kind")
        seat = _trimmed(wish.region_code)
        if not _DIVISION.fullmatch(seat) or not self._regions.exists(seat):
            raise BadBranch(_("请填写 2、4 或 6 位行政区划代码"), field="region_code")
        known = {region.code for region in self._regions.all(self._db)}
        if not known.issuperset(wish.regions):
            raise BadBranch(_("没有这个地区，请重新选择"), field="regions")
        if not self._declared.by_branch().issuperset(wish.permissions):
            raise BadBranch(_("包含不能授予分支机构的权限"), field="permissions")
        return replace(
            wish,
            region_code=seat,
            regions=tuple(sorted(set(wish.regions))),
            permissions=tuple(sorted(set(wish.permissions))),
        )

    def _check_permissions(self, rights: Rights, region_code: str, names: Sequence[str]) -> None:
        missing = rights.missing(names, self._seat(region_code))
        if missing:
            raise BeyondOwnRights("permissions", missing)

    def _check_gains(self, rights: Rights, branch_id: int, added: frozenset[str]) -> None:
        query = (
            select(StaffGrant.role, StaffGrant.region, Role.permissions, Role.state)
            .outerjoin(Role, Role.code == StaffGrant.role)
            .where(StaffGrant.branch_id == branch_id)
        )
        for role, region, made, state in self._db.execute(query):
            given = built_in(role) if role in ROLES else set(made or ()) if state == OPEN else set()
            missing = rights.missing(added & given, Scope(region, branch_id))
            if missing:
                raise BeyondOwnRights("permissions", missing)

    def _written(self, branch: Branch) -> None:
        branch.revision += 1
        self._db.flush()

    def _end_sessions(self, branch_id: int) -> None:
        end_sessions(
            self._db, select(StaffGrant.member_id).where(StaffGrant.branch_id == branch_id)
        )

    def _record(
        self, actor: Actor, action: str, branch: Branch, before: dict[str, Any] | None
    ) -> None:
        region = self._regions.resolve(self._db, branch.region_code).code
        details = {"before": before, "after": _told(branch)}
        self._audit.write(self._db, actor.at(region), action, "branch", branch.id, details=details)


def _trimmed(division: str) -> str:
    while division.endswith("00") and len(division) > 2:
        division = division[:-2]
    return division


def _columns(wish: BranchWish) -> dict[str, Any]:
    return {**asdict(wish), "regions": list(wish.regions), "permissions": list(wish.permissions)}


def _told(branch: Branch) -> dict[str, Any]:
    names = ("code", "name", "kind", "region_code", "address", "phone", "regions", "permissions")
    return {name: getattr(branch, name) for name in (*names, "state")}


def _members(db: Session, branch_id: int) -> int:
    mine = Member.branch_id == branch_id, Member.state.in_((ACTIVE, "locked"))
    return db.scalar(select(func.count()).select_from(Member).where(*mine)) or 0


def _move_members(db: Session, branch_id: int, target_id: int | None) -> int:
    some = select(Member.id).where(Member.branch_id == branch_id).limit(AT_ONCE)
    moved = db.execute(
        update(Member).where(Member.id.in_(some)).values(branch_id=target_id).returning(Member.id),
        execution_options={"synchronize_session": False},
    )
    return len(moved.all())


def branch_book(house: House, db: Session) -> BranchBook:
    """The service for one session."""
    return BranchBook(
        db,
        audit=house.audit,
        declared=permissions(house),
        regions=house.regions,
        holdings=house.ports.get(PORT, ()),
    )
