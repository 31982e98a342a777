from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import func, select

from suwen.accounts.errors import ConsentRequired
from suwen.accounts.services import accounts
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.errors import IllegalTransition, NotFound
from suwen.kernel.regions import DEFAULT_CODE
from suwen.questionnaires import tasks
from suwen.questionnaires.errors import (
    AgeOutside,
    BeginRefused,
    FormChanged,
    FormOff,
    NotOffered,
    SessionClosed,
    SexDiffers,
    SexRequired,
    SheetRefused,
)
from suwen.questionnaires.models import AnsweringSession, Result
from suwen.questionnaires.services import Submission, age_on, questionnaires

from .conftest import ADULT, CONSENT, GOOD, SMALL, YUEYANG


def count(house, model, *where):
    with house.database.snapshot() as db:
        return db.scalar(select(func.count()).select_from(model).where(*where))


class TestOffers:
    def test_a_region_offers_what_it_has_switched_on(self, act):
        def codes(region):
            return [offer.info.form_code for offer in act(lambda s: s.offered(region))]

        assert sorted(codes(DEFAULT_CODE)) == [SMALL, ADULT]
        assert codes(YUEYANG) == []

    def test_age_decides_when_it_is_known(self, act, add_member):
        def codes(born):
            who = add_member(born=born)
            found = act(lambda s: s.offered(DEFAULT_CODE, s.respondent(who)))
            return sorted(offer.info.form_code for offer in found)

        assert codes("2010-01-01") == []
        assert codes("2008-11-24") == [SMALL, ADULT]  # eighteen today
        assert codes("2008-11-25") == []
        assert codes("1946-11-24") == [SMALL, ADULT]  # eighty today
        assert codes("1945-11-24") == [ADULT]
        assert codes(None) == [SMALL, ADULT]

    def test_the_age_is_a_setting_but_never_under_fourteen(self, house, act, add_member):
        item = house.host.scorers.get("small")
        with house.database.transaction() as db:
            house.switch.store_settings(db, DEFAULT_CODE, item, {"min_age": 3})
        who = add_member(born="2013-11-24")
        assert [
            offer.min_age for offer in act(lambda s: s.offered(DEFAULT_CODE, s.respondent(who)))
        ] == []
        assert act(lambda s: s.offers.get(DEFAULT_CODE, SMALL)).min_age == 14

    def test_the_first_of_two_scorers_of_a_form_reads_it(self, house, act, small):
        rival = type(small)()
        rival.become(code="rival")
        house.host.scorers.add("scorer_ccmq", "rival", rival)
        found = act(lambda s: s.offers.get(DEFAULT_CODE, SMALL))
        assert found.info.code == "rival"  # same position, id first

    def test_an_unconfigured_scorer_is_not_offered(self, house, act, small):
        import colander

        class Needs(colander.Schema):
            key = colander.SchemaNode(colander.String())

        small.settings_schema = Needs
        assert [o.info.form_code for o in act(lambda s: s.offered(DEFAULT_CODE))] == [ADULT]


class TestBeginning:
    def test_nothing_begins_without_consent(self, house, begin, add_member):
        who = add_member(sex="male", consent=False)
        with pytest.raises(BeginRefused) as refused:
            begin(who)
        assert set(refused.value.fields) == {"consent"}
        assert count(house, AnsweringSession) == 0

    def test_an_old_text_is_no_consent(self, begin, add_member):
        with pytest.raises(BeginRefused) as refused:
            begin(add_member(sex="male", consent=False), consent="2020-01")
        assert "已更新" in refused.value.fields["consent"]

    def test_consent_and_sex_are_asked_together_and_kept(self, house, begin, add_member, act):
        who = add_member(consent=False)
        with pytest.raises(BeginRefused) as refused:
            begin(who)
        assert set(refused.value.fields) == {"consent", "sex"}
        begin(who, consent=CONSENT, sex="male")
        with house.database.transaction() as db:
            people = accounts(house, db)
            assert people.profiles.read(who).sex == "male"
            assert people.consents.has(people.subject_of(who), "sensitive_data")
        session = act(lambda s: s.answering.open_of(who, SMALL))
        assert act(lambda s: s.answering.draft(session)).sex == "male"

    @pytest.mark.parametrize("sex", ["", "other", None])
    def test_sex_is_never_guessed(self, begin, add_member, sex):
        with pytest.raises(BeginRefused) as refused:
            begin(add_member(), sex=sex)
        assert set(refused.value.fields) == {"sex"}

    def test_another_sex_than_the_profiles_is_refused(self, begin, member):
        with pytest.raises(SexDiffers):
            begin(member, sex="male")

    def test_too_young_or_too_old(self, begin, add_member):
        for born in ("2010-01-01", "1940-01-01"):
            with pytest.raises(AgeOutside):
                begin(add_member(sex="male", born=born))

    def test_two_clicks_begin_one_session(self, house, begin, member):
        assert begin(member) == begin(member)
        assert count(house, AnsweringSession) == 1

    def test_two_devices_at_once_begin_one_session(self, house, begin, member):
        found, barrier = [], threading.Barrier(4)

        def click():
            barrier.wait()
            found.append(begin(member))

        threads = [threading.Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert len(set(found)) == 1
        assert count(house, AnsweringSession) == 1

    def test_the_session_keeps_what_it_began_with(self, act, begin, member):
        public_id = begin(member)
        row = act(lambda s: s.answering.own(member, public_id))
        assert row.state == "open"
        assert (row.form_code, row.form_version, row.wording_version) == (SMALL, "1", "w1")
        assert (row.scorer_code, row.scorer_version) == ("small", "1.0")
        assert row.parameters == {"min_age": "18"}
        assert row.items == [1, 2, 3]
        assert len(row.public_id) == 20

    @pytest.mark.parametrize("state", ["draining", "disabled"])
    def test_off_or_draining_begins_nothing(self, begin, member, switch, state):
        switch(state)
        with pytest.raises(NotOffered):
            begin(member)

    def test_not_offered_in_another_region(self, begin, member):
        with pytest.raises(NotOffered):
            begin(member, region=YUEYANG)

    def test_a_changed_form_begins_anew(self, begin, member, small, house):
        first = begin(member)
        small.become(form_version="2")
        assert begin(member) != first
        assert count(house, AnsweringSession, AnsweringSession.state == "abandoned") == 1


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


def test_the_factory_needs_no_request(house, db_session):
    assert questionnaires(house, db_session).offered(DEFAULT_CODE)


@pytest.fixture
def db_session(house):
    with house.database.transaction() as db:
        yield db
