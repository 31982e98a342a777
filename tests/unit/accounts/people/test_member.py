"""One member's page: what is shown, what is revealed, what is changed, and what the log says of it."""

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select

from suwen.accounts.models import Consent, Login, Member
from suwen.accounts.people.revealing import PER_PERSON
from suwen.accounts.services import accounts
from suwen.accounts.staffing.models import StaffGrant
from suwen.kernel import clock
from suwen.kernel.sessions import Device, WebSession
from tests.unit.accounts.people.conftest import REASON

PHONE, NAME = "13912345678", "欧阳明日"


def post(clerk, form, **values):
    for name, value in values.items():
        form[name] = value
    return form.submit(status="*")


def test_the_page_shows_panels_masked(desk, clerk):
    member_id = desk.member(NAME, phone=PHONE)
    desk.signed_in(member_id)

    page = clerk.app.get(f"/admin/members/{member_id}")

    for title in (
        "资料",
        "标签",
        "授权",
        "登录会话",
        "员工角色",
        "操作记录",
        "订单",
        "推荐返现",
        "账户余额",
        "消息",
    ):
        assert page.html.find("h2", string=title), title
    assert "健康档案" not in [h.text for h in page.html.find_all("h2")]  # without staff.reports
    assert "139****5678" in page.text
    for clear in (NAME, PHONE, "明日"):
        assert clear not in page.text


def test_panels_follow_permissions(desk):
    member_id = desk.member(NAME)
    service = desk.clerk("customer_service")

    titles = [h.text for h in service.app.get(f"/admin/members/{member_id}").html.find_all("h2")]

    assert "订单" in titles
    assert "账户余额" not in titles
    assert "员工角色" not in titles


@pytest.mark.parametrize(
    ("field", "shown"), [("real_name", NAME), ("birth_date", "1980-05-06"), ("phone", PHONE)]
)
def test_a_value_is_revealed_for_a_reason_and_always_on_record(desk, clerk, site, field, shown):
    member_id = desk.member(NAME, phone=PHONE)
    site.run(
        lambda db: accounts(site.house, db).profiles.update(
            member_id, {"birth_date": date(1980, 5, 6)}
        )
    )
    login = site.run(
        lambda db: db.scalars(select(Login.id).where(Login.member_id == member_id)).one()
    )
    name = f"login-{login}" if field == "phone" else field
    page = clerk.app.get(f"/admin/members/{member_id}/reveal/{name}")
    assert shown not in page.text
    form = clerk.form(page, f"/reveal/{name}")

    refused = post(clerk, form, reason="x")
    assert refused.status_int == 422
    assert shown not in refused.text
    assert desk.events("member.reveal") == []

    answer = post(clerk, form, reason=REASON)
    assert shown in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    ((event, details),) = desk.events("member.reveal")
    assert (event.actor_kind, event.actor_id, event.reason) == ("staff", clerk.id, REASON)
    assert shown not in str(details)
    assert event.subject_id == site.run(lambda db: accounts(site.house, db).subject_of(member_id))
    assert "查看完整信息" in desk.signed_in(member_id).get("/me/archive/accesses").text


def test_nothing_is_revealed_when_it_cannot_be_recorded(desk, clerk, site, monkeypatch):
    member_id = desk.member(NAME, phone=PHONE)
    form = clerk.form(clerk.app.get(f"/admin/members/{member_id}/reveal/real_name"), "/real_name")

    def broken(*_args, **_more):
        raise RuntimeError("the audit log is not there")

    monkeypatch.setattr(site.house.audit, "write", broken)
    form["reason"] = REASON
    answer = form.submit(status=500)
    assert NAME not in answer.text


def test_revealing_needs_a_step_up_the_permission_and_has_a_limit(desk, clerk, site):
    member_id = desk.member(NAME)
    path = f"/admin/members/{member_id}/reveal/real_name"
    auditor = desk.clerk("cashier")
    assert auditor.app.get(path, status=404).status_int == 404

    form = clerk.form(clerk.app.get(path), "/real_name")
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert "/step-up" in clerk.app.get(path).location
        form["reason"] = REASON
        assert "/step-up" in form.submit().location
    assert desk.events("member.reveal") == []

    site.run(
        lambda db: [
            site.house.limiter.hit(db, PER_PERSON, str(clerk.id)) for _ in range(PER_PERSON.hits)
        ]
    )
    answer = form.submit(status=429)
    assert NAME not in answer.text


def test_tags_are_put_on_and_taken_off(desk, clerk):
    member_id = desk.member(NAME)
    page = clerk.app.get(f"/admin/members/{member_id}")
    form = next(f for f in page.forms.values() if f.action.endswith("/tags"))
    form["tag"] = "  回访  客户 "
    page = form.submit().follow()
    assert "回访 客户" in page.text
    form["tag"] = "x" * 30
    form["tag"].force_value("x" * 30)
    assert "标签为 1 到 20 个字" in form.submit().follow().text

    remove = next(f for f in page.forms.values() if f.action.endswith("/tags") and f["tag"].value)
    page = remove.submit("action", value="remove").follow()
    assert "还没有标签" in page.text
    assert [details for _e, details in desk.events("member.untag")] == [{"tag": "回访 客户"}]


