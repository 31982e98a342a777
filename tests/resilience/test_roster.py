"""Importing a roster while the worker dies: nobody is missing afterwards, and nobody is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from suwen.accounts.services import accounts
from suwen.cli.program import Program as Command
from suwen.groups.imports import read_sheet
from suwen.groups.models import RosterImport, RosterPerson
from suwen.groups.services import group
from suwen.kernel import clock
from suwen.kernel import house as kernel_house
from suwen.kernel.audit import Actor
from suwen.kernel.outbox import OutboxItem
from tests import workbooks
from tests.program import Program, eventually

pytestmark = pytest.mark.slow

ROWS = 6000
DEMO = 12
"""People whom the demonstration's company has already."""
GROUP = "group@members.suwen.example"


@pytest.fixture
def program(empty_database_url: str, tmp_path: Path) -> Iterator[Program]:
    """A site with demonstration data and nothing that works yet."""
    made = Program(tmp_path, empty_database_url)
    made.start_simulator()
    for words in (("db", "upgrade"), ("demo", "load")):
        made.run(*words)
    made.parts["simulator"].stop()
    yield made
    made.stop()


@pytest.fixture
def house(program: Program, empty_database_url: str, monkeypatch: Any) -> Iterator[Any]:
    """A house of the test's own on the program's database and keys."""
    monkeypatch.setenv("SUWEN_DATABASE_URL", empty_database_url)
    made = kernel_house.build(Command(str(program.ini)).settings)
    yield made
    made.close()


def confirmed(house: Any) -> int:
    """An import of many people that a worker has to do."""
    with house.database.transaction() as db:
        group_id = accounts(house, db).find(GROUP)
        assert group_id is not None
        rows = [workbooks.person(number) for number in range(1, ROWS + 1)]
        reading = read_sheet(workbooks.workbook(rows), house.vault, group_id)
        assert reading.faulty == 0
        imports = group(house, db, group_id, group_id).imports
        made = imports.keep(reading, Actor("member", group_id))
        imports.confirm(made.id, Actor("member", group_id))
        return made.id


def standing(house: Any, import_id: int) -> tuple[str, int]:
    """State of the import, and how many people are on the roster."""
    with house.database.snapshot() as db:
        state = db.scalar(select(RosterImport.state).where(RosterImport.id == import_id))
        people = db.scalar(select(func.count()).select_from(RosterPerson))
    return str(state), int(people or 0)


def let_time_pass(house: Any) -> None:
    """The dead worker's lease is over."""
    past = clock.now() - timedelta(seconds=1)
    with house.database.transaction() as db:
        db.execute(
            update(OutboxItem).where(OutboxItem.state == "leased").values(lease_until=past),
            execution_options={"synchronize_session": False},
        )


def test_a_killed_worker_resumes_without_doubles(program: Program, house: Any) -> None:
    import_id = confirmed(house)
    for round_number in (1, 2):
        program.start_jobs()
        already = standing(house, import_id)[1]
        eventually(
            lambda seen=already: standing(house, import_id)[1] > seen + 200, "some are written", 120
        )
        program.parts["jobs"].kill()
        state, people = standing(house, import_id)
        assert state == "writing", f"round {round_number}: the worker was faster than the test"
        assert people < DEMO + ROWS
        assert (people - DEMO) % 200 == 0, "whole batches or nothing"
        let_time_pass(house)
    program.start_jobs()
    eventually(lambda: standing(house, import_id)[0] == "done", "the import is done", 240)
    assert standing(house, import_id)[1] == DEMO + ROWS
    with house.database.snapshot() as db:
        row = db.get(RosterImport, import_id)
        indexes = db.scalars(select(RosterPerson.person_index)).all()
    assert row is not None
    assert row.written == ROWS
    assert len(set(indexes)) == DEMO + ROWS
