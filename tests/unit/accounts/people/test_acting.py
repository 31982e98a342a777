"""Acting for a member: short, seen, on record, and never his health."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from suwen.accounts.people.acting import Acting
from suwen.kernel import clock
from suwen.kernel.audit import AuditEvent
from suwen.kernel.sessions import WebSession
from suwen.messaging.models import Message
from suwen.questionnaires.models import AnsweringSession
from tests.unit.accounts.people.conftest import REASON

NAME = "欧阳明日"

OPEN_TO_STAFF = {
    "/me",
    "/account/balance",
    "/checkout",
    "/me/consumption",
    "/me/consumption/file",
    "/me/consumption/print",
    "/me/distribution",
    "/orders",
    "/me/addresses",
    "/me/addresses/new",
}
"""What may be looked at in a member's place: shopping and what comes with it."""


def act(clerk, member_id, reason=REASON):
    form = clerk.form(clerk.app.get(f"/admin/members/{member_id}/act"), "/act")
    form["reason"] = reason
    return form.submit(status="*")


def sessions(site, member_id):
    return site.run(
        lambda db: db.scalars(select(WebSession).where(WebSession.member_id == member_id)).all()
    )


def test_the_browser_becomes_the_members_and_comes_back(desk, clerk, site):
    member_id = desk.member(NAME)

    answer = act(clerk, member_id)
    page = answer.follow()

    assert "您正在代 欧*** 操作" in page.text
    assert "您正在代 欧*** 操作" in clerk.app.get("/orders").text
    assert clerk.app.get("/admin", status=404)
    assert clerk.app.get(f"/admin/members/{member_id}", status=404)
    (row,) = sessions(site, member_id)
    assert row.impersonator_id == clerk.id
    assert row.ends_at - row.created_at == timedelta(minutes=30)

    back = clerk.form(page, "/acting/end").submit()
    assert back.location.endswith(f"/admin/members/{member_id}")
    page = back.follow()
    assert "已结束代操作" in page.text
    assert "您正在代" not in page.text
    assert sessions(site, member_id)[0].revoked_at is not None
    assert "dev-staff" not in {cookie.name for cookie in clerk.app.cookiejar if cookie.value}


def test_it_ends_by_itself(desk, clerk):
    member_id = desk.member(NAME)
    act(clerk, member_id)
    assert clerk.app.get("/orders").status_int == 200
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        assert "/sign-in" in clerk.app.get("/orders").location


def test_both_sides_can_see_it(desk, clerk, site):
    member_id = desk.member(NAME)
    act(clerk, member_id)

    ((event, _details),) = desk.events("member.impersonate")
    assert (event.actor_kind, event.actor_id, event.reason) == ("staff", clerk.id, REASON)
    himself = desk.signed_in(member_id)
    assert "客服代操作开始" in himself.get("/me/archive/accesses").text
    kinds = site.run(
        lambda db: db.scalars(select(Message.kind).where(Message.member_id == member_id)).all()
    )
    assert "support_access" in kinds
    page = himself.get("/me/sessions")
    assert "客服协助" in page.text
    ended = next(f for f in page.forms.values() if "session" in f.fields)
    ended.submit()
    assert "/sign-in" in clerk.app.get("/orders").location


def test_what_is_done_is_the_staffs_in_the_log(desk, clerk, site):
    member_id = desk.member(NAME)
    site.run(lambda db: db.execute(AuditEvent.__table__.select()))
    act(clerk, member_id)
    order = site.place(member_id)
    page = clerk.app.get(f"/orders/{order.number}")
    clerk.form(page, "/cancel").submit()

    text = site.app.app and desk.clerk().app.get(f"/admin/orders/{order.number}").text
    assert "staff" in text
    assert clerk.app.get("/me").status_int == 200


def pages(site):
    """Every page of members: (path, permission) of views that answer GET."""
    introspector = site.app.app.registry.introspector
    routes = {
        item["introspectable"]["name"]: item["introspectable"]["pattern"]
        for item in introspector.get_category("routes")
    }
    found = {}
    for item in introspector.get_category("views"):
        view = item["introspectable"]
        held = [one["value"] for one in item["related"] if one.category_name == "permissions"]
        if view["route_name"] and held and "GET" in (view["request_methods"] or ("GET",)):
            path = re.sub(r"\{[^}]+\}", "1", routes[view["route_name"]])
            found[path] = held[0]
    return found