def state(clerk, member_id, action, reason=REASON):
    page = clerk.app.get(f"/admin/members/{member_id}/state")
    form = clerk.form(page, "/state")
    sent = {"csrf_token": form["csrf_token"].value, "reason": reason, "action": action}
    return clerk.app.post(f"/admin/members/{member_id}/state", sent, status="*")


def test_a_disabled_member_is_out_at_once_and_can_be_let_in_again(desk, clerk, site):
    member_id = desk.member(NAME, phone=PHONE)
    browser, bearer = desk.signed_in(member_id), site.token(member_id)
    assert browser.get("/me").status_int == 200

    assert state(clerk, member_id, "disable", "x").status_int == 422
    assert state(clerk, member_id, "disable").status_int == 303

    assert "/sign-in" in browser.get("/me").location
    assert site.app.get("/api/v1/me", headers=bearer, status="*").status_int == 401
    ((event, details),) = desk.events("member.disable")
    assert details == {"before": {"state": "active"}, "after": {"state": "locked"}}
    assert event.reason == REASON
    assert state(clerk, member_id, "disable").status_int == 422

    assert state(clerk, member_id, "enable").status_int == 303
    assert desk.get(member_id).state == "active"
    assert "/sign-in" in browser.get("/me").location  # the old session stays dead


def test_nobody_disables_himself_or_somebody_who_is_not_below(desk, site):
    root = desk.clerk()
    child = desk.clerk("customer_service", parent=root.id)
    stranger = desk.clerk("customer_service")

    assert state(root, root.id, "disable").status_int == 422
    assert state(stranger, child.id, "disable").status_int == 422
    assert state(child, root.id, "disable").status_int == 422
    assert desk.get(child.id).state == desk.get(root.id).state == "active"
    assert state(root, child.id, "disable").status_int == 303
    assert desk.get(child.id).state == "locked"
    assert desk.events("member.disable")[0][0].object_id == str(child.id)


def test_the_last_administrator_stays(desk, site):
    above = desk.clerk("customer_service")
    last = desk.clerk("administrator", parent=above.id)

    assert "最后一" in state(above, last.id, "disable").text
    desk.clerk("administrator")
    assert state(above, last.id, "disable").status_int == 303


def test_sessions_are_ended_by_staff(desk, clerk, site):
    member_id = desk.member(NAME)
    one, two = desk.signed_in(member_id), desk.signed_in(member_id)
    page = clerk.app.get(f"/admin/members/{member_id}")
    form = next(
        f for f in page.forms.values() if f.action.endswith("/sessions") and "session" in f.fields
    )
    form.submit()
    assert sorted(b.get("/me").status_int for b in (one, two)) == [200, 303]
    next(
        f
        for f in page.forms.values()
        if f.action.endswith("/sessions") and "session" not in f.fields
    ).submit()
    assert {b.get("/me").status_int for b in (one, two)} == {303}
    assert len(desk.events("session.revoke")) == 2


def test_a_branch_is_given_only_within_ones_own(desk):
    mine, other = desk.branch("yy1"), desk.branch("yy2")
    member_id = desk.member(NAME, branch=mine)
    clerk = desk.clerk("branch_administrator", branch=mine)
    form = next(
        f
        for f in clerk.app.get(f"/admin/members/{member_id}").forms.values()
        if f.action.endswith("/branch")
    )
    for wrong in (str(other), ""):
        form["branch_id"].force_value(wrong)
        assert form.submit(status=404).status_int == 404
    assert desk.get(member_id).branch_id == mine

    root = desk.clerk()
    form = next(
        f
        for f in root.app.get(f"/admin/members/{member_id}").forms.values()
        if f.action.endswith("/branch")
    )
    form["branch_id"] = str(other)
    form.submit()
    assert desk.get(member_id).branch_id == other
    assert desk.events("member.branch")[0][1] == {
        "before": {"branch": mine},
        "after": {"branch": other},
    }


def new(clerk, **values):
    form = clerk.form(clerk.app.get("/admin/members/new"), "/members/new")
    sent = {**dict(form.submit_fields()), **values}
    return clerk.app.post("/admin/members/new", sent, status="*")


def test_an_account_is_opened_and_agrees_to_nothing(desk, clerk, site):
    answer = new(clerk, address=PHONE, kind="individual", region_code="4306", real_name=NAME)
    assert answer.status_int == 303
    member_id = int(answer.location.rpartition("/")[2])

    member = desk.get(member_id)
    assert (member.display_name, member.region_code, member.password_hash) == (
        "欧***",
        "4306",
        None,
    )
    assert (
        site.run(lambda db: db.scalars(select(Consent).where(Consent.member_id == member_id)).all())
        == []
    )
    ((event, _details),) = desk.events("member.open")
    assert (event.actor_kind, event.actor_id) == ("staff", clerk.id)
    assert "已经注册" in new(clerk, address=PHONE, kind="individual", region_code="4306").text


