"""What of a group's people is left: after they are taken off, after a merge, after an erasure."""

import pytest
from sqlalchemy import event, select

from suwen.accounts.people.merging import Merging
from suwen.accounts.services import accounts
from suwen.groups.personal import GroupData
from suwen.groups.services import claims
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.errors import NotFound
from tests.unit.groups.test_services import opened, recipient_of, reported, share  # noqa: F401

STAFF = Actor("staff", 700)


def merge(company, source, target):
    company.run(
        lambda db: Merging(company.house, db).merge(source, target, "同一个人", str(target), STAFF)
    )


def mine(company, member):
    return company.run(lambda db: claims(company.house, db).mine(member))


def test_who_is_taken_off_shares_nothing_any_more(company, reported):  # noqa: F811
    member, order = reported
    share(company, member)
    recipient = recipient_of(company, order)
    opened(company, recipient, company.owner)
    company.act(lambda g: g.roster.remove([company.people[0].id], company.actor()))
    assert company.act(lambda g: g.sharing.sharing([recipient.id])) == set()
    with pytest.raises(NotFound):
        opened(company, recipient, company.owner)


def test_who_comes_back_is_asked_anew(company, reported):  # noqa: F811
    member, order = reported
    share(company, member)
    entry = company.people[0]
    company.act(lambda g: g.roster.remove([entry.id], company.actor()))
    again = company.add(1)
    facts = again.facts
    company.run(
        lambda db: claims(company.house, db).claim(
            again.code, member, facts.name, facts.birth_date, company.actor(member)
        )
    )
    (place,) = mine(company, member)
    assert not place.shares
    with pytest.raises(NotFound):
        opened(company, recipient_of(company, order), company.owner)


def test_a_merge_asks_anew_and_loses_no_report(company, reported):  # noqa: F811
    member, order = reported
    share(company, member)
    waiting = company.bought(company.people[0])
    target = company.site.member("13900000020")
    company.run(
        lambda db: accounts(company.house, db).profiles.update(
            target, {"birth_date": company.people[0].facts.birth_date}
        )
    )
    merge(company, member, target)

    (place,) = mine(company, target)
    assert not place.shares
    for known in (order, waiting):
        with pytest.raises(NotFound):
            opened(company, recipient_of(company, known), company.owner)
    company.consent(target)
    assert company.report(waiting, company.people[0].facts).member_id == target
    recipient = recipient_of(company, waiting)
    assert recipient.state == "reported"
    share(company, target)
    assert mine(company, target)[0].shares
    assert opened(company, recipient, company.owner)
    share(company, target, stop=True)
    with pytest.raises(NotFound):
        opened(company, recipient, company.owner)


def test_no_name_is_left_in_the_log_after_an_erasure(company):
    entry = company.people[0]
    values = {"name": entry.facts.name, "birth_date": "1991-02-03"}
    company.act(lambda g: g.roster.update(entry.id, values, company.actor()))
    entry = company.act(lambda g: g.roster.get(entry.id))
    member = company.claim(entry, "13900000010")
    subject = company.run(lambda db: accounts(company.house, db).subject_of(member))
    company.house.vault.destroy(subject)
    company.run(lambda db: GroupData(company.house.vault).erase(db, member))

    def told(db):
        events = db.scalars(select(AuditEvent).where(AuditEvent.subject_id.is_(None)))
        return [str(company.house.audit.details(one)) for one in events]

    left = [text for text in company.run(told) if entry.facts.name in text]
    assert left == []


def test_erasing_a_group_asks_as_often_for_many_as_for_few(company):
    company.bought(*company.people)
    statements = []
    engine = company.house.database.engine

    def count(_conn, _cursor, statement, *_more):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        company.run(lambda db: GroupData(company.house.vault).erase(db, company.group))
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert sum("UPDATE group_recipient" in text for text in statements) == 1
