"""A report finds the person it names: the buyer, a child of his, or an adult who linked himself."""

from datetime import date
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from suwen.accounts.dependants import Details, dependants
from suwen.accounts.errors import ConsentRequired
from suwen.accounts.links import links
from suwen.accounts.services import accounts
from suwen.archives.errors import AllReported
from suwen.archives.matching import NEEDED_CONSENTS, judge
from suwen.archives.models import ArchiveRecord
from suwen.archives.services import archives, importing
from suwen.hookspecs.archive import Upload
from suwen.kernel.audit import Actor
from tests.reports import report

STAFF = Actor("staff", 700)
ME = ("王小明", date(1990, 5, 6))
CHILD = ("王小满", date(2019, 5, 6))
SPOUSE = ("李静", date(1991, 1, 2))


class Family:
    """A buyer with a child and a spouse, an order of two pieces."""

    def __init__(self, site):
        self.site, self.house = site, site.house
        self.me, self.spouse = site.member("13911120001"), site.member("13911120002")
        self.actor = Actor("member", self.me)
        name, born = ME
        self.run(
            lambda db: accounts(self.house, db).profiles.update(
                self.me, {"real_name": name, "birth_date": born}
            )
        )
        self.child = self.family(lambda d: d.add("child", Details(*CHILD), self.actor))
        self.partner = self.family(lambda d: d.add("spouse", Details(*SPOUSE), self.actor))
        self.order = site.buy(self.me, quantity=2)

    def run(self, what):
        return self.site.run(what)

    def family(self, what):
        return self.run(lambda db: what(dependants(self.house, db, self.me)))

    def agree(self, subject_id, *more, member=None):
        def give(db):
            for purpose in (*NEEDED_CONSENTS, *more):
                accounts(self.house, db).consents.give(
                    subject_id, purpose, Actor("member", member or self.me)
                )

        self.run(give)

    def own(self, member):
        return self.run(lambda db: accounts(self.house, db).subject_of(member))

    def take(self, name, born):
        def act(db):
            service = importing(self.house, db)
            upload = Upload("r.pdf", report(name, born.isoformat()))
            return service.import_report(service.target(self.order.number, None), upload, STAFF)

        return self.run(act)


@pytest.fixture
def family(site):
    return Family(site)


def test_a_childs_report_is_sealed_for_the_child(family):
    family.agree(family.child.subject_id, "guardian")
    record = family.take(*CHILD)
    assert (record.state, record.subject_id, record.member_id) == (
        "matched",
        family.child.subject_id,
        family.me,
    )
    family.run(
        lambda db: importing(family.house, db).release(
            importing(family.house, db).get(record.id), STAFF
        )
    )
    (item,), _more = family.run(lambda db: archives(family.house, db).page(family.me))
    assert item["person"] == "王小满"
    accesses, _cursor = family.run(lambda db: archives(family.house, db).accesses(family.me))
    assert "report.released" in [row.action for row in accesses]


@pytest.mark.parametrize("given", [(), NEEDED_CONSENTS, ("guardian",)])
def test_a_child_needs_the_guardian_and_all_three(family, given):
    def give(db):
        for purpose in given:
            accounts(family.house, db).consents.give(family.child.subject_id, purpose, family.actor)

    family.run(give)
    with pytest.raises(ConsentRequired):
        family.take(*CHILD)
    assert family.run(lambda db: db.scalars(select(ArchiveRecord)).all()) == []


def test_nobody_consents_for_an_adult(family):
    family.agree(family.partner.subject_id, "guardian")
    with pytest.raises(ConsentRequired):
        family.take(*SPOUSE)


def test_a_linked_adults_report_is_his_own(family):
    token = family.family(lambda d: d.link(family.partner.subject_id, family.actor))
    who = Actor("member", family.spouse)
    family.run(lambda db: links(family.house, db).accept(token, family.spouse, *SPOUSE, who))
    with pytest.raises(ConsentRequired):
        family.take(*SPOUSE)
    own = family.own(family.spouse)
    family.agree(own, member=family.spouse)
    record = family.take(*SPOUSE)
    assert (record.subject_id, record.member_id) == (own, family.spouse)


def test_somebody_elses_report_is_quarantined_under_the_buyer(family):
    family.agree(family.own(family.me))
    record = family.take("路人甲", date(1980, 1, 1))
    assert (record.state, record.member_id) == ("quarantined", family.me)


def test_a_removed_child_is_no_candidate(family):
    family.agree(family.child.subject_id, "guardian")
    family.agree(family.own(family.me))
    family.family(lambda d: d.remove(family.child.subject_id, family.actor))
    assert family.take(*CHILD).state == "quarantined"


def test_two_pieces_are_for_two_people_and_no_third(family):
    family.agree(family.own(family.me))
    family.agree(family.child.subject_id, "guardian")
    mine, childs = family.take(*ME), family.take(*CHILD)
    assert (mine.version, childs.version) == (1, 1)
    assert family.take(*ME).version == 2, "the same person again is a new version"
    sister = ("王小晴", date(2021, 1, 1))
    one = family.family(lambda d: d.add("child", Details(*sister), family.actor))
    family.agree(one.subject_id, "guardian")
    with pytest.raises(AllReported):
        family.take(*sister)


@pytest.mark.parametrize(
    ("parsed", "state"),
    [
        ({"name": "王 小明", "birth_date": "1990-05-06"}, "matched"),
        ({"name": "王小明", "birth_date": "19900506"}, "matched"),
        ({"name": "王小明"}, "quarantined"),
        ({"birth_date": "1990-05-06"}, "quarantined"),
        ({"name": "王小明", "birth_date": "1990-05-07"}, "quarantined"),
        ({}, "quarantined"),
    ],
)
def test_both_keys_must_agree(parsed, state):
    known = SimpleNamespace(real_name=ME[0], birth_date=ME[1])
    assert judge(parsed, known)[0] == state
