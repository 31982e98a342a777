"""The job behind an import: rows of the preview become people on the roster, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select, update

from suwen.groups import people
from suwen.groups.imports import end, log, texts_of
from suwen.groups.models import RosterImport, RosterPerson, RosterRow
from suwen.groups.roster import CODE_LENGTH
from suwen.kernel import clock, ids
from suwen.kernel.audit import Actor
from suwen.kernel.db import locked
from suwen.kernel.upsert import insert_for

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.groups.people import Facts
    from suwen.kernel.house import House

BATCH: Final = 200
KEPT: Final = timedelta(days=7)
"""How long a preview waits for its confirmation, and the faults of a finished import for a reader."""
_QUIET: Final = {"synchronize_session": False}


def run(house: House, payload: Mapping[str, Any]) -> None:
    """Outbox handler: write batch after batch until none is left or somebody has cancelled."""
    writer = Writer(house, int(payload["import_id"]))
    while writer.write_batch():
        pass


class Writer:
    """Puts rows of one import on the roster, each batch in a transaction of its own."""

    def __init__(self, house: House, import_id: int) -> None:
        """Write what the import ``import_id`` has left."""
        self._house = house
        self._vault = house.vault
        self._import_id = import_id

    def write_batch(self) -> bool:
        """One batch; False when there is nothing more to do."""
        with self._house.database.transaction() as db:
            # The lock keeps a second worker out of the batch, and a cancellation waits for its end.
            found = locked(db, RosterImport, self._import_id)
            if found is None or found.state != "writing":
                return False
            rows = db.scalars(
                select(RosterRow)
                .where(RosterRow.import_id == found.id, RosterRow.state == "read")
                .order_by(RosterRow.row)
                .limit(BATCH)
            ).all()
            self._write(db, found, rows)
            if len(rows) < BATCH:
                end(db, found, "done")
                actor = Actor("member", found.started_by)
                log(db, self._house.audit, found, "roster.import.done", actor)
                return False
            return True

    def _write(self, db: Session, found: RosterImport, rows: Sequence[RosterRow]) -> None:
        wanted: dict[str, Facts] = {}
        for row in rows:
            facts, _none = people.read(texts_of(self._vault, row))
            if facts is not None:
                wanted[people.person_index(self._vault, found.group_id, facts)] = facts
        if wanted:
            new = self._insert(db, found.group_id, wanted)
            known = {index: facts for index, facts in wanted.items() if index not in new}
            self._refresh(db, found.group_id, known)
            found.known += len(known)
        found.written += len(rows)
        db.execute(
            delete(RosterRow).where(RosterRow.id.in_([row.id for row in rows])),
            execution_options=_QUIET,
        )
        db.flush()

    def _insert(self, db: Session, group_id: int, wanted: Mapping[str, Facts]) -> set[str]:
        values = [self._values(group_id, index, facts) for index, facts in wanted.items()]
        statement = (
            insert_for(db, RosterPerson)
            .values(values)
            .on_conflict_do_nothing(index_elements=["group_id", "person_index"])
            .returning(RosterPerson.person_index)
        )
        return set(db.scalars(statement).all())

    def _values(self, group_id: int, index: str, facts: Facts) -> dict[str, Any]:
        person_id, code = ids.new_id(), ids.code(CODE_LENGTH)
        return {
            "id": person_id,
            "group_id": group_id,
            "person_index": index,
            "name_index": people.name_index(self._vault, group_id, facts.name),
            "department": facts.department,
            "sealed": people.seal(self._vault.house, person_id, facts, code),
            "state": "active",
            "claim_hash": people.claim_index(self._vault, code),
            "created_at": clock.now(),
        }

    def _refresh(self, db: Session, group_id: int, known: Mapping[str, Facts]) -> None:
        """People who are known get what the sheet says of them; who was removed comes back and has
        to take his place anew.
        """
        query = select(RosterPerson).where(
            RosterPerson.group_id == group_id, RosterPerson.person_index.in_(known)
        )
        for row in db.scalars(query.with_for_update()).all():
            facts = known[row.person_index]
            _before, code = people.unseal(self._vault.house, row)
            if row.state == "removed":
                row.state, code = "active", ids.code(CODE_LENGTH)
                row.member_id = row.subject_id = row.claimed_at = None
                row.claim_hash = people.claim_index(self._vault, code)
            row.department = facts.department
            row.sealed = people.seal(self._vault.house, row.id, facts, code)
        db.flush()


def purge(house: House) -> None:
    """Periodic job: forget previews that nobody confirmed, and faults that were there to read."""
    before = clock.now() - KEPT
    with house.database.transaction() as db:
        old = select(RosterImport.id).where(
            RosterImport.created_at < before, RosterImport.state != "writing"
        )
        db.execute(
            update(RosterImport)
            .where(RosterImport.id.in_(old), RosterImport.state == "preview")
            .values(state="cancelled", finished_at=clock.now()),
            execution_options=_QUIET,
        )
        db.execute(delete(RosterRow).where(RosterRow.import_id.in_(old)), execution_options=_QUIET)
