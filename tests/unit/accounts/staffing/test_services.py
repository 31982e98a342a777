"""Administrators: nobody gives what he does not hold, and only to those below himself."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from suwen.accounts.contacts import parse
from suwen.accounts.errors import AddressTaken
from suwen.accounts.models import Consent, Member
from suwen.accounts.people.errors import AboveYou, NotYourself
from suwen.accounts.people.rules import check_authority
from suwen.accounts.services import accounts
from suwen.accounts.staff import Staff, refuse_last
from suwen.accounts.staffing.errors import (
    BadBranch,
    BadRole,
    BeyondOwnRights,
    Circle,
    LastAdministrator,
    NotOneself,
    RolesApart,
    SomebodyElses,
)
from suwen.accounts.staffing.models import Role, StaffMember
from suwen.accounts.staffing.roles import RoleWish
from suwen.accounts.staffing.services import Wish
from suwen.kernel.audit import SYSTEM, AuditEvent
from suwen.kernel.errors import NotFound
from suwen.kernel.regions import UnknownRegion
from suwen.kernel.sessions import Device, WebSession, sessions


def manager(office, *roles, region="*", branch_id=0, below=None):
    """Somebody who manages staff, and holds these roles besides."""
    wishes = [Wish(role, region, branch_id) for role in (*roles, hiring(office))]
    return office.staff(*wishes, below=below)


def hiring(office):
    """A role that can do nothing but manage staff."""
    found = office.run(lambda db: db.scalar(select(Role.code).where(Role.title == "人事")))
    wish = RoleWish("人事", "", ("staff.staff",))
    return found or office.roles(None, lambda book, by: book.create(by, wish).code)


def test_an_administrator_makes_another_below_himself(office):
    top, new = office.administrator(), office.person()
    office.by(top, lambda s, by: s.appoint(by, new, "客服 李敏", Wish("customer_service", "4306")))
    assert office.grants(new) == [("customer_service", "4306", 0)]
    assert office.parent(new) == top
    office.by(top, lambda s, by: s.grant(by, new, Wish("finance")))
    assert len(office.grants(new)) == 2


def test_nobody_gives_what_he_does_not_hold(office):
    top = office.administrator()
    finance = manager(office, "finance", below=top)
    new = office.person()
    for role in ("catalog", "administrator", "customer_service"):
        with pytest.raises(BeyondOwnRights) as caught:
            office.by(finance, lambda s, by, r=role: s.appoint(by, new, "", Wish(r)))
        assert caught.value.missing
        assert "role" in caught.value.fields
    office.by(finance, lambda s, by: s.appoint(by, new, "", Wish("finance")))
    with pytest.raises(BeyondOwnRights):
        office.by(top, lambda s, by: s.appoint(by, new, "", Wish("auditor")))
    assert office.grants(new) == [("finance", "*", 0)]


def test_nobody_gives_more_places_than_he_has(office):
    local = manager(office, "cashier", region="4306")
    new = office.person()
    with pytest.raises(BeyondOwnRights):
        office.by(local, lambda s, by: s.appoint(by, new, "", Wish("cashier")))
    with pytest.raises(BeyondOwnRights):
        office.by(local, lambda s, by: s.appoint(by, new, "", Wish("cashier", "100000")))
    office.by(local, lambda s, by: s.appoint(by, new, "", Wish("cashier", "4306")))
    assert office.grants(new) == [("cashier", "4306", 0)]


def test_the_right_to_manage_counts_where_it_is_held(office):
    here = office.staff(Wish("finance"), Wish(hiring(office), "4306"))
    new = office.person()
    with pytest.raises(BeyondOwnRights):
        office.by(here, lambda s, by: s.appoint(by, new, "", Wish("finance")))
    office.by(here, lambda s, by: s.appoint(by, new, "", Wish("finance", "4306")))


def test_a_branch_bounds_what_its_staff_hold_and_give(office):
    branch = office.branch(allowed=("staff.orders", "staff.staff", "staff.members"))
    other = office.branch("CS", allowed=("staff.orders", "staff.staff"))
    head = office.staff(Wish("branch_administrator", "*", branch))
    assert office.held(head) == {
        (name, "*", branch) for name in ("staff.orders", "staff.staff", "staff.members")
    }
    new = office.person()
    office.by(head, lambda s, by: s.appoint(by, new, "", Wish("sampling", "*", branch)))
    assert office.held(new) == {("staff.orders", "*", branch)}
    for wish in (Wish("sampling"), Wish("sampling", "*", other), Wish("sampling", "4306")):
        with pytest.raises(BeyondOwnRights):
            office.by(head, lambda s, by, w=wish: s.grant(by, new, w))
    with pytest.raises(BadRole):
        office.by(head, lambda s, by: s.grant(by, new, Wish("finance_typo", "*", branch)))


def test_some_roles_and_places_do_not_fit(office):
    top, new = office.administrator(), office.person()
    branch = office.branch(allowed=("staff.orders",), regions=("4306",))
    closed = office.branch("OLD")
    office.branches(None, lambda book, by: book.close(by, closed, 1))
    for wish, error in (
        (Wish("branch_administrator"), BadBranch),
        (Wish("sampling", "*", closed), BadBranch),
        (Wish("sampling", "*", 12345), BadBranch),
        (Wish("sampling", "100000", branch), BadBranch),
        (Wish("finance", "9999"), UnknownRegion),
        (Wish("catalog", "*", branch), BadRole),
        (Wish("emperor"), BadRole),
    ):
        with pytest.raises(error):
            office.by(top, lambda s, by, w=wish: s.appoint(by, new, "", w))
    assert office.grants(new) == []
    assert office.parent(new) is None


def test_others_people_are_left_alone(office):
    top = office.administrator()
    left, right = office.administrator(below=top), office.administrator(below=top)
    lefts = office.staff("finance", below=left)
    for what in (
        lambda s, by: s.grant(by, lefts, Wish("catalog")),
        lambda s, by: s.revoke(by, lefts, office.grant_id(lefts)),
        lambda s, by: s.entitle(by, lefts, "别人"),
        lambda s, by: s.move(by, lefts, right),
        lambda s, by: s.dismiss(by, lefts),
        lambda s, by: s.revoke(by, top, office.grant_id(top)),
        lambda s, by: s.dismiss(by, left),
    ):
        with pytest.raises(NotFound):
            office.by(right, what)
    with pytest.raises(SomebodyElses):
        office.by(right, lambda s, by: s.appoint(by, lefts, "", Wish("catalog")))
    office.by(top, lambda s, by: s.revoke(by, lefts, office.grant_id(lefts)))
    assert office.grants(lefts) == []


def test_nobody_touches_himself(office):
    top = office.administrator()
    below = office.administrator(below=top)
    for what in (
        lambda s, by: s.grant(by, below, Wish("finance")),
        lambda s, by: s.appoint(by, below, "", Wish("finance")),
        lambda s, by: s.revoke(by, below, office.grant_id(below)),
        lambda s, by: s.dismiss(by, below),
        lambda s, by: s.move(by, below, top),
    ):
        with pytest.raises(NotOneself):
            office.by(below, what)


def test_who_may_not_manage_or_is_locked_or_has_no_second_factor_does_nothing(office):
    top, new = office.administrator(), office.person()
    clerk = office.staff("finance", below=top)
    bare = office.staff("administrator", below=top, totp=False)
    locked = office.administrator(below=top)

    def lock(db):
        db.get_one(Member, locked).state = "locked"

    office.run(lock)
    for nobody in (clerk, bare, locked, office.person()):
        with pytest.raises(NotFound):
            office.by(nobody, lambda s, by: s.appoint(by, new, "", Wish("finance")))
    assert office.grants(new) == []


def test_only_persons_who_are_active_become_staff(office):
    top = office.administrator()
    for member_id in (office.person("group"), 4711):
        with pytest.raises(NotFound):
            office.by(top, lambda s, by, m=member_id: s.appoint(by, m, "", Wish("finance")))


def test_the_last_platform_administrator_stays(office):
    top = office.administrator()
    second = office.administrator(below=top)
    with pytest.raises(LastAdministrator):
        # One that cannot sign in does not count.
        office.run(lambda db: setattr(db.get_one(Member, top), "state", "locked"))
        office.by(None, lambda s, by: s.revoke(by, second, office.grant_id(second)))
    office.run(lambda db: setattr(db.get_one(Member, top), "state", "active"))
    office.run(lambda db: refuse_last(db, second))
    office.by(top, lambda s, by: s.dismiss(by, second))
    with pytest.raises(LastAdministrator):
        office.run(lambda db: refuse_last(db, top))
    with pytest.raises(LastAdministrator):
        office.by(None, lambda s, by: s.dismiss(by, top))
    assert office.grants(top) == [("administrator", "*", 0)]


def test_locking_follows_the_tree(office):
    top = office.administrator()
    left, right = office.administrator(below=top), office.administrator(below=top)
    clerk, member = office.staff("finance", below=left), office.person()
    office.run(lambda db: check_authority(db, left, clerk))
    office.run(lambda db: check_authority(db, right, member))
    office.run(lambda db: check_authority(db, None, clerk))
    for who, whom, error in ((right, clerk, AboveYou), (left, left, NotYourself)):
        with pytest.raises(error):
            office.run(lambda db, a=who, b=whom: check_authority(db, a, b))


def test_the_tree_stays_a_tree(office):
    top = office.administrator()
    left = office.administrator(below=top)
    leaf = office.administrator(below=left)
    for parent in (left, leaf):
        with pytest.raises(Circle):
            office.by(top, lambda s, by, p=parent: s.move(by, left, p))
    office.by(top, lambda s, by: s.move(by, leaf, top))
    assert office.parent(leaf) == top
    office.by(top, lambda s, by: s.move(by, left, leaf))
    assert office.parent(left) == leaf


def test_nobody_is_moved_below_one_who_holds_less(office):
    top = office.administrator()
    finance = manager(office, "finance", below=top)
    rich, poor = office.staff("catalog", below=top), office.staff("finance", below=top)
    with pytest.raises(BeyondOwnRights):
        office.by(top, lambda s, by: s.move(by, rich, finance))
    office.by(top, lambda s, by: s.move(by, poor, finance))
    assert office.parent(poor) == finance


def test_dismissing_hands_down_what_he_had(office):
    top = office.administrator()
    middle = office.administrator(below=top)
    leaf = office.staff("finance", below=middle)
    wish = RoleWish("门店客服", "", ("staff.orders",))
    code = office.roles(middle, lambda book, by: book.create(by, wish).code)
    office.by(top, lambda s, by: s.dismiss(by, middle))
    assert office.grants(middle) == []
    assert office.parent(leaf) == top
    assert office.roles(top, lambda book, by: book.get(code).owner_id) == top


def test_audit_stays_apart(office):
    auditor = office.staff("auditor")
    with pytest.raises(RolesApart):
        office.run(
            lambda db: Staff(db, sessions(office.house.settings, db), office.house.audit).grant(
                auditor, "finance", SYSTEM
            )
        )
    assert office.grants(auditor) == [("auditor", "*", 0)]


def test_a_new_address_gets_an_account_without_password_or_consent(office, house):
    top = office.administrator()
    contact = parse("new@clinic.example")
    made = office.by(top, lambda s, by: s.invite(by, contact, "前台 王芳", Wish("cashier")))
    assert office.grants(made) == [("cashier", "*", 0)]
    with house.database.snapshot() as db:
        assert accounts(house, db).find("new@clinic.example") == made
        member = db.get_one(Member, made)
        assert member.password_hash is None
        assert member.display_name == "n***@clinic.example"
        assert db.scalars(select(Consent).where(Consent.member_id == made)).all() == []
    with pytest.raises(AddressTaken):
        office.by(top, lambda s, by: s.invite(by, contact, "", Wish("cashier")))


def test_every_change_is_told_and_ends_sessions(office, house):
    top = office.administrator()
    clerk = office.staff("cashier", below=top)

    def sign_in(db):
        return sessions(house.settings, db).open(clerk, Device())[0].id

    session_id = office.run(sign_in)
    office.by(top, lambda s, by: s.grant(by, clerk, Wish("finance", "4306")))
    with house.database.snapshot() as db:
        assert db.get_one(WebSession, session_id).revoked_at is not None
        event = db.scalars(
            select(AuditEvent)
            .where(AuditEvent.action == "role.grant", AuditEvent.actor_id == top)
            .order_by(AuditEvent.id.desc())
        ).first()
        assert (event.object_id, event.region) == (str(clerk), "4306")
        told = house.audit.details(event)
    assert told == {
        "before": ["cashier * -"],
        "after": ["cashier * -", "finance 4306 -"],
    }


def test_who_holds_a_role_without_a_place_is_nobodys_to_take(office, house):
    chief, other = office.administrator(), office.administrator()
    with house.database.transaction() as db:
        db.execute(delete(StaffMember).where(StaffMember.member_id == other))
    with pytest.raises(SomebodyElses):
        office.by(chief, lambda s, a: s.appoint(a, other, "", Wish("finance")))