def test_he_agrees_himself_before_anything_else(desk, clerk, site):
    answer = new(clerk, address=PHONE, kind="individual", region_code="4306")
    member_id = int(answer.location.rpartition("/")[2])
    browser, bearer = desk.signed_in(member_id), site.token(member_id)

    for path in ("/me", "/orders", "/me/archive", "/me/sessions"):
        assert "/me/agreement" in browser.get(path).location
    refusal = site.app.get("/api/v1/me", headers=bearer, status=403)
    assert refusal.json["code"] == "agreement_required"
    assert clerk.app.get(f"/admin/members/{member_id}/act").status_int == 200
    page = browser.get("/me/agreement?next=/orders")
    form = next(form for form in page.forms.values() if "agree" in form.fields)
    assert not form["agree"].checked
    assert form.submit(status=422).status_int == 422
    form["agree"] = True
    assert form.submit().location.endswith("/orders")

    assert browser.get("/me").status_int == 200
    given = site.run(
        lambda db: db.scalars(select(Consent.purpose).where(Consent.member_id == member_id)).all()
    )
    assert sorted(given) == ["privacy", "terms"]
    assert browser.get("/me/agreement").status_int == 303


def test_the_app_can_agree_too(desk, clerk, site):
    answer = new(clerk, address=PHONE, kind="individual", region_code="4306")
    bearer = site.token(int(answer.location.rpartition("/")[2]))
    items = site.app.get("/api/v1/me/agreement", headers=bearer).json["items"]
    versions = {item["purpose"]: item["version"] for item in items}
    wrong = {**versions, "terms": "old"}
    assert site.app.post_json("/api/v1/me/agreement", wrong, headers=bearer, status=422)
    site.app.post_json("/api/v1/me/agreement", versions, headers=bearer, status=204)
    assert site.app.get("/api/v1/me", headers=bearer).status_int == 200


def test_what_the_form_does_not_name_is_not_taken(desk, clerk):
    forged = {
        "state": "erased",
        "id": "5",
        "password_hash": "x",
        "is_admin": "1",
        "merged_into": "1",
        "role": "administrator",
        "display_name": "伪造",
        "created_at": "2001-01-01",
    }
    answer = new(clerk, address=PHONE, kind="individual", region_code="4306", **forged)
    member = desk.get(int(answer.location.rpartition("/")[2]))
    assert (member.state, member.password_hash, member.merged_into) == ("active", None, None)
    assert member.id != 5
    assert "伪造" not in member.display_name
    assert (
        desk.site.run(
            lambda db: db.scalars(select(StaffGrant).where(StaffGrant.member_id == member.id)).all()
        )
        == []
    )


def test_a_group_needs_its_name_and_a_clerk_his_own_region_and_branch(desk, clerk):
    answer = new(clerk, address=PHONE, kind="group", region_code="4306")
    assert answer.status_int == 422
    assert "请填写单位名称" in answer.text
    branch = desk.branch("yy1")
    limited = desk.clerk("branch_administrator", region="4306", branch=branch)
    assert new(limited, address=PHONE, kind="individual", region_code="100000").status_int == 422
    made = new(limited, address=PHONE, kind="individual", region_code="4306", branch_id=str(branch))
    assert made.status_int == 303
    assert desk.get(int(made.location.rpartition("/")[2])).branch_id == branch


def test_titles_of_the_archive_are_shown_on_demand_and_on_record(desk, site):
    member_id = desk.member(NAME)
    root = desk.clerk()
    assert root.app.get(f"/admin/members/{member_id}/panels/archives", status=404)
    assert root.app.get(f"/admin/members/{member_id}/panels/profile", status=404)

    both = desk.clerk("customer_service")
    site.run(
        lambda db: db.add(StaffGrant(member_id=both.id, role="laboratory", region="*", branch_id=0))
    )
    page = both.app.get(f"/admin/members/{member_id}/panels/archives")
    assert "没有已发布的档案" in page.text
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert "/step-up" in both.app.get(f"/admin/members/{member_id}/panels/archives").location


def test_members_of_no_scope_get_nothing_from_any_page(desk, site):
    member_id = desk.member(NAME)
    cashier = desk.clerk("cashier")
    for path in ("", "/new", "/file", f"/{member_id}", f"/{member_id}/merge", f"/{member_id}/act"):
        assert cashier.app.get(f"/admin/members{path}", status=404).status_int == 404
    sessions = site.run(
        lambda db: accounts(site.house, db).sessions.open(member_id, Device())[0].id
    )
    assert site.run(lambda db: db.get(WebSession, sessions)).impersonator_id is None
    assert site.run(lambda db: db.get(Member, member_id)).state == "active"
