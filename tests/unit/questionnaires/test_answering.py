from __future__ import annotations

import threading

import pytest

from suwen.accounts.errors import ConsentRequired
from suwen.accounts.services import accounts
from suwen.kernel.audit import Actor
from suwen.kernel.errors import IllegalTransition, NotFound
from suwen.questionnaires import tasks
from suwen.questionnaires.errors import (
    SessionClosed,
    SheetRefused,
)

from .conftest import ADULT, CONSENT


class TestSaving:
    def test_answers_come_one_by_one_and_stay(self, act, begin, member):
        public_id = begin(member)
        assert act(lambda s: s.save_answer(member, public_id, "1", "3")) == 1
        assert act(lambda s: s.save_answer(member, public_id, "3", "1")) == 2
        assert act(lambda s: s.save_answer(member, public_id, "1", "2")) == 2
        row = act(lambda s: s.answering.own(member, public_id))
        assert act(lambda s: s.answering.draft(row)).answers == {1: 2, 3: 1}
        assert act(lambda s: s.save_answer(member, public_id, "1", "")) == 1

    @pytest.mark.parametrize(
        ("item", "value"),
        [("4", "1"), ("0", "1"), ("x", "1"), ("1", "4"), ("1", "0"), ("1", "1.0"), ("1", "１")],
    )
    def test_impossible_answers_are_refused(self, act, begin, member, item, value):
        public_id = begin(member)
        with pytest.raises(SheetRefused) as refused:
            act(lambda s: s.save_answer(member, public_id, item, value))
        assert list(refused.value.fields) == [f"answers.{item}"]

    def test_what_is_stored_is_sealed(self, house, act, begin, member):
        public_id = begin(member)
        act(lambda s: s.save_answer(member, public_id, "1", "3"))
        row = act(lambda s: s.answering.own(member, public_id))
        assert b"answers" not in row.sealed
        assert b"female" not in row.sealed

    def test_two_devices_lose_no_answer(self, act, begin, member):
        public_id = begin(member, ADULT)
        barrier = threading.Barrier(3)

        def device(items):
            barrier.wait()
            for item in items:
                act(lambda s, item=item: s.save_answer(member, public_id, str(item), "2"))

        threads = [threading.Thread(target=device, args=(range(n, 31, 3),)) for n in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        row = act(lambda s: s.answering.own(member, public_id))
        assert set(act(lambda s: s.answering.draft(row)).answers) == set(range(1, 31))

    def test_another_member_sees_no_session(self, act, begin, member, add_member):
        public_id, other = begin(member), add_member(sex="male")
        with pytest.raises(NotFound):
            act(lambda s: s.save_answer(other, public_id, "1", "1"))
        with pytest.raises(NotFound):
            act(lambda s: s.abandon(other, public_id))

    def test_a_withdrawn_consent_stops_it_and_a_new_one_goes_on(
        self, house, act, begin, submit, member
    ):
        public_id = begin(member)
        with house.database.transaction() as db:
            people = accounts(house, db)
            actor, subject = Actor("member", member), people.subject_of(member)
            people.consents.withdraw(subject, "sensitive_data", actor)
        with pytest.raises(ConsentRequired):
            act(lambda s: s.save_answer(member, public_id, "1", "1"))
        with pytest.raises(ConsentRequired):
            submit(member, public_id)
        assert begin(member, consent=CONSENT) == public_id

    def test_giving_up_forgets_the_answers(self, act, begin, member):
        public_id = begin(member)
        act(lambda s: s.save_answer(member, public_id, "1", "1"))
        act(lambda s: s.abandon(member, public_id))
        row = act(lambda s: s.answering.own(member, public_id))
        assert (row.state, row.sealed, row.open_key) == ("abandoned", None, None)
        with pytest.raises(SessionClosed):
            act(lambda s: s.save_answer(member, public_id, "1", "1"))
        with pytest.raises(IllegalTransition):
            act(lambda s: s.abandon(member, public_id))
        assert begin(member) != public_id

    def test_forgotten_sessions_are_given_up(self, house, act, begin, member, clock):
        public_id = begin(member)
        clock.shift(29 * 86400)
        tasks.close_forgotten(house)
        assert act(lambda s: s.answering.own(member, public_id)).state == "open"
        clock.shift(2 * 86400)
        tasks.close_forgotten(house)
        assert act(lambda s: s.answering.own(member, public_id)).state == "abandoned"
