"""Seats, claims, orders for many, what comes of them, and who sees a result."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from suwen.accounts.errors import ConsentRequired
from suwen.accounts.links import WrongPerson
from suwen.accounts.models import Member
from suwen.accounts.services import accounts
from suwen.archives.errors import AllReported, NobodyFits
from suwen.archives.models import ArchiveRecord
from suwen.archives.services import archives
from suwen.groups.access import groups_of, represents
from suwen.groups.errors import (
    BadPerson,
    InvitationOver,
    KnownPerson,
    LastOwner,
    NoPeople,
    NotYourself,
    TooManyPeople,
    WrongClaim,
)
from suwen.groups.models import GroupRecipient, GroupSeat
from suwen.groups.ordering import BulkWish
from suwen.groups.personal import GroupData
from suwen.groups.roster import Filters
from suwen.groups.services import claims, group, invitations
from suwen.kernel import clock
from suwen.kernel.audit import AuditEvent
from suwen.kernel.errors import Invalid, NotFound, TooMany
from suwen.orders.intents import Takings
from suwen.orders.placing import Checkout
from suwen.orders.services import orders
from suwen.places.models import CollectionPoint
from tests.fixtures_shop import OFFLINE, YUEYANG
from tests.unit.groups.conftest import LABORATORY
from tests.unit.payments import fakes

QUIET = {"synchronize_session": False}


def share(company, member_id, *, stop=False):
    """The member shares with the group, or stops."""

    def act(db):
        service = claims(company.house, db)
        (place,) = service.mine(member_id)
        if stop:
            service.stop_sharing(place.person_id, company.actor(member_id))
        else:
            about = service.about()
            who = company.actor(member_id)
            service.share(place.person_id, who, version=about.version, shown=about.text)

    company.run(act)


def recipient_of(company, order):
    """The only recipient of an order."""
    found, _more = company.act(lambda g: g.fulfilment.recipients(order.id))
    return found[0]


def opened(company, recipient, as_member):
    """The group opens the report."""
    return company.act(
        lambda g: g.sharing.open(recipient.id, company.actor(as_member), "zh_CN"), as_member
    )


# Who may act


def test_seats_and_nobody_else_act_for_a_group(company):
    assert company.act(lambda g: g.who.role) == "owner"
    assert company.act(lambda g: g.who.role, company.owner) == "owner"
    assert company.act(lambda g: g.who.role, company.staff) == "staff"
    for outsider in (company.stranger, company.other_group):
        with pytest.raises(NotFound):
            company.act(lambda g: g.who, outsider)


def test_a_removed_seat_ends_at_once(company):
    seat = company.run(
        lambda db: db.scalar(select(GroupSeat.id).where(GroupSeat.member_id == company.staff))
    )
    company.act(lambda g: g.seats.remove(seat, company.actor()))
    with pytest.raises(NotFound):
        company.act(lambda g: g.who, company.staff)
    assert not company.run(lambda db: represents(db, company.staff, company.group))


def test_a_disabled_group_is_nobodys(company):
    lock = update(Member).where(Member.id == company.group).values(state="locked")
    company.run(lambda db: db.execute(lock, execution_options=QUIET))
    for member in (company.group, company.owner, company.staff):
        with pytest.raises(NotFound):
            company.act(lambda g: g.who, member)
    assert company.run(lambda db: groups_of(db, company.owner)) == []


def test_staff_manage_no_seats_and_open_no_reports(company):
    for part in ("seats", "sharing"):
        with pytest.raises(NotFound):
            company.act(lambda g, p=part: getattr(g, p), company.staff)


def test_the_groups_own_account_stays_its_owner(company):
    for call in ("remove", "change"):
        arguments = {"remove": (), "change": ("staff",)}[call]
        with pytest.raises(LastOwner):
            company.act(
                lambda g, c=call, a=arguments: getattr(g.seats, c)(
                    company.group, *a, company.actor()
                )
            )


def test_an_invitation_is_for_whom_it_names_and_only_once(company):
    token = company.act(
        lambda g: g.seats.invite(
            "13900000005", "staff", company.actor(), region="4306", locale="zh_CN"
        )
    )

    def accept(member_id):
        return company.run(
            lambda db: invitations(company.house, db).accept(
                token, member_id, company.actor(member_id)
            )
        )

    with pytest.raises(NotYourself):
        accept(company.owner)
    assert accept(company.stranger) == company.group
    assert company.act(lambda g: g.who.role, company.stranger) == "staff"
    with pytest.raises(InvitationOver):
        accept(company.stranger)
    actions = company.run(
        lambda db: db.scalars(
            select(AuditEvent.action).where(AuditEvent.object_kind == "group_seat")
        ).all()
    )
    assert {"group.seat.invite", "group.seat.accept"} <= set(actions)


def test_an_old_invitation_and_one_taken_back_are_over(company):
    def invite():
        return company.act(
            lambda g: g.seats.invite(
                "13900000005", "owner", company.actor(), region="4306", locale="zh_CN"
            )
        )

    def open_(token):
        return company.run(lambda db: invitations(company.house, db).open(token))

    old, taken_back = invite(), invite()
    seat = open_(taken_back)[0].id
    company.act(lambda g: g.seats.remove(seat, company.actor()))
    past = update(GroupSeat).values(expires_at=clock.now() - timedelta(days=1))
    company.run(lambda db: db.execute(past, execution_options=QUIET))
    for token in (old, taken_back, "nothing"):
        with pytest.raises(InvitationOver):
            open_(token)


def test_an_unknown_role_is_refused(company):
    with pytest.raises(Invalid):
        company.act(
            lambda g: g.seats.invite(
                "13900000005", "boss", company.actor(), region="4306", locale="zh_CN"
            )
        )


# The roster


def test_people_are_found_by_their_whole_name(company):
    wanted = company.people[1]
    found, _more = company.act(lambda g: g.roster.page(Filters(name=wanted.facts.name)))
    assert [entry.id for entry in found] == [wanted.id]
    assert company.act(lambda g: g.roster.page(Filters(name="员工")))[0] == []


def test_lists_are_filtered_and_paged(company):
    department = company.people[0].facts.department
    assert company.act(lambda g: g.roster.count(Filters(department=department))) == 1
    company.claim(company.people[0], "13900000010")
    assert company.act(lambda g: g.roster.count(Filters(claimed=True))) == 1
    first, cursor = company.act(lambda g: g.roster.page(Filters(), limit=2))
    rest, end = company.act(lambda g: g.roster.page(Filters(), cursor, 2))
    assert [e.id for e in (*first, *rest)] == sorted((p.id for p in company.people), reverse=True)
    assert end is None


def test_another_groups_people_do_not_exist(company):
    entry = company.people[0]

    def look(db):
        theirs = group(company.house, db, company.other_group, company.other_group).roster
        assert theirs.page(Filters())[0] == []
        assert theirs.entries([entry.id]) == {}
        assert theirs.remove([entry.id], company.actor()) == []
        for call in (theirs.get, lambda key: theirs.renew_code(key, company.actor())):
            with pytest.raises(NotFound):
                call(entry.id)

    company.run(look)
    assert company.act(lambda g: g.roster.get(entry.id)).id == entry.id


def test_the_same_person_is_not_added_twice(company):
    with pytest.raises(KnownPerson):
        company.add(1)


def test_who_has_claimed_stays_who_he_is(company):
    company.claim(company.people[0], "13900000010")
    values = {"name": "别人", "birth_date": "1990-01-01"}
    with pytest.raises(BadPerson):
        company.act(lambda g: g.roster.update(company.people[0].id, values, company.actor()))


# Taking one's place


def test_a_claim_needs_code_name_and_birth_date(company):
    entry, member = company.people[0], company.site.member("13900000010")

    def claim(code, name, born):
        company.run(
            lambda db: claims(company.house, db).claim(
                code, member, name, born, company.actor(member)
            )
        )

    facts = entry.facts
    for code, name, born in (
        ("AAAAAAAAAAAA", facts.name, facts.birth_date),
        (entry.code, "别人", facts.birth_date),
        (entry.code, facts.name, facts.birth_date + timedelta(1)),
    ):
        with pytest.raises(WrongClaim):
            claim(code, name, born)
    claim(entry.code.lower(), facts.name, facts.birth_date)
    assert company.act(lambda g: g.roster.get(entry.id)).claimed_at is not None
    profile = company.run(lambda db: accounts(company.house, db).profiles.read(member))
    assert (profile.real_name, profile.birth_date) == (facts.name, facts.birth_date)
    with pytest.raises(WrongClaim):
        claim(entry.code, facts.name, facts.birth_date)


def test_guessing_is_limited(company):
    member, facts = company.site.member("13900000010"), company.people[0].facts

    def guess(db):
        service, who = claims(company.house, db), company.actor(member)
        for _ in range(10):
            with pytest.raises(WrongClaim):
                service.claim("AAAAAAAAAAAA", member, facts.name, facts.birth_date, who)
        with pytest.raises(TooMany):
            service.claim("AAAAAAAAAAAA", member, facts.name, facts.birth_date, who)

    company.run(guess)


def test_a_profile_that_says_something_else_is_not_overwritten(company):
    member, entry = company.site.member("13900000010"), company.people[0]
    company.run(
        lambda db: accounts(company.house, db).profiles.update(
            member, {"real_name": "王某", "birth_date": entry.facts.birth_date}
        )
    )
    with pytest.raises(WrongPerson):
        company.run(
            lambda db: claims(company.house, db).claim(
                entry.code, member, entry.facts.name, entry.facts.birth_date, company.actor(member)
            )
        )


def test_a_group_takes_no_place(company):
    entry = company.people[0]
    with pytest.raises(NotYourself):
        company.run(
            lambda db: claims(company.house, db).claim(
                entry.code,
                company.other_group,
                entry.facts.name,
                entry.facts.birth_date,
                company.actor(company.other_group),
            )
        )


# Orders for many


def test_one_order_for_many_with_a_recipient_each(company):
    order = company.order(*company.people)
    assert company.site.order(order.number).payable_fen == 3 * 129_900
    assert company.states(order) == ["assigned"] * 3
    company.site.pay(order)
    assert company.site.order(order.number).state == "paid"
    (summary,), _more = company.act(lambda g: g.fulfilment.page())
    assert (summary.people, summary.counts) == (3, {"assigned": 3})


def test_more_than_a_persons_quantity_can_be_ordered(company, monkeypatch):
    monkeypatch.setattr("suwen.catalog.lines.MAX_QUANTITY", 2)
    assert company.order(*company.people).payable_fen == 3 * 129_900


def test_a_second_click_finds_the_first_order(company):
    wish = BulkWish(company.site.sku, (company.people[0].id,), "on_site", point_id=YUEYANG)
    asked = Checkout(fakes.FAKE, "the-same-form")
    made = [
        company.act(lambda g: g.bulk_orders.place(wish, asked, company.actor())).number
        for _ in range(2)
    ]
    assert made[0] == made[1]
    order = company.site.order(made[0])
    assert company.states(order) == ["assigned"]


def test_people_of_another_roster_cannot_be_ordered_for(company):
    def order(db):
        theirs = group(company.house, db, company.other_group, company.other_group)
        theirs.bulk_orders.choose(Filters(), [company.people[0].id])

    with pytest.raises(NotFound):
        company.run(order)
    with pytest.raises(NoPeople):
        company.act(lambda g: g.bulk_orders.choose(Filters(name="没有"), None))


def test_one_order_is_bounded(company, monkeypatch):
    monkeypatch.setattr("suwen.groups.ordering.MAX_AT_ONCE", 2)
    with pytest.raises(TooManyPeople):
        company.act(lambda g: g.bulk_orders.choose(Filters(), None))
    with pytest.raises(TooManyPeople):
        company.order(*company.people)


def test_a_cancelled_order_is_nobodys(company):
    order = company.order(*company.people[:2])
    company.run(
        lambda db: orders(company.house, db).cancel(
            orders(company.house, db).get(order.number), company.actor()
        )
    )
    assert company.states(order) == ["cancelled"] * 2


def test_a_refunded_order_is_nobodys_any_more(company):
    order = company.bought(company.people[0])
    company.site.give_back(order)
    assert company.states(order) == ["cancelled"]


def test_what_a_counter_confirms_keeps_its_people(company):
    company.run(lambda db: company.house.switch.set_state(db, "4306", OFFLINE, "enabled"))
    assert company.run(lambda db: db.get(CollectionPoint, YUEYANG)) is not None
    keys = tuple(entry.id for entry in company.people)
    wish = BulkWish(company.site.sku, keys, "on_site", point_id=YUEYANG)
    intent = company.act(
        lambda g: g.bulk_orders.place(wish, Checkout(OFFLINE, "counter"), company.actor())
    )
    ((waiting, count),) = company.act(lambda g: g.fulfilment.waiting())
    assert (waiting.code, count) == (intent.code, 3)
    order = company.run(
        lambda db: orders(company.house, db).intents.confirm(
            intent.code, Takings(intent.payable_fen, "R-1"), LABORATORY
        )
    )
    assert company.states(order) == ["assigned"] * 3
    assert company.act(lambda g: g.fulfilment.waiting()) == []


# Reports


def test_a_report_reaches_its_person_and_only_him(company):
    first, second = company.people[:2]
    member = company.claim(first, "13900000010")
    other = company.claim(second, "13900000011")
    order = company.bought(first, second)
    company.consent(member)
    record = company.report(order, first.facts)
    assert record.member_id == member
    assert company.states(order) == ["reported", "assigned"]
    listed = company.run(lambda db: archives(company.house, db).page(member))[0]
    assert len(listed) == 1
    for nobody in (other, company.group, company.owner):
        assert company.run(lambda db, m=nobody: archives(company.house, db).page(m))[0] == []


def test_reports_of_two_people_of_one_line_do_not_replace_each_other(company):
    first, second = company.people[:2]
    members = [company.claim(first, "13900000010"), company.claim(second, "13900000011")]
    order = company.bought(first, second)
    for member, entry in zip(members, (first, second), strict=True):
        company.consent(member)
        company.report(order, entry.facts)
    rows = company.run(lambda db: db.scalars(select(ArchiveRecord)).all())
    assert {(row.state, row.version) for row in rows} == {("released", 1)}
    assert company.states(order) == ["reported", "reported"]


def test_a_claim_after_the_order_counts(company):
    entry = company.people[0]
    order = company.bought(entry)
    with pytest.raises(NobodyFits):
        company.report(order, entry.facts)
    member = company.claim(entry, "13900000010")
    with pytest.raises(ConsentRequired):
        company.report(order, entry.facts)
    company.consent(member)
    company.report(order, entry.facts)
    assert company.states(order) == ["reported"]


def test_a_report_of_somebody_else_is_refused(company):
    first, stranger = company.people[0], company.people[2]
    member = company.claim(first, "13900000010")
    company.consent(member)
    order = company.bought(first)
    with pytest.raises(NobodyFits):
        company.report(order, stranger.facts)
    assert company.run(lambda db: db.scalars(select(ArchiveRecord)).all()) == []


def test_a_line_has_no_more_people_than_were_paid_for(company):
    first, second = company.people[:2]
    member = company.claim(first, "13900000010")
    order = company.bought(first)
    company.consent(member)
    company.report(order, first.facts)
    other = company.claim(second, "13900000011")
    subject = company.consent(other)
    moved = update(GroupRecipient).values(subject_id=subject, person_id=second.id)
    company.run(lambda db: db.execute(moved, execution_options=QUIET))
    with pytest.raises(AllReported):
        company.report(order, second.facts)


def test_who_leaves_still_gets_his_report(company):
    entry = company.people[0]
    member = company.claim(entry, "13900000010")
    order = company.bought(entry)
    company.consent(member)
    company.run(lambda db: claims(company.house, db).leave(entry.id, company.actor(member)))
    assert company.run(lambda db: claims(company.house, db).mine(member)) == ()
    assert company.report(order, entry.facts).member_id == member


# Sharing


@pytest.fixture
def reported(company):
    """A person of the roster with a released report."""
    entry = company.people[0]
    member = company.claim(entry, "13900000010")
    order = company.bought(entry)
    company.consent(member)
    company.report(order, entry.facts)
    return member, order


def test_without_consent_nobody_of_the_group_reads(company, reported):
    _member, order = reported
    recipient = recipient_of(company, order)
    for who in (company.group, company.owner):
        with pytest.raises(NotFound):
            opened(company, recipient, who)
        found = company.act(lambda g: g.sharing.sharing([recipient.id]), who)
        assert found == set()


def test_with_consent_an_owner_reads_and_the_person_sees_who(company, reported):
    member, order = reported
    recipient = recipient_of(company, order)
    share(company, member)
    assert company.act(lambda g: g.sharing.sharing([recipient.id])) == {recipient.id}
    assert opened(company, recipient, company.owner).title == "营养代谢基因检测"
    accesses, _more = company.run(lambda db: archives(company.house, db).accesses(member))
    newest = accesses[0]
    name = company.run(lambda db: db.get(Member, company.owner).display_name)
    assert (newest.who, newest.action, newest.reason) == (name, "record.read", "清波公司")
    (item,), _cursor = company.run(lambda db: archives(company.house, db).page(member))
    assert item["is_new"], "the person himself has not read it"


def test_staff_and_other_groups_never_read(company, reported):
    member, order = reported
    share(company, member)
    recipient = recipient_of(company, order)
    with pytest.raises(NotFound):
        opened(company, recipient, company.staff)

    def by_another(db):
        theirs = group(company.house, db, company.other_group, company.other_group)
        theirs.sharing.open(recipient.id, company.actor(company.other_group), "zh_CN")

    with pytest.raises(NotFound):
        company.run(by_another)


def test_withdrawal_ends_it_at_once(company, reported):
    member, order = reported
    recipient = recipient_of(company, order)
    share(company, member)
    opened(company, recipient, company.owner)
    share(company, member, stop=True)
    with pytest.raises(NotFound):
        opened(company, recipient, company.owner)


def test_leaving_ends_sharing(company, reported):
    member, order = reported
    share(company, member)
    company.run(
        lambda db: claims(company.house, db).leave(company.people[0].id, company.actor(member))
    )
    with pytest.raises(NotFound):
        opened(company, recipient_of(company, order), company.owner)


def test_consent_to_one_group_is_none_to_another(company, reported):
    member, _order = reported
    share(company, member)
    subject = company.run(lambda db: accounts(company.house, db).subject_of(member))

    def has(db, audience):
        agreed = accounts(company.house, db).consents
        return agreed.has(subject, "group_results", audience=audience)

    assert company.run(lambda db: has(db, company.group))
    for other in (0, company.other_group):
        assert not company.run(lambda db, o=other: has(db, o))


def test_what_the_person_bought_himself_is_not_shared(company, reported):
    member, order = reported
    share(company, member)
    own = company.site.buy(member)
    facts = company.people[0].facts
    company.report(own, facts)
    assert len(company.run(lambda db: archives(company.house, db).page(member))[0]) == 2
    assert recipient_of(company, order).state == "reported"
    assert company.run(lambda db: len(db.scalars(select(GroupRecipient)).all())) == 1


# Personal data


def test_a_copy_of_ones_own_and_nobody_elses(company):
    member = company.claim(company.people[0], "13900000010")
    data = GroupData(company.house.vault)
    copy = company.run(lambda db: data.export(db, member))
    assert copy["places"][0]["name"] == company.people[0].facts.name
    assert company.run(lambda db: data.export(db, company.owner))["seats"][0]["role"] == "owner"
    whole = company.run(lambda db: data.export(db, company.group))
    assert whole["roster_people"] == 3
    assert company.people[1].facts.name not in str(whole)


def test_erasing_a_person_leaves_the_order_without_a_name(company):
    entry = company.people[0]
    member = company.claim(entry, "13900000010")
    order = company.bought(entry)
    data = GroupData(company.house.vault)
    for _ in range(2):
        company.run(lambda db: data.erase(db, member))
    assert recipient_of(company, order).facts.name == "—"
    assert company.act(lambda g: g.roster.count(Filters())) == 2


def test_erasing_a_group_forgets_its_people(company):
    order = company.bought(company.people[0])
    company.preview([["王五", "1990-01-01", "", "", "", "", ""]])
    data = GroupData(company.house.vault)
    company.run(lambda db: data.erase(db, company.group))
    assert recipient_of(company, order).facts.name == "—"
    assert company.act(lambda g: g.roster.totals().people) == 0
    with pytest.raises(NotFound):
        company.act(lambda g: g.who, company.staff)