def test_no_page_of_health_security_or_consent_opens(desk, clerk, site):
    member_id = desk.member(NAME)
    act(clerk, member_id)

    opened = set()
    for path, permission in pages(site).items():
        if path.startswith("/api/") or permission not in {"member", "member.private"}:
            continue
        answer = clerk.app.get(path, status="*")
        if permission == "member.private":
            assert answer.status_int in {303, 403, 404}, path
            assert "/me/archive" not in answer.headers.get("Location", ""), path
        elif "/1" not in path and answer.status_int == 200:
            opened.add(path)
    assert opened <= OPEN_TO_STAFF


def test_public_pages_show_nothing_of_his_health(desk, clerk, site):
    for region in ("100000", "4306"):
        site.run(
            lambda db, region=region: site.house.switch.set_state(
                db, region, "scorer_ccmq", "enabled"
            )
        )
    member_id = desk.member(NAME)
    himself = desk.signed_in(member_id)
    page = himself.get("/questionnaires/t157-2009-adult")
    begin = next(form for form in page.forms.values() if "consent" in form.fields)
    begin["consent"] = True
    begin["sex"] = "male"
    begin.submit()
    (session,) = site.run(lambda db: db.scalars(select(AnsweringSession.public_id)).all())
    assert session in himself.get("/questionnaires").text

    act(clerk, member_id)
    assert session not in clerk.app.get("/questionnaires").text
    assert session not in clerk.app.get("/questionnaires/t157-2009-adult").text


@pytest.mark.parametrize(
    "path", ["/questionnaires/t157-2009-adult", "/me/distribution/join", "/me/consents"]
)
def test_nothing_of_that_is_written_either(desk, clerk, path):
    member_id = desk.member(NAME)
    page = act(clerk, member_id).follow()
    token = clerk.form(page, "/acting/end")["csrf_token"].value
    answer = clerk.app.post(path, {"csrf_token": token, "consent": "1"}, status="*")
    assert answer.status_int in {303, 403, 404}
    assert desk.events("consent.give")[2:] == [] or all(
        event.actor_kind == "member" for event, _ in desk.events("consent.give")
    )


def test_staff_disabled_members_and_oneself_are_not_acted_for(desk, clerk):
    colleague = desk.clerk("customer_service", parent=clerk.id)
    locked = desk.member(NAME, state="locked")
    for member_id in (colleague.id, clerk.id, locked):
        assert act(clerk, member_id).status_int == 422
    assert desk.events("member.impersonate") == []


def test_it_needs_a_reason_a_step_up_and_the_permission(desk, clerk):
    member_id = desk.member(NAME)
    assert act(clerk, member_id, "x").status_int == 422
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert "/step-up" in clerk.app.get(f"/admin/members/{member_id}/act").location
    cashier = desk.clerk("cashier")
    assert cashier.app.get(f"/admin/members/{member_id}/act", status=404)


def test_a_second_one_ends_the_first(desk, clerk, site):
    one, two = desk.member("张一"), desk.member("王二")
    page = act(clerk, one).follow()
    clerk.form(page, "/acting/end").submit()
    act(clerk, two)
    assert [row.revoked_at is None for row in sessions(site, one)] == [False]
    assert [row.revoked_at is None for row in sessions(site, two)] == [True]


def token_of(clerk):
    return clerk.app.cookies["dev-session"].strip('"')


def test_the_way_back_is_only_for_whoever_went(desk, clerk, site):
    member_id, other = desk.member(NAME), desk.clerk()
    own, stolen = token_of(clerk), token_of(other)
    act(clerk, member_id)
    acting = token_of(clerk)

    def back(token):
        return site.run(lambda db: Acting(site.house, db).way_back(token, clerk.id))

    assert back(stolen) is None
    assert back(acting) is None
    assert back("") is None
    assert back(own)
    assert back(own) is None  # its token is a new one now
