"""Importing a roster: exactly the faults, nothing before the confirmation, no doubles after a death."""

import pytest
from sqlalchemy import func, select, update

from suwen.groups import people, writing
from suwen.groups.errors import ImportOver, SheetRefused
from suwen.groups.models import RosterImport, RosterPerson, RosterRow
from suwen.groups.roster import Filters
from suwen.groups.services import group
from suwen.kernel.db import lock
from suwen.kernel.errors import NotFound
from suwen.kernel.outbox import OutboxItem
from tests import workbooks

FAULTS = {
    5: {"birth_date": "1990-02-30"},
    9: {"name": ""},
    14: {"phone": "12345"},
    21: {"email": "nobody@"},
    30: {"sex": "?"},
}
"""By number of the row in the sheet."""


def rows(count, faults=FAULTS):
    """So many rows from number 100 on, the second in the sheet being the first."""
    return [
        workbooks.person(100 + number, **faults.get(number, {})) for number in range(2, count + 2)
    ]


def on_roster(company):
    """How many people the group has."""
    return company.act(lambda g: g.roster.count(Filters()))


def left(company):
    """Rows of sheets that are still kept."""
    return company.run(lambda db: db.scalar(select(func.count()).select_from(RosterRow)))


def now(company, made):
    """The import as it stands."""
    return company.act(lambda g: g.imports.get(made.id))


def work(company):
    """What a worker does."""
    return company.house.outbox.drain()


def test_preview_shows_exactly_the_faults_and_writes_nothing(company):
    made = company.preview(rows(40))
    assert (made.total, made.faulty, made.known) == (40, 5, 0)
    shown, more = company.act(lambda g: g.imports.faults(made.id))
    assert {one.number: set(one.faults) for one in shown} == {
        number: set(changes) for number, changes in FAULTS.items()
    }
    assert more is None
    work(company)
    assert on_roster(company) == 3
    assert now(company, made).state == "preview"


def test_faults_come_in_pages_in_the_order_of_the_sheet(company):
    made = company.preview(rows(40))
    first, more = company.act(lambda g: g.imports.faults(made.id, limit=2))
    second, end = company.act(lambda g: g.imports.faults(made.id, after=more, limit=3))
    assert [one.number for one in (*first, *second)] == sorted(FAULTS)
    assert end is None


def test_the_same_person_twice_is_a_fault_of_the_second_row(company):
    made = company.preview([*rows(3, {}), workbooks.person(103)])
    (one,), _more = company.act(lambda g: g.imports.faults(made.id))
    assert one.number == 5
    assert one.faults["name"][1] == {"row": 3}


def test_confirmed_rows_are_written_and_the_sheet_is_forgotten(company):
    made = company.preview(rows(40))
    company.act(lambda g: g.imports.confirm(made.id, company.actor()))
    assert on_roster(company) == 3, "the job writes, not the click"
    work(company)
    done = now(company, made)
    assert (done.state, done.written, done.known) == ("done", 35, 0)
    assert on_roster(company) == 38
    assert left(company) == len(FAULTS), "the faults stay to be read"


def test_two_confirmations_are_one(company):
    made = company.preview(rows(5, {}))
    for _ in range(2):
        company.act(lambda g: g.imports.confirm(made.id, company.actor()))
    work(company)
    assert on_roster(company) == 8
    with pytest.raises(ImportOver):
        company.act(lambda g: g.imports.confirm(made.id, company.actor()))


def test_known_people_are_refreshed_and_not_doubled(company):
    made = company.preview(
        [workbooks.person(1, phone="13700000000", department="新部门"), *rows(2, {})]
    )
    assert made.known == 1
    company.act(lambda g: g.imports.confirm(made.id, company.actor()))
    work(company)
    assert on_roster(company) == 5
    known = company.act(lambda g: g.roster.get(company.people[0].id))
    assert (known.facts.phone, known.facts.department) == ("+8613700000000", "新部门")
    assert known.code == company.people[0].code


