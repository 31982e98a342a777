from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from suwen.accounts.services import accounts
from suwen.kernel.regions import DEFAULT_CODE
from suwen.questionnaires.errors import (
    AgeOutside,
    BeginRefused,
    NotOffered,
    SexDiffers,
)
from suwen.questionnaires.models import AnsweringSession

from .conftest import ADULT, CONSENT, SMALL, YUEYANG


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


def count(house, model, *where):
    with house.database.snapshot() as db:
        return db.scalar(select(func.count()).select_from(model).where(*where))


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
