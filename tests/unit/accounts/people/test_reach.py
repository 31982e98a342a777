"""How far somebody of the staff reaches: no longer than he is staff, no wider than he is given."""

import pytest
from sqlalchemy import select, update

from suwen.accounts.models import Member
from suwen.accounts.people import bulk
from suwen.accounts.people.models import MemberBulk
from suwen.accounts.staff import Staff
from suwen.accounts.staffing.models import StaffGrant
from suwen.kernel import ids
from suwen.kernel.audit import SYSTEM
from suwen.kernel.sessions import sessions
from tests.unit.accounts.people.test_acting import act
from tests.unit.accounts.people.test_bulk import chosen, tags

BALANCE = "冻结"
QUIET = {"synchronize_session": False}


def lock(desk, clerk):
    row = update(Member).where(Member.id == clerk.id).values(state="locked")
    desk.site.run(lambda db: db.execute(row, execution_options=QUIET))


def revoke(desk, clerk):
    def take(db):
        hand = Staff(db, sessions(desk.site.house.settings, db), desk.site.house.audit)
        hand.revoke_grant(clerk.id, "customer_service", SYSTEM)

    desk.site.run(take)


def forget_second_factor(desk, clerk):
    row = update(Member).where(Member.id == clerk.id).values(totp_confirmed_at=None)
    desk.site.run(lambda db: db.execute(row, execution_options=QUIET))


def signed_out(clerk):
    return "/sign-in" in (clerk.app.get("/orders", status="*").location or "")


@pytest.mark.parametrize("end", [lock, revoke, forget_second_factor])
def test_acting_ends_with_the_right_to_act(desk, end):
    clerk, member_id = desk.clerk("customer_service"), desk.member("欧阳明日")
    act(clerk, member_id)
    assert clerk.app.get("/orders").status_int == 200
    end(desk, clerk)
    assert signed_out(clerk)


def test_acting_ends_where_the_member_is_given_to_others(desk):
    branch, other = desk.branch("AA"), desk.branch("BB")
    clerk = desk.clerk("customer_service", branch=branch)
    member_id = desk.member("欧阳明日", branch=branch)
    act(clerk, member_id)
    assert clerk.app.get("/orders").status_int == 200
    row = update(Member).where(Member.id == member_id).values(branch_id=other)
    desk.site.run(lambda db: db.execute(row, execution_options=QUIET))
    assert signed_out(clerk)


def test_a_bulk_action_stops_with_the_right_to_it(desk, site, monkeypatch):
    monkeypatch.setattr(bulk, "STEP", 1)
    clerk = desk.clerk("customer_service")
    people = [desk.member("张一"), desk.member("王二"), desk.member("李三")]
    form = clerk.form(chosen(clerk, "tag", people), "/bulk/begin")
    form["label"] = "回访"
    form.submit()
    assert tags(site) == []
    revoke(desk, clerk)
    run = site.run(lambda db: db.scalars(select(MemberBulk)).one())
    bulk.carry_out(site.house, {"id": run.id})
    assert tags(site) == []
    assert site.run(lambda db: db.get(MemberBulk, run.id).state) == "stopped"


def test_panels_follow_where_their_permission_is_held(desk, site):
    clerk = desk.clerk("customer_service")

    def more(db):
        db.add(StaffGrant(id=ids.new_id(), member_id=clerk.id, role="finance", region="4306"))

    site.run(more)
    inside, outside = desk.member("张一"), desk.member("王二", region="1101")
    assert BALANCE in clerk.app.get(f"/admin/members/{inside}").text
    assert BALANCE not in clerk.app.get(f"/admin/members/{outside}").text


@pytest.mark.parametrize("query", ["look=id.9999999999999999999", "branch=9999999999999999999"])
def test_a_number_that_nothing_has_finds_nobody(desk, clerk, query):
    answer = clerk.app.get(f"/admin/members?{query}", status="*")
    assert answer.status_int in {200, 422}


def test_what_counts_for_the_whole_house_is_not_changed_from_one_region(desk):
    clerk = desk.clerk("administrator", region="4306")
    token = clerk.app.get("/admin/members").forms[0]["csrf_token"].value
    for path in (
        "/admin/privacy/rules/messages",
        "/admin/consents/marketing",
        "/admin/consents/marketing/1",
    ):
        clerk.app.post(path, {"csrf_token": token, "days": "4000"}, status=404)
