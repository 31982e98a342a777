from __future__ import annotations

import pytest
from sqlalchemy import func, select

from suwen.kernel.audit import AuditEvent
from suwen.kernel.errors import NotFound

from .conftest import GOOD


def count(house, model, *where):
    with house.database.snapshot() as db:
        return db.scalar(select(func.count()).select_from(model).where(*where))


class TestReading:
    def test_the_owner_reads_and_it_is_on_record(self, house, begin, submit, read, member):
        result = submit(member, begin(member))
        reading = read(member, result.public_id)
        assert reading.findings.answers == GOOD
        assert reading.findings.outcome.types == ("S3",)
        assert (reading.findings.sex, reading.findings.age) == ("female", 36)
        with house.database.snapshot() as db:
            rows = db.scalars(
                select(AuditEvent).where(AuditEvent.object_kind == "questionnaire_result")
            ).all()
        assert sorted(row.action for row in rows) == ["questionnaire.read", "questionnaire.submit"]
        assert {row.subject_id for row in rows} == {result.subject_id}

    def test_nobody_else_does(self, begin, submit, read, member, add_member):
        result = submit(member, begin(member))
        with pytest.raises(NotFound):
            read(add_member(), result.public_id)
        with pytest.raises(NotFound):
            read(member, "0" * 20)

    @pytest.mark.parametrize("how", ["off", "uninstalled"])
    def test_old_results_need_no_scorer(self, begin, submit, read, member, switch, uninstall, how):
        result = submit(member, begin(member))
        before = read(member, result.public_id).findings
        switch("disabled") if how == "off" else uninstall()
        after = read(member, result.public_id).findings
        assert after == before
        assert after.outcome.scores[0].converted.denominator == 7

    def test_it_is_sealed(self, begin, submit, member):
        result = submit(member, begin(member))
        for word in (b"types", b"answers", "是".encode(), b"female"):
            assert word not in result.sealed

    def test_a_destroyed_key_ends_it(self, house, begin, submit, read, member):
        result = submit(member, begin(member))
        house.vault.destroy(result.subject_id)
        with pytest.raises(NotFound):
            read(member, result.public_id)

    def test_equal_sheets_of_two_people_have_different_marks(
        self, begin, submit, member, add_member
    ):
        other = add_member(sex="female")
        first, second = submit(member, begin(member)), submit(other, begin(other))
        third = submit(member, begin(member))
        changed = submit(member, begin(member), {**GOOD, 1: 2})
        assert first.sheet_mac == third.sheet_mac
        assert len({first.sheet_mac, second.sheet_mac, changed.sheet_mac}) == 3

    def test_lists_page_by_key(self, act, begin, submit, member, add_member):
        done = [submit(member, begin(member)).public_id for _ in range(3)]
        other = add_member(sex="male")
        submit(other, begin(other))
        first = act(lambda s: s.results.page(member, limit=2))
        rest = act(lambda s: s.results.page(member, first.next_cursor, limit=2))
        assert [row.public_id for row in (*first.items, *rest.items)] == done[::-1]
        assert rest.next_cursor is None
