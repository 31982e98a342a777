"""What staff look for in the list of members, as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, false, select

from suwen.accounts.models import ACTIVE, GROUP, INDIVIDUAL, Login, Member, MemberTag
from suwen.accounts.people.scope import in_market
from suwen.accounts.staffing.models import StaffGrant
from suwen.kernel import clock, ids

if TYPE_CHECKING:
    from suwen.kernel.regions import RegionInfo

LOCKED: Final = "locked"
MERGED: Final = "merged"
ERASED: Final = "erased"
STATES: Final = (ACTIVE, LOCKED, MERGED, ERASED)
TABS: Final = ("all", "individual", "group", "staff", "disabled", "gone")
NO_BRANCH: Final = "none"
"""Members that belong to no branch."""

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the list; what is None does not matter.

    ``look`` is a person as ``finding.look`` writes him, never a name or a number in the clear.
    """

    tab: str = "all"
    look: str | None = None
    role: str | None = None
    kind: str | None = None
    region: str | None = None
    branch: str | None = None
    state: str | None = None
    since: date | None = None
    until: date | None = None
    tag: str | None = None
    second_factor: bool | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Wanted:
        """Of values that a schema has read."""
        known = {item.name for item in fields(cls)}
        given = {name: value for name, value in values.items() if name in known}
        return cls(**{name: value for name, value in given.items() if value is not None})

    def conditions(self, markets: Sequence[RegionInfo]) -> list[Condition]:
        """SQL: the members that fit."""
        return [*_of_tab(self.tab), *self._about_person(), *self._about_place(markets)]

    def _about_person(self) -> list[Condition]:
        found: list[Condition] = []
        if self.look is not None:
            found.append(sought(self.look))
        if self.role is not None:
            found.append(_staff(StaffGrant.role == self.role))
        if self.kind is not None:
            found.append(Member.kind == self.kind)
        if self.state is not None:
            found.append(Member.state == self.state)
        if self.tag is not None:
            tagged = select(MemberTag.member_id).where(MemberTag.tag == self.tag)
            found.append(Member.id.in_(tagged))
        if self.second_factor is not None:
            confirmed = Member.totp_confirmed_at
            found.append(confirmed.is_not(None) if self.second_factor else confirmed.is_(None))
        if self.since is not None:
            found.append(Member.created_at >= _midnight(self.since))
        if self.until is not None:
            found.append(Member.created_at < _midnight(self.until) + timedelta(days=1))
        return found

    def _about_place(self, markets: Sequence[RegionInfo]) -> list[Condition]:
        found: list[Condition] = []
        if self.region is not None:
            named = [market for market in markets if market.code == self.region]
            found.append(in_market(named[0], markets) if named else false())
        if self.branch == NO_BRANCH:
            found.append(Member.branch_id.is_(None))
        elif self.branch is not None:
            found.append(_numbered(Member.branch_id, self.branch))
        return found


def _of_tab(tab: str) -> list[Condition]:
    living = Member.state.in_((ACTIVE, LOCKED))
    tabs: dict[str, list[Condition]] = {
        "individual": [Member.kind == INDIVIDUAL, living],
        "group": [Member.kind == GROUP, living],
        "staff": [_staff()],
        "disabled": [Member.state == LOCKED],
        "gone": [Member.state.in_((MERGED, ERASED))],
    }
    return tabs.get(tab, [])


def _staff(*conditions: Condition) -> Condition:
    return Member.id.in_(select(StaffGrant.member_id).where(*conditions))


def sought(look: str) -> Condition:
    """SQL: whom ``finding.look`` means; nobody for what it did not write."""
    kind, _, mark = look.partition(".")
    if kind in {"phone", "email"}:
        owners = select(Login.member_id).where(Login.kind == kind, Login.index == mark)
        return Member.id.in_(owners)
    if kind == "tail":
        return Member.id.in_(select(Login.member_id).where(Login.tail_index == mark))
    if kind == "name":
        return Member.name_index == mark
    return _numbered(Member.id, mark) if kind == "id" else false()


def _numbered(column: Any, text: str) -> Condition:
    """SQL: the one with this id; none for a number that no id can be."""
    key = ids.parse(text)
    found: Condition = false() if key is None else column == key
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.SHANGHAI)
