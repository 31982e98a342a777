"""The tree of administrators as somebody sees it: himself and everybody below him."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select

from suwen.accounts import contacts
from suwen.accounts.errors import BadAddress
from suwen.accounts.logins import Logins
from suwen.accounts.models import Member
from suwen.accounts.roles import ROLES, TITLES
from suwen.accounts.staffing.grants import GRANT_COLUMNS, OPEN, grant_of
from suwen.accounts.staffing.models import Branch, Role, StaffGrant, StaffMember
from suwen.accounts.staffing.tree import below
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

PAGE: Final = 50
CHOICES: Final = 300
_PATH = re.compile(r"[0-9/]{1,2000}", re.ASCII)


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role of somebody; ``gives`` is False where its role or branch is closed."""

    id: int
    role: str
    title: str
    region: str
    branch_id: int
    branch_name: str | None
    gives: bool


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody in the tree; ``depth`` counts from the one who looks."""

    member_id: int
    name: str
    title: str
    depth: int
    state: str
    has_totp: bool
    parent_id: int | None
    since: datetime
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look for; ``text`` is a name, a title or an address."""

    text: str = ""
    role: str = ""
    region: str = ""
    branch_id: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether everybody is wanted."""
        return self == Filter()


class StaffReader:
    """Reads; whoever stands elsewhere is not found."""

    def __init__(self, db: Session, logins: Logins) -> None:
        """Read from ``db``."""
        self._db = db
        self._logins = logins

    def page(
        self, viewer: int, wanted: Filter, cursor: str | None = None
    ) -> tuple[Sequence[Colleague], str | None]:
        """Parents before their own, ``PAGE`` at a time, and the next cursor."""
        tree = below(viewer)
        query = self._query(tree).where(*self._conditions(wanted))
        if cursor and _PATH.fullmatch(cursor):
            query = query.where(tree.c.path > cursor)
        rows = self._db.execute(query.order_by(tree.c.path).limit(PAGE + 1)).all()
        shown = rows[:PAGE]
        return self._read(shown), str(shown[-1].path) if len(rows) > PAGE else None

    def one(self, viewer: int, member_id: int) -> Colleague:
        """Somebody below, or oneself; raises ``NotFound``."""
        tree = below(viewer)
        row = self._db.execute(self._query(tree).where(tree.c.member_id == member_id)).first()
        if row is None:
            raise NotFound
        return self._read([row])[0]

    def under(self, member_id: int) -> Sequence[Colleague]:
        """Those directly below somebody."""
        tree = below(member_id)
        query = self._query(tree).where(tree.c.depth == 1)
        return self._read(self._db.execute(query.order_by(tree.c.path).limit(CHOICES)).all())

    def names(self, viewer: int) -> list[tuple[int, str]]:
        """Oneself and those below, to choose a parent from."""
        tree = below(viewer)
        rows = self._db.execute(self._query(tree).order_by(tree.c.path).limit(CHOICES)).all()
        return [(row.member_id, f"{'　' * row.depth}{_called(row)}") for row in rows]

    def holders(
        self, viewer: int, *, role: str | None = None, branch_id: int | None = None
    ) -> tuple[Sequence[Colleague], int]:
        """Who holds a role or works in a branch, as far as he is seen, and how many more do."""
        mine = [StaffGrant.role == role] if role is not None else []
        if branch_id is not None:
            mine.append(StaffGrant.branch_id == branch_id)
        everybody = select(StaffGrant.member_id).where(*mine).distinct()
        tree = below(viewer)
        query = self._query(tree).where(tree.c.member_id.in_(everybody))
        seen = self._db.execute(query.order_by(tree.c.path).limit(CHOICES)).all()
        total = self._db.scalar(select(func.count()).select_from(everybody.subquery())) or 0
        return self._read(seen), max(total - len(seen), 0)

    def members_of_role(self) -> Mapping[str, int]:
        """How many hold each role."""
        counted = func.count(StaffGrant.member_id.distinct())
        rows = self._db.execute(select(StaffGrant.role, counted).group_by(StaffGrant.role)).all()
        return {row[0]: row[1] for row in rows}

    def role_titles(self, *, only_open: bool = False) -> Mapping[str, str]:
        """Titles by code, built-in roles first."""
        query = select(Role.code, Role.title).order_by(Role.id)
        if only_open:
            query = query.where(Role.state == OPEN)
        made = {row.code: row.title for row in self._db.execute(query)}
        return {**{code: TITLES[code] for code in ROLES}, **made}

    def _query(self, tree: Any) -> Select[Any]:
        return (
            select(
                tree.c.member_id,
                tree.c.depth,
                tree.c.path,
                StaffMember.parent_id,
                StaffMember.title,
                StaffMember.created_at,
                Member.display_name,
                Member.state,
                Member.totp_confirmed_at,
            )
            .join(StaffMember, StaffMember.member_id == tree.c.member_id)
            .join(Member, Member.id == tree.c.member_id)
        )

    def _conditions(self, wanted: Filter) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if wanted.text:
            found.append(self._named(wanted.text))
        held = [
            column == value
            for column, value in (
                (StaffGrant.role, wanted.role),
                (StaffGrant.region, wanted.region),
                (StaffGrant.branch_id, wanted.branch_id),
            )
            if value
        ]
        if held:
            found.append(Member.id.in_(select(StaffGrant.member_id).where(*held)))
        return found

    def _named(self, text: str) -> ColumnElement[bool]:
        try:
            return Member.id == self._logins.account(contacts.parse(text)).member_id
        except BadAddress:
            return or_(
                StaffMember.title.contains(text, autoescape=True),
                Member.display_name.contains(text, autoescape=True),
            )

    def _read(self, rows: Sequence[Any]) -> Sequence[Colleague]:
        roles = self._roles([row.member_id for row in rows])
        return [
            Colleague(
                row.member_id,
                row.display_name,
                row.title,
                row.depth,
                row.state,
                row.totp_confirmed_at is not None,
                row.parent_id,
                row.created_at,
                tuple(roles.get(row.member_id, ())),
            )
            for row in rows
        ]

    def _roles(self, member_ids: Sequence[int]) -> dict[int, list[HeldRole]]:
        query = (
            select(
                StaffGrant.member_id,
                Role.title.label("made"),
                Branch.name.label("branch"),
                *GRANT_COLUMNS,
            )
            .outerjoin(Role, Role.code == StaffGrant.role)
            .outerjoin(Branch, Branch.id == StaffGrant.branch_id)
            .where(StaffGrant.member_id.in_(member_ids))
            .order_by(StaffGrant.id)
        )
        found: dict[int, list[HeldRole]] = {}
        for row in self._db.execute(query):
            title = TITLES.get(row.role) or row.made or row.role
            held = HeldRole(
                row.grant_id,
                row.role,
                title,
                row.grant_region,
                row.grant_branch,
                row.branch,
                bool(grant_of(row).permissions),
            )
            found.setdefault(row.member_id, []).append(held)
        return found


def _called(row: Any) -> str:
    return f"{row.title}（{row.display_name}）" if row.title else str(row.display_name)


def staff_reader(house: House, db: Session) -> StaffReader:
    """The reader of one session."""
    return StaffReader(db, Logins(db, house.vault))
