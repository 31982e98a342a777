"""The roster (名册) of a group: its people, found, listed and changed by those who act for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, func, select, update

from suwen.accounts.persons import plain
from suwen.groups import people
from suwen.groups.errors import BadPerson, KnownPerson, RosterFull
from suwen.groups.models import RosterPerson
from suwen.kernel import clock, ids
from suwen.kernel.db import locked, take_turns
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from suwen.groups.access import Acting
    from suwen.groups.people import Facts
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault

PAGE: Final = 20
MAX_PEOPLE: Final = 50_000
EXPORT_PAGE: Final = 500
CODE_LENGTH: Final = 12
"""60 bits; name and birth date are asked beside it, and tries are counted."""
_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of people is narrowed to. ``claimed`` None: both."""

    name: str = ""
    department: str = ""
    claimed: bool | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A person in the clear, for those who act for his group."""

    id: int
    facts: Facts
    code: str
    state: str
    claimed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many people there are, and how many have taken their place."""

    people: int
    claimed: int


class Roster:
    """People of the group that ``acting`` acts for; those of another group do not exist."""

    def __init__(self, db: Session, vault: Vault, audit: AuditLog, acting: Acting) -> None:
        """Only rows of the group are read or written."""
        self._db = db
        self._vault = vault
        self._audit = audit
        self._acting = acting

    def _matching(self, filters: Filters) -> Select[Any]:
        query = select(RosterPerson).where(
            RosterPerson.group_id == self._acting.group_id, RosterPerson.state == "active"
        )
        if filters.name:
            index = people.name_index(self._vault, self._acting.group_id, filters.name)
            query = query.where(RosterPerson.name_index == index)
        if filters.department:
            query = query.where(RosterPerson.department == filters.department)
        if filters.claimed is not None:
            linked = RosterPerson.subject_id.is_not(None)
            query = query.where(linked if filters.claimed else ~linked)
        return query

    def page(
        self, filters: Filters, cursor: str | None = None, limit: int = PAGE
    ) -> tuple[Sequence[Entry], str | None]:
        """People, newest first, and where the next page begins."""
        query = self._matching(filters).order_by(RosterPerson.id.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(RosterPerson.id < (ids.parse(cursor) or 0))
        rows = self._db.scalars(query).all()
        following = str(rows[limit - 1].id) if len(rows) > limit else None
        return [self._entry(row) for row in rows[:limit]], following

    def count(self, filters: Filters) -> int:
        """How many people match."""
        query = self._matching(filters).with_only_columns(func.count())
        return self._db.scalar(query) or 0

    def totals(self) -> Totals:
        """Of the whole roster."""
        row = self._db.execute(
            self._matching(Filters()).with_only_columns(
                func.count(), func.count(RosterPerson.subject_id)
            )
        ).one()
        return Totals(*row)

    def departments(self, limit: int = 200) -> Sequence[str]:
        """Names of departments, in their order."""
        query = (
            self._matching(Filters())
            .with_only_columns(RosterPerson.department)
            .where(RosterPerson.department != "")
            .distinct()
        )
        return self._db.scalars(query.order_by(RosterPerson.department).limit(limit)).all()

    def everybody(self, filters: Filters) -> Iterator[Entry]:
        """All who match, a page at a time."""
        cursor: str | None = None
        while True:
            entries, cursor = self.page(filters, cursor, EXPORT_PAGE)
            yield from entries
            if cursor is None:
                return

    def entries(self, person_ids: Sequence[int]) -> Mapping[int, Entry]:
        """These people, removed ones included, by id."""
        query = select(RosterPerson).where(
            RosterPerson.group_id == self._acting.group_id, RosterPerson.id.in_(person_ids)
        )
        return {row.id: self._entry(row) for row in self._db.scalars(query)}

    def get(self, person_id: int) -> Entry:
        """One person on the roster; raises ``NotFound``."""
        found = self.entries([person_id]).get(person_id)
        if found is None or found.state != "active":
            raise NotFound
        return found

    def _entry(self, row: RosterPerson) -> Entry:
        facts, code = people.unseal(self._vault.house, row)
        return Entry(row.id, facts, code, row.state, row.claimed_at)

    def add(self, values: Mapping[str, str], actor: Actor) -> Entry:
        """Put one person on the roster; raises ``BadPerson``, ``KnownPerson`` or ``RosterFull``."""
        facts = checked(values)
        self._take_turns()
        index = people.person_index(self._vault, self._acting.group_id, facts)
        row = self._by_index(index)
        if row is not None and row.state == "active":
            raise KnownPerson
        self.make_room(1)
        if row is None:
            row = RosterPerson(id=ids.new_id(), group_id=self._acting.group_id, person_index=index)
            self._db.add(row)
        row.member_id = row.subject_id = row.claimed_at = None
        self._write(row, facts, ids.code(CODE_LENGTH))
        row.state, row.created_at = "active", clock.now()
        self._db.flush()
        self._log("roster.add", row.id, actor, {})
        return self._entry(row)

    def _take_turns(self) -> None:
        take_turns(self._db, f"roster:{self._acting.group_id}")

    def make_room(self, wanted: int) -> None:
        """Raise ``RosterFull`` unless so many more people fit."""
        if self.count(Filters()) + wanted > MAX_PEOPLE:
            raise RosterFull

    def _by_index(self, index: str) -> RosterPerson | None:
        query = select(RosterPerson).where(
            RosterPerson.group_id == self._acting.group_id, RosterPerson.person_index == index
        )
        return self._db.scalars(query.with_for_update()).first()

    def _write(self, row: RosterPerson, facts: Facts, code: str) -> None:
        row.person_index = people.person_index(self._vault, row.group_id, facts)
        row.name_index = people.name_index(self._vault, row.group_id, facts.name)
        row.department = facts.department
        row.sealed = people.seal(self._vault.house, row.id, facts, code)
        if row.subject_id is None:
            row.claim_hash = people.claim_index(self._vault, code)

    def update(self, person_id: int, values: Mapping[str, str], actor: Actor) -> Entry:
        """Change a person; raises ``NotFound``, ``BadPerson`` or ``KnownPerson``.

        Who he is cannot be changed any more once he has taken his place.
        """
        facts = checked(values)
        self._take_turns()
        row = self._active(person_id)
        before, code = people.unseal(self._vault.house, row)
        if row.subject_id is not None and not _is_same(before, facts):
            text = _("此人已认领，姓名与出生日期不能再更改")
            raise BadPerson(text, fields={"name": text})
        other = self._by_index(people.person_index(self._vault, row.group_id, facts))
        if other is not None and other.id != row.id:
            raise KnownPerson
        self._write(row, facts, code)
        self._db.flush()
        self._log("roster.change", row.id, actor, {"columns": _changed(before, facts)})
        return self._entry(row)

    def _active(self, person_id: int) -> RosterPerson:
        row = locked(self._db, RosterPerson, person_id)
        if row is None or row.group_id != self._acting.group_id or row.state != "active":
            raise NotFound
        return row

    def remove(self, person_ids: Sequence[int], actor: Actor) -> Sequence[int]:
        """Take people off the roster; ids of those who were on it.

        What was ordered for them goes on, and its reports reach them; nothing of it is the group's.
        """
        gone = self._db.scalars(
            update(RosterPerson)
            .where(
                RosterPerson.group_id == self._acting.group_id,
                RosterPerson.id.in_(person_ids),
                RosterPerson.state == "active",
            )
            .values(state="removed", claim_hash=None)
            .returning(RosterPerson.id),
            execution_options=_QUIET,
        ).all()
        if gone:
            values = {"before": {"state": "active"}, "people": [str(key) for key in gone]}
            self._log("roster.remove", gone[0], actor, values)
        return gone

    def renew_code(self, person_id: int, actor: Actor) -> Entry:
        """A new code for a person who has not taken his place; the old one is dead."""
        row = self._active(person_id)
        if row.subject_id is not None:
            raise NotFound
        facts, _old = people.unseal(self._vault.house, row)
        self._write(row, facts, ids.code(CODE_LENGTH))
        self._db.flush()
        self._log("roster.code", row.id, actor, {})
        return self._entry(row)

    def _log(self, action: str, person_id: int, actor: Actor, details: Mapping[str, Any]) -> None:
        values = {"group": str(self._acting.group_id), **details}
        self._audit.write(self._db, actor, action, "roster_person", person_id, details=values)


def checked(values: Mapping[str, str]) -> Facts:
    """The person of a form or of the API; raises ``BadPerson`` with a message for each field."""
    facts, faults = people.read(values)
    if facts is None:
        raise BadPerson(fields=faults)
    return facts


def _changed(before: Facts, after: Facts) -> list[str]:
    """Names of the columns that differ. Their values are somebody else's, and the log is kept
    longer than he is: it says nothing that his erasure could not take back.
    """
    old, new = people.as_texts(before), people.as_texts(after)
    return [name for name in old if old[name] != new[name]]


def _is_same(before: Facts, after: Facts) -> bool:
    return plain(before.name) == plain(after.name) and before == replace(
        after,
        name=before.name,
        sex=before.sex,
        phone=before.phone,
        email=before.email,
        number=before.number,
        department=before.department,
    )
