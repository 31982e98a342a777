"""Dependants: sealed, the member's alone, children by a guardian, adults by themselves."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from suwen.accounts.dependants import (
    AdultDecides,
    Details,
    IsLinked,
    NotAdult,
    SamePerson,
    TooManyDependants,
    adult_age,
    dependants,
    require_guardian,
)
from suwen.accounts.links import LinkOver, WrongPerson, links
from suwen.accounts.models import Subject
from suwen.accounts.persons import age_on, same_person
from suwen.accounts.services import accounts
from suwen.kernel import clock
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.errors import Invalid, NotFound

CHILD = Details("林小满", date(2019, 5, 6), "female")
PARENT = Details("林建国", date(1962, 3, 4), "male")


@pytest.fixture
def family(site):
    """Somebody with a child and a parent."""

    class Family:
        me = site.member("13911110001")
        stranger = site.member("13911110002")
        actor = Actor("member", me)

        def act(self, what, member_id=None):
            return site.run(lambda db: what(dependants(site.house, db, member_id or self.me)))

        def links(self, what):
            return site.run(lambda db: what(links(site.house, db)))

        def run(self, what):
            return site.run(what)

        house = site.house

    made = Family()
    made.child = made.act(lambda d: d.add("child", CHILD, made.actor))
    made.parent = made.act(lambda d: d.add("parent", PARENT, made.actor))
    return made


def test_a_child_is_a_minor_and_a_parent_is_not(family):
    child, parent = family.act(lambda d: d.all())
    assert (child.name, child.is_minor, child.sex) == ("林小满", True, "female")
    assert (parent.name, parent.is_minor, parent.is_linked) == ("林建国", False, False)


@pytest.mark.parametrize("name", ["get", "remove"])
def test_another_members_dependants_do_not_exist(family, name):
    assert family.act(lambda d: d.all(), family.stranger) == []
    arguments = {"get": (), "remove": (family.actor,)}[name]
    with pytest.raises(NotFound):
        family.act(lambda d: getattr(d, name)(family.child.subject_id, *arguments), family.stranger)
    with pytest.raises(NotFound):
        family.act(
            lambda d: d.update(family.child.subject_id, "child", PARENT, family.actor),
            family.stranger,
        )


def test_oneself_is_no_dependant(family):
    own = family.run(lambda db: accounts(family.house, db).subject_of(family.me))
    with pytest.raises(NotFound):
        family.act(lambda d: d.get(own))


def test_the_database_holds_no_name(family):
    rows = family.run(lambda db: repr(db.execute(select(Subject.__table__)).all()))
    assert "林小满" not in rows
    assert "2019" not in rows


def test_the_same_person_is_not_added_twice(family):
    again = Details("林 小满", CHILD.birth_date)
    with pytest.raises(SamePerson):
        family.act(lambda d: d.add("other", again, family.actor))
    family.run(
        lambda db: accounts(family.house, db).profiles.update(
            family.me, {"real_name": "林晓禾", "birth_date": date(1992, 4, 18)}
        )
    )
    with pytest.raises(SamePerson):
        family.act(lambda d: d.add("spouse", Details("林晓禾", date(1992, 4, 18)), family.actor))


def test_an_unknown_relation_is_refused(family):
    for relation in ("self", "boss", ""):
        with pytest.raises(Invalid):
            family.act(
                lambda d, r=relation: d.add(r, Details("王某", date(2020, 1, 1)), family.actor)
            )


def test_families_are_bounded(family, monkeypatch):
    monkeypatch.setattr("suwen.accounts.dependants.MAX_DEPENDANTS", 2)
    with pytest.raises(TooManyDependants):
        family.act(lambda d: d.add("other", Details("王某", date(2020, 1, 1)), family.actor))


def test_changes_are_written_down_and_read_back(family):
    changed = Details("林满满", date(2019, 5, 7), None)
    family.act(lambda d: d.update(family.child.subject_id, "child", changed, family.actor))
    assert family.act(lambda d: d.get(family.child.subject_id)).name == "林满满"
    events = family.run(
        lambda db: db.scalars(
            select(AuditEvent.action).where(AuditEvent.subject_id == family.child.subject_id)
        ).all()
    )
    assert set(events) == {"dependant.add", "dependant.change"}


def test_removal_withdraws_what_was_agreed_and_keeps_the_name(family):
    subject_id = family.child.subject_id

    def agree(db):
        consents = accounts(family.house, db).consents
        for purpose in ("guardian", "testing"):
            consents.give(subject_id, purpose, family.actor)

    family.run(agree)
    family.act(lambda d: d.remove(subject_id, family.actor))
    assert [one.name for one in family.act(lambda d: d.all())] == ["林建国"]
    assert "林小满" in [one.name for one in family.act(lambda d: d.all(removed=True))]
    for purpose in ("guardian", "testing"):
        given = family.run(
            lambda db, p=purpose: accounts(family.house, db).consents.has(subject_id, p)
        )
        assert not given


def test_a_guardian_decides_for_children_only(family):
    def subject(db, one):
        return db.get(Subject, one.subject_id)

    family.run(lambda db: require_guardian(family.house, db, subject(db, family.child)))
    with pytest.raises(AdultDecides):
        family.run(lambda db: require_guardian(family.house, db, subject(db, family.parent)))


def test_an_adult_takes_his_place_by_the_link(family):
    token = family.act(lambda d: d.link(family.parent.subject_id, family.actor))
    family.links(
        lambda s: s.accept(
            token, family.stranger, "林建国", PARENT.birth_date, Actor("member", family.stranger)
        )
    )
    linked = family.act(lambda d: d.get(family.parent.subject_id))
    own = family.run(lambda db: accounts(family.house, db).subject_of(family.stranger))
    assert linked.linked_id == own
    profile = family.run(lambda db: accounts(family.house, db).profiles.read(family.stranger))
    assert (profile.real_name, profile.birth_date) == ("林建国", PARENT.birth_date)
    with pytest.raises(IsLinked):
        family.act(lambda d: d.update(linked.subject_id, "parent", PARENT, family.actor))
    with pytest.raises(LinkOver):
        family.links(lambda s: s.open(token))
    ((subject_id, relation, _who),) = family.links(lambda s: s.places(family.stranger))
    assert (subject_id, relation) == (linked.subject_id, "parent")
    family.links(lambda s: s.leave(subject_id, family.stranger, Actor("member", family.stranger)))
    assert family.act(lambda d: d.get(subject_id)).linked_id is None


def test_a_wrong_name_or_day_opens_nothing(family):
    token = family.act(lambda d: d.link(family.parent.subject_id, family.actor))
    actor = Actor("member", family.stranger)
    for name, born in (("林建军", PARENT.birth_date), ("林建国", PARENT.birth_date + timedelta(1))):
        with pytest.raises(WrongPerson):
            family.links(lambda s, n=name, b=born: s.accept(token, family.stranger, n, b, actor))
    assert family.act(lambda d: d.get(family.parent.subject_id)).linked_id is None


def test_a_link_is_for_adults_and_only_the_newest_counts(family):
    with pytest.raises(NotAdult):
        family.act(lambda d: d.link(family.child.subject_id, family.actor))
    old = family.act(lambda d: d.link(family.parent.subject_id, family.actor))
    family.act(lambda d: d.link(family.parent.subject_id, family.actor))
    with pytest.raises(LinkOver):
        family.links(lambda s: s.open(old))


def test_nobody_takes_a_place_in_his_own_family(family):
    token = family.act(lambda d: d.link(family.parent.subject_id, family.actor))
    with pytest.raises(LinkOver):
        family.links(
            lambda s: s.accept(token, family.me, "林建国", PARENT.birth_date, family.actor)
        )


@pytest.mark.parametrize(
    ("settings", "age"),
    [({}, 18), ({"adult_age": 16}, 16), ({"adult_age": 12}, 18), ({"adult_age": "16"}, 18)],
)
def test_the_age_is_a_setting_within_the_law(settings, age):
    assert adult_age(settings) == age


def test_full_years():
    assert age_on(date(2004, 2, 29), date(2022, 2, 28)) == 17
    assert age_on(date(2004, 2, 29), date(2022, 3, 1)) == 18
    assert age_on(date(2008, 11, 24), date(2026, 11, 24)) == 18


def test_who_is_who():
    assert same_person("欧阳·静怡", "1991-03-08", "欧阳静怡", date(1991, 3, 8))
    assert not same_person("", None, "", None)
    assert not same_person("王明", None, "王明", None)


def test_whoever_is_eighteen_today_is_an_adult(family):
    today = clock.today()
    born = today.replace(year=today.year - 18)
    grown = family.act(lambda d: d.add("child", Details("林成年", born), family.actor))
    young = family.act(
        lambda d: d.add("child", Details("林未成", born + timedelta(1)), family.actor)
    )
    assert (grown.is_minor, young.is_minor) == (False, True)
