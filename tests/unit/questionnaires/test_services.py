from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import func, select

from suwen.accounts.errors import ConsentRequired
from suwen.kernel.audit import Actor
from suwen.kernel.regions import DEFAULT_CODE
from suwen.questionnaires.errors import (
    AgeOutside,
    FormChanged,
    FormOff,
    NotOffered,
    SexDiffers,
    SexRequired,
    SheetRefused,
)
from suwen.questionnaires.models import AnsweringSession, Result
from suwen.questionnaires.services import Submission, age_on

from .conftest import ADULT, GOOD, SMALL


def count(house, model, *where):
    with house.database.snapshot() as db:
        return db.scalar(select(func.count()).select_from(model).where(*where))


class TestSubmitting:
    def test_a_double_click_gives_the_same_result(self, house, begin, submit, member):
        public_id = begin(member)
        first = submit(member, public_id)
        again = submit(member, public_id, {1: 3, 2: 3, 3: 3})
        assert (again.id, again.public_id) == (first.id, first.public_id)
        assert count(house, Result) == 1

    def test_clicks_at_once_make_one_result(self, house, begin, submit, member):
        public_id, found, barrier = begin(member), [], threading.Barrier(4)

        def click():
            barrier.wait()
            found.append(submit(member, public_id).id)

        threads = [threading.Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert len(set(found)) == 1
        assert count(house, Result) == 1

    @pytest.mark.parametrize(
        ("answers", "items"),
        [
            ({}, {"1", "2", "3"}),
            ({1: 1, 2: 2}, {"3"}),
            ({**GOOD, 4: 1}, {"4"}),
            ({**GOOD, "59f": 1}, {"59f"}),
            ({**GOOD, 1: 0}, {"1"}),
            ({**GOOD, 1: 6}, {"1"}),
            ({**GOOD, 1: "x"}, {"1"}),
            ({**GOOD, 1: 2.0}, {"1"}),
            ({**GOOD, 1: True}, {"1"}),
            ({**GOOD, 1: None, 3: 9}, {"1", "3"}),
        ],
    )
    def test_a_sheet_is_complete_or_not_scored(self, house, begin, submit, member, answers, items):
        public_id = begin(member)
        with pytest.raises(SheetRefused) as refused:
            submit(member, public_id, answers)
        assert set(refused.value.fields) == {f"answers.{item}" for item in items}
        assert count(house, Result) == 0
        assert count(house, AnsweringSession, AnsweringSession.state == "open") == 1

    def test_the_scorer_gets_the_snapshot(self, house, begin, submit, member, small):
        public_id = begin(member)
        item = house.host.scorers.get("small")
        with house.database.transaction() as db:
            house.switch.store_settings(db, DEFAULT_CODE, item, {"min_age": 40})
        submit(member, public_id)
        sheet, settings = small.asked[-1]
        assert settings == {"min_age": 18}
        assert (sheet.sex, sheet.form_version) == ("female", "1")

    def test_draining_lets_open_sessions_finish(self, begin, submit, member, switch):
        public_id = begin(member)
        switch("draining")
        assert submit(member, public_id).form_code == SMALL

    def test_switched_off_it_waits(self, house, act, begin, submit, member, switch):
        public_id = begin(member)
        act(lambda s: s.save_answer(member, public_id, "1", "1"))
        switch("disabled")
        with pytest.raises(FormOff):
            submit(member, public_id)
        (waiting,) = act(lambda s: s.answering.unfinished(member))
        assert (waiting.answered, waiting.going_on) == (1, False)
        switch("enabled")
        assert submit(member, public_id)

    def test_another_version_of_the_form_is_not_scored(self, begin, submit, member, small):
        public_id = begin(member)
        small.become(wording_version="w2")
        with pytest.raises(FormChanged):
            submit(member, public_id)

    def test_a_corrected_scorer_scores_and_is_named(self, begin, submit, member, small):
        public_id = begin(member)
        small.become(version="1.1")
        assert submit(member, public_id).scorer_version == "1.1"

    def test_the_event_says_who_and_which_form_only(self, house, begin, submit, member):
        heard = []
        house.events.subscribe("questionnaire_scored", lambda db, event: heard.append(event))
        result = submit(member, begin(member))
        (event,) = heard
        assert event.data == {"result_id": result.id, "member_id": member, "form_code": SMALL}
        assert (event.key, event.region) == (f"questionnaire_scored:{result.id}", DEFAULT_CODE)

    def test_a_receiver_that_fails_undoes_it(self, house, begin, submit, member):
        def fail(db, event):
            raise RuntimeError

        house.events.subscribe("questionnaire_scored", fail)
        public_id = begin(member)
        with pytest.raises(RuntimeError):
            submit(member, public_id)
        assert count(house, Result) == 0
        assert count(house, AnsweringSession, AnsweringSession.state == "open") == 1

    def test_the_draft_is_gone_afterwards(self, act, begin, submit, member):
        public_id = begin(member)
        act(lambda s: s.save_answer(member, public_id, "1", "1"))
        submit(member, public_id)
        row = act(lambda s: s.answering.own(member, public_id))
        assert (row.state, row.sealed) == ("submitted", None)


class TestResponding:
    @pytest.fixture
    def respond(self, act):
        def run(member, form=SMALL, answers=GOOD, sex=None, region=DEFAULT_CODE, **more):
            actor = Actor("member", member)
            submission = Submission(answers, **more)
            return act(lambda s: s.respond(member, region, form, submission, actor, sex))

        return run

    def test_a_whole_sheet_at_once(self, house, respond, member, read):
        result = respond(member, answers={"1": 1, "2": 2, "3": 3})
        assert read(member, result.public_id).findings.answers == GOOD
        assert read(member, result.public_id).findings.flags == ()
        assert count(house, AnsweringSession, AnsweringSession.state == "submitted") == 1

    def test_it_finishes_the_open_session_even_when_draining(
        self, house, respond, begin, member, switch
    ):
        begin(member)
        switch("draining")
        respond(member)
        assert count(house, AnsweringSession) == 1
        with pytest.raises(NotOffered):
            respond(member)

    def test_consent_comes_first(self, respond, add_member):
        with pytest.raises(ConsentRequired):
            respond(add_member(sex="male", consent=False))

    def test_sex_is_required_and_then_kept(self, respond, add_member):
        who = add_member()
        with pytest.raises(SexRequired):
            respond(who)
        respond(who, sex="male")
        with pytest.raises(SexDiffers):
            respond(who, sex="female")

    def test_a_refused_sheet_leaves_no_session(self, house, respond, member):
        with pytest.raises(SheetRefused):
            respond(member, answers={1: 1})
        assert count(house, AnsweringSession) == 0

    def test_measures_reach_the_scorer(self, respond, member, small):
        respond(member, measures={"bmi": "21.5"})
        assert small.asked[-1][0].measures == {"bmi": "21.5"}

    def test_too_young(self, respond, add_member):
        with pytest.raises(AgeOutside):
            respond(add_member(sex="male", born="2012-01-01"))


class TestTheAdultForm:
    def test_a_real_sheet_is_scored(self, begin, submit, read, member):
        answers = dict.fromkeys(range(1, 61), 1)
        result = submit(member, begin(member, ADULT), answers)
        findings = read(member, result.public_id).findings
        assert findings.outcome.status == "balanced"
        assert next((s.raw, s.converted) for s in findings.outcome.scores) == (32, 75)
        assert findings.flags == ("uniform", "fast")  # the clock stands still
        assert "T157-2009" in result.standard

    def test_the_foreign_variant_cannot_enter(self, begin, submit, member):
        answers = dict.fromkeys(range(1, 61), 2)
        with pytest.raises(SheetRefused) as refused:
            submit(member, begin(member, ADULT), {**answers, 61: 2})
        assert list(refused.value.fields) == ["answers.61"]


def test_ages_are_completed_years():
    assert age_on(date(2026, 2, 28), date(2004, 2, 29)) == 21
    assert age_on(date(2026, 3, 1), date(2004, 2, 29)) == 22
    assert age_on(date(2026, 11, 24), date(2008, 11, 24)) == 18
