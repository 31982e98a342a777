"""Members for staff: a list page by page, masked, and one member; both within a scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row, Select, func, select, tuple_

from suwen.accounts.contacts import EMAIL, PHONE, Contact
from suwen.accounts.logins import Logins
from suwen.accounts.models import Member, MemberTag
from suwen.accounts.people.scope import Scope
from suwen.accounts.people.wanted import Wanted
from suwen.accounts.roles import TITLES as BUILT_IN
from suwen.accounts.staffing.models import Branch, Role, StaffGrant
from suwen.kernel import ids
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.identity import Identity
    from suwen.kernel.crypto import Vault
    from suwen.kernel.house import House
    from suwen.kernel.regions import RegionInfo

PAGE: Final = 20
COUNTED: Final = 1000
"""More than these are not counted: the number would cost more than it says."""
VIEW: Final = "staff.members"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A member in the list. Names and addresses are masked; a group's name is no person's."""

    id: int
    display_name: str
    kind: str
    state: str
    region_code: str | None
    branch: str | None
    has_totp: bool
    created_at: datetime
    addresses: Sequence[str]
    tags: Sequence[str]
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first; ``next_cursor`` is None at the end."""

    items: Sequence[Line]
    next_cursor: str | None


class People:
    """Reads members within a scope; outside of it nobody exists."""

    def __init__(
        self, db: Session, vault: Vault, markets: Sequence[RegionInfo], scope: Scope
    ) -> None:
        """Open addresses with ``vault``, only to mask them."""
        self._db = db
        self._logins = Logins(db, vault)
        self._markets = markets
        self._scope = scope

    def page(self, wanted: Wanted, cursor: str | None = None, limit: int = PAGE) -> Page:
        """Members that fit, the latest registered first; four statements whatever is found."""
        rows = self._db.execute(self._page_query(wanted, cursor).limit(limit + 1)).all()
        following = _cursor(rows[limit - 1]) if len(rows) > limit else None
        return Page(self._lines(rows[:limit]), following)

    def _page_query(self, wanted: Wanted, cursor: str | None) -> Select[*tuple[Any, ...]]:
        query: Select[*tuple[Any, ...]] = select(
            Member.id,
            Member.display_name,
            Member.kind,
            Member.state,
            Member.region_code,
            Member.totp_confirmed_at,
            Member.created_at,
            Branch.name.label("branch"),
        ).outerjoin(Branch, Branch.id == Member.branch_id)
        query = query.where(*self._conditions(wanted))
        after = _read_cursor(cursor)
        if after is not None:
            query = query.where(tuple_(Member.created_at, Member.id) < after)
        return query.order_by(Member.created_at.desc(), Member.id.desc())

    def _conditions(self, wanted: Wanted) -> list[Any]:
        return [*self._scope.conditions(self._markets), *wanted.conditions(self._markets)]

    def _lines(self, rows: Sequence[Row[Any]]) -> list[Line]:
        shown = [row.id for row in rows]
        if not shown:
            return []
        addresses = self._logins.of_many(shown)
        tags, roles = self._tags(shown), self._roles(shown)
        return [
            Line(
                id=row.id,
                display_name=row.display_name,
                kind=row.kind,
                state=row.state,
                region_code=row.region_code,
                branch=row.branch,
                has_totp=row.totp_confirmed_at is not None,
                created_at=row.created_at,
                addresses=[masked(contact) for contact in addresses.get(row.id, ())],
                tags=tags.get(row.id, ()),
                roles=roles.get(row.id, ()),
            )
            for row in rows
        ]

    def _tags(self, member_ids: Sequence[int]) -> dict[int, list[str]]:
        query = select(MemberTag.member_id, MemberTag.tag)
        query = query.where(MemberTag.member_id.in_(member_ids)).order_by(MemberTag.tag)
        return _grouped((row.member_id, row.tag) for row in self._db.execute(query))

    def _roles(self, member_ids: Sequence[int]) -> dict[int, list[str]]:
        query = (
            select(StaffGrant.member_id, StaffGrant.role, Role.title)
            .outerjoin(Role, Role.code == StaffGrant.role)
            .where(StaffGrant.member_id.in_(member_ids))
            .order_by(StaffGrant.id)
        )
        rows = self._db.execute(query)
        return _grouped((row.member_id, role_title(row.role, row.title)) for row in rows)

    def count(self, wanted: Wanted) -> int:
        """How many fit, at most one more than ``COUNTED``."""
        some = select(Member.id).where(*self._conditions(wanted)).limit(COUNTED + 1).subquery()
        return self._db.scalar(select(func.count()).select_from(some)) or 0

    def get(self, member_id: int | None) -> Member:
        """One member; raises ``NotFound`` for one outside the scope."""
        query = select(Member).where(Member.id == member_id, *self._scope.conditions(self._markets))
        found = self._db.scalars(query).first()
        if found is None:
            raise NotFound
        return found

    def among(self, member_ids: Sequence[int]) -> Sequence[Line]:
        """Those of the members who stand in the scope."""
        wanted = Member.id.in_(member_ids)
        rows = self._db.execute(self._page_query(Wanted(), None).where(wanted)).all()
        return self._lines(rows)

    def ids_after(self, wanted: Wanted, position: int, before: datetime, limit: int) -> list[int]:
        """Ids of those that fit and registered before a moment, in the order of their ids."""
        query = select(Member.id).where(
            *self._conditions(wanted), Member.id > position, Member.created_at <= before
        )
        return list(self._db.scalars(query.order_by(Member.id).limit(limit)))


def masked(contact: Contact) -> str:
    """An address as staff may see it; of a provider's account only that there is one."""
    return contact.masked if contact.kind in {PHONE, EMAIL} else contact.kind.partition(":")[0]


def role_title(code: str, title: str | None) -> str:
    """A role's name: a built-in one's is a message id, a custom one's what its maker wrote."""
    return title or BUILT_IN.get(code, code)


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for key, text in pairs:
        if text not in found.setdefault(key, []):
            found[key].append(text)
    return found


def _cursor(row: Row[Any]) -> str:
    return f"{(row.created_at - _EPOCH) // _MICROSECOND}.{row.id}"


def _read_cursor(cursor: str | None) -> tuple[datetime, int] | None:
    moment, _, key = (cursor or "").partition(".")
    since, member_id = ids.parse(moment), ids.parse(key)
    if since is None or member_id is None or since > 10**17:
        return None
    return _EPOCH + since * _MICROSECOND, member_id


def people(house: House, db: Session, identity: Identity, permission: str = VIEW) -> People:
    """Members for somebody of the staff, where he holds a permission."""
    scope = Scope.of(identity, permission)
    return People(db, house.vault, house.regions.all(db), scope)
