"""Importing a roster: a preview that writes nothing to it, then a job that writes in batches.

A row of the sheet is deleted in the transaction that puts its person on the roster. So whatever dies
in between, the rows that are left are exactly the work that is left, and nobody comes in twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select

from suwen.groups import people, workbook
from suwen.groups.errors import ImportOver, SheetRefused
from suwen.groups.models import RosterImport, RosterPerson, RosterRow
from suwen.groups.roster import Roster
from suwen.kernel import clock, ids, outbox
from suwen.kernel.db import locked
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.groups.access import Acting
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault

KIND: Final = "groups.import"
INSERT_AT_ONCE: Final = 500
FAULTS_SHOWN: Final = 50
OPEN: Final = ("preview", "writing")
_QUIET: Final = {"synchronize_session": False}
TWICE: Final = _("与第 ${row} 行重复")
Fault = tuple[str, Mapping[str, Any]]
"""A message and what stands in it."""


@dataclass(slots=True)
class Reading:
    """What was read of a sheet. ``rows`` are ready to be stored, everything personal sealed."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    """Of the people who can be written."""
    faulty: int = 0


@dataclass(frozen=True, slots=True)
class FaultyRow:
    """A row that cannot be written: what it says, and the messages by column."""

    number: int
    texts: Mapping[str, str]
    faults: Mapping[str, Fault]


def read_sheet(file: IO[bytes], vault: Vault, group_id: int) -> Reading:
    """Read and judge every row; touches no database. Raises ``SheetRefused``."""
    rows = workbook.open_rows(file)
    places = _heading(rows)
    reading, seen = Reading(), dict[str, int]()
    for number, cells in rows:
        texts = {
            name: workbook.text_of(cells[place]) if place < len(cells) else ""
            for name, place in places.items()
        }
        facts, messages = people.read(texts)
        faults: dict[str, Fault] = {name: (text, {}) for name, text in messages.items()}
        if facts is not None:
            index = people.person_index(vault, group_id, facts)
            first = seen.setdefault(index, number)
            if first == number:
                reading.indexes.append(index)
                texts = people.as_texts(facts)
            else:
                faults["name"] = (TWICE, {"row": first})
        reading.faulty += bool(faults)
        reading.rows.append(_sealed(vault, number, texts, faults))
    if not reading.rows:
        raise SheetRefused(workbook.EMPTY)
    return reading


def _heading(rows: Iterator[workbook.Row]) -> Mapping[str, int]:
    number, cells = next(rows, (1, ()))
    places = workbook.heading_of(cells, people.column_of, people.REQUIRED)
    if number != 1:
        raise SheetRefused(_("第 1 行必须是标题，并至少有“姓名”和“出生日期”两列，请使用模板"))
    return places


def _sealed(
    vault: Vault, number: int, texts: Mapping[str, str], faults: Mapping[str, Fault]
) -> dict[str, Any]:
    row_id = ids.new_id()
    plain = json.dumps(texts, ensure_ascii=False)
    return {
        "id": row_id,
        "row": number,
        "sealed": vault.house.seal(plain, f"roster_row:sealed:{row_id}"),
        "faults": {name: [str(text), dict(values)] for name, (text, values) in faults.items()},
        "state": "faulty" if faults else "read",
    }


class RosterImports:
    """Imports of the group that ``acting`` acts for."""

    def __init__(self, db: Session, vault: Vault, audit: AuditLog, acting: Acting) -> None:
        """Only imports of the group exist."""
        self._db = db
        self._vault = vault
        self._audit = audit
        self._acting = acting

    def keep(self, reading: Reading, actor: Actor) -> RosterImport:
        """Keep what was read as a preview; an older preview of the group is dropped."""
        self._drop_previews()
        made = RosterImport(
            id=ids.new_id(),
            group_id=self._acting.group_id,
            started_by=self._acting.member_id,
            state="preview",
            total=len(reading.rows),
            faulty=reading.faulty,
            known=self._known(reading.indexes),
            written=0,
            created_at=clock.now(),
        )
        self._db.add(made)
        self._db.flush()
        for start in range(0, len(reading.rows), INSERT_AT_ONCE):
            part = reading.rows[start : start + INSERT_AT_ONCE]
            self._db.execute(insert(RosterRow), [{**row, "import_id": made.id} for row in part])
        self._log(made, "roster.import.preview", actor)
        return made

    def _drop_previews(self) -> None:
        query = select(RosterImport).where(
            RosterImport.group_id == self._acting.group_id, RosterImport.state == "preview"
        )
        for older in self._db.scalars(query.with_for_update()).all():
            end(self._db, older, "cancelled")

    def _known(self, indexes: Sequence[str]) -> int:
        known = 0
        for start in range(0, len(indexes), INSERT_AT_ONCE):
            query = select(func.count()).where(
                RosterPerson.group_id == self._acting.group_id,
                RosterPerson.person_index.in_(indexes[start : start + INSERT_AT_ONCE]),
                RosterPerson.state == "active",
            )
            known += self._db.scalar(query) or 0
        return known

    def get(self, import_id: int) -> RosterImport:
        """One import; raises ``NotFound``."""
        found = self._db.get(RosterImport, import_id)
        if found is None or found.group_id != self._acting.group_id:
            raise NotFound
        return found

    def recent(self, limit: int = 10) -> Sequence[RosterImport]:
        """The newest imports."""
        query = select(RosterImport).where(RosterImport.group_id == self._acting.group_id)
        return self._db.scalars(query.order_by(RosterImport.id.desc()).limit(limit)).all()

    def faults(
        self, import_id: int, after: int = 0, limit: int = FAULTS_SHOWN
    ) -> tuple[Sequence[FaultyRow], int | None]:
        """Faulty rows behind row ``after``, in the sheet's order, and where the next page begins."""
        query = (
            select(RosterRow)
            .where(
                RosterRow.import_id == self.get(import_id).id,
                RosterRow.state == "faulty",
                RosterRow.row > after,
            )
            .order_by(RosterRow.row)
            .limit(limit + 1)
        )
        rows = self._db.scalars(query).all()
        shown = [FaultyRow(row.row, self._texts(row), _faults(row)) for row in rows[:limit]]
        return shown, shown[-1].number if len(rows) > limit else None

    def _texts(self, row: RosterRow) -> Mapping[str, str]:
        return texts_of(self._vault, row)

    def all_faults(self, import_id: int) -> Iterator[FaultyRow]:
        """All of them, a page at a time."""
        after: int | None = 0
        while after is not None:
            rows, after = self.faults(import_id, after, INSERT_AT_ONCE)
            yield from rows

    def confirm(self, import_id: int, actor: Actor) -> RosterImport:
        """Let the job write the rows without faults; a second click changes nothing.

        Raises ``NotFound``, ``ImportOver``, ``RosterFull`` or ``SheetRefused`` when no row is left.
        """
        found = self._locked(import_id)
        if found.state == "writing":
            return found
        if found.state != "preview":
            raise ImportOver
        wanted = found.total - found.faulty
        if not wanted:
            raise SheetRefused(_("没有可以写入的行，请修正后重新上传"))
        Roster(self._db, self._vault, self._audit, self._acting).make_room(wanted - found.known)
        found.state, found.known = "writing", 0
        self._db.flush()
        outbox.put(self._db, KIND, f"{KIND}:{found.id}", import_id=str(found.id))
        self._log(found, "roster.import.confirm", actor)
        return found

    def cancel(self, import_id: int, actor: Actor) -> RosterImport:
        """Stop: what is written stays, nothing more comes; raises ``NotFound`` or ``ImportOver``."""
        found = self._locked(import_id)
        if found.state not in OPEN:
            raise ImportOver
        end(self._db, found, "cancelled")
        self._log(found, "roster.import.cancel", actor)
        return found

    def _locked(self, import_id: int) -> RosterImport:
        found = locked(self._db, RosterImport, import_id)
        if found is None or found.group_id != self._acting.group_id:
            raise NotFound
        return found

    def _log(self, row: RosterImport, action: str, actor: Actor) -> None:
        log(self._db, self._audit, row, action, actor)


def log(db: Session, audit: AuditLog, row: RosterImport, action: str, actor: Actor) -> None:
    """Write down how an import stands."""
    counts = {name: getattr(row, name) for name in ("total", "faulty", "known", "written")}
    details = {"group": str(row.group_id), **counts}
    audit.write(db, actor, action, "roster_import", row.id, details=details)


def _faults(row: RosterRow) -> Mapping[str, Fault]:
    return {name: (text, values) for name, (text, values) in row.faults.items()}


def texts_of(vault: Vault, row: RosterRow) -> Mapping[str, str]:
    texts: dict[str, str] = json.loads(
        vault.house.open_text(row.sealed, f"roster_row:sealed:{row.id}")
    )
    return texts


def end(db: Session, row: RosterImport, state: str) -> None:
    """Close an import; its rows are deleted but for the faults of a finished one."""
    row.state, row.finished_at = state, clock.now()
    rows = delete(RosterRow).where(RosterRow.import_id == row.id)
    if state == "done":
        rows = rows.where(RosterRow.state != "faulty")
    db.execute(rows, execution_options=_QUIET)
    db.flush()
