from datetime import timedelta

import pytest
from sqlalchemy import select

from suwen.accounts.directory import directory
from suwen.accounts.identity import of_browser
from suwen.accounts.models import Member
from suwen.accounts.roles import ROLES, permissions_of
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM
from suwen.kernel.sessions import Device, WebSession, sessions


@pytest.fixture
def whose(house):
    def ask(token):
        with house.database.snapshot() as db:
            return of_browser(db, sessions(house.settings, db), token)

    return ask


def signed_in(act, member_id):
    return act(lambda s: s.open_browser_session(member_id, Device()))


def test_a_member_holds_member_and_nothing_else(act, join, whose):
    identity = whose(signed_in(act, join()))
    assert identity.permissions == {"member", "member.private", "member.agree"}
    assert not identity.is_staff
    assert not identity.elevated


def test_staff_without_second_factor_hold_no_staff_permission(act, join, whose):
    member_id = join()
    act(lambda s: s.staff.grant(member_id, "finance", SYSTEM))
    identity = whose(signed_in(act, member_id))
    assert identity.permissions == {"member", "member.private", "member.agree"}
    assert identity.needs_totp


def test_roles_add_up_and_regions_bound_them(act, join, whose):
    member_id = join()
    act(lambda s: s.staff.grant(member_id, "finance", SYSTEM))
    act(lambda s: s.staff.grant(member_id, "cashier", SYSTEM, region="4306"))
    act(lambda s: s.totp.set_secret(member_id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
    identity = whose(signed_in(act, member_id))
    assert {"staff", "staff.finance", "staff.cashier"} <= identity.permissions
    assert identity.may("staff.finance", "100000")
    assert identity.may("staff.cashier", "4306")
    assert not identity.may("staff.cashier", "100000")
    assert identity.may("staff.cashier")
    assert not identity.may("staff.audit")


def test_who_acts_for_a_member_holds_nothing_private_and_no_staff_permission(
    act, join, whose, house
):
    member_id, clerk_id = join(), join("13900000077")
    for one, role in ((member_id, "finance"), (clerk_id, "customer_service")):
        act(lambda s, key=one, name=role: s.staff.grant(key, name, SYSTEM))
        act(lambda s, key=one: s.totp.set_secret(key, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
    token = signed_in(act, member_id)
    with house.database.transaction() as db:
        session = db.scalars(select(WebSession).where(WebSession.member_id == member_id)).one()
        session.impersonator_id = clerk_id
        session.elevated_until = clock.now() + timedelta(minutes=5)
    identity = whose(token)
    assert identity.permissions == {"member"}
    assert identity.impersonator_id == clerk_id
    assert not identity.elevated
    assert not identity.needs_totp


def test_a_locked_member_is_nobody(act, join, whose, house):
    member_id = join()
    token = signed_in(act, member_id)
    with house.database.transaction() as db:
        db.get_one(Member, member_id).state = "locked"
    assert whose(token) is None


def test_the_auditor_reads_the_log_only_and_nobody_else_does():
    assert permissions_of(["auditor"]) == {"staff", "staff.audit"}
    for role in ROLES:
        if role != "auditor":
            assert "staff.audit" not in permissions_of([role])
    assert permissions_of(["emperor"]) == frozenset()


def test_the_directory_finds(house, join, act):
    member_id = join()
    act(lambda s: s.staff.grant(member_id, "cashier", SYSTEM))
    with house.database.snapshot() as db:
        found = directory(house, db)
        assert found.find("138 1234 5678") == member_id
        assert found.find("13912345678") is None
        assert found.acting_as("13812345678").may("staff.cashier", "4306")
        assert found.acting_as("13912345678") is None
        assert house.ports["addresses"](db, member_id, "phone") == ["+8613812345678"]
        assert house.ports["addresses"](db, member_id, "email") == []