def test_who_was_removed_comes_back_without_his_old_place(company):
    entry = company.people[0]
    company.claim(entry, "13900000010")
    company.act(lambda g: g.roster.remove([entry.id], company.actor()))
    made = company.preview([workbooks.person(1)])
    assert made.known == 0
    company.act(lambda g: g.imports.confirm(made.id, company.actor()))
    work(company)
    back = company.act(lambda g: g.roster.get(entry.id))
    assert back.claimed_at is None
    assert back.code != entry.code


def test_a_worker_that_dies_after_a_batch_leaves_exactly_the_rest(company, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 10)
    made = company.preview(rows(35, {}))
    company.act(lambda g: g.imports.confirm(made.id, company.actor()))
    writer = writing.Writer(company.house, made.id)
    assert writer.write_batch()
    assert writer.write_batch()
    assert (on_roster(company), left(company)) == (23, 15)
    for _ in range(2):
        writing.run(company.house, {"import_id": str(made.id)})
    done = now(company, made)
    assert (done.state, done.written) == ("done", 35)
    assert (on_roster(company), left(company)) == (38, 0)


def test_a_batch_that_fails_writes_nothing(company, monkeypatch):
    made = company.preview(rows(5, {}))
    company.act(lambda g: g.imports.confirm(made.id, company.actor()))

    def broken(*_arguments):
        raise RuntimeError("power is gone")

    with monkeypatch.context() as patched:
        patched.setattr(people, "seal", broken)
        work(company)
    assert (on_roster(company), left(company)) == (3, 5)
    overdue = update(OutboxItem).values(due_at=made.created_at)
    company.run(lambda db: db.execute(overdue, execution_options={"synchronize_session": False}))
    work(company)
    assert on_roster(company) == 8


def test_a_cancelled_import_stops_where_it_is(company, monkeypatch):
    monkeypatch.setattr(writing, "BATCH", 10)
    made = company.preview(rows(25, {}))
    company.act(lambda g: g.imports.confirm(made.id, company.actor()))
    writing.Writer(company.house, made.id).write_batch()
    company.act(lambda g: g.imports.cancel(made.id, company.actor()))
    work(company)
    stopped = now(company, made)
    assert (stopped.state, stopped.written) == ("cancelled", 10)
    assert (on_roster(company), left(company)) == (13, 0)
    with pytest.raises(ImportOver):
        company.act(lambda g: g.imports.cancel(made.id, company.actor()))


def test_a_new_preview_drops_the_older(company):
    first = company.preview(rows(5))
    company.preview(rows(3, {}))
    assert now(company, first).state == "cancelled"
    assert left(company) == 3


def test_nothing_left_to_write_is_said(company):
    made = company.preview([workbooks.person(1, name="")])
    with pytest.raises(SheetRefused):
        company.act(lambda g: g.imports.confirm(made.id, company.actor()))


def test_another_groups_import_does_not_exist(company):
    made = company.preview(rows(5))

    def look(db):
        theirs = group(company.house, db, company.other_group, company.other_group)
        for call in (theirs.imports.get, theirs.imports.faults):
            with pytest.raises(NotFound):
                call(made.id)
        for call in (theirs.imports.confirm, theirs.imports.cancel):
            with pytest.raises(NotFound):
                call(made.id, company.actor())

    company.run(look)


def test_forgotten_previews_are_purged(company):
    made = company.preview(rows(5))

    def age(db):
        row = lock(db, RosterImport, made.id)
        row.created_at -= writing.KEPT * 2

    company.run(age)
    writing.purge(company.house)
    assert now(company, made).state == "cancelled"
    assert left(company) == 0


def test_the_database_holds_no_name_and_no_number(company):
    made = company.preview([workbooks.person(7, name="欧阳静怡", phone="13655554444")])

    def columns(db):
        found = list(db.execute(select(RosterRow.__table__)).all())
        return repr([*found, *db.execute(select(RosterPerson.__table__)).all()])

    company.act(lambda g: g.imports.confirm(made.id, company.actor()))
    before = company.run(columns)
    work(company)
    after = company.run(columns)
    for text in ("欧阳静怡", "13655554444"):
        assert text not in before
        assert text not in after
