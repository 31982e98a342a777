"""The audit log for those who read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from suwen.admin.audit import PAGE, find
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM

pytest_plugins = ["tests.fixtures_surfaces"]


def write(house, count=1, **values):
    with house.database.transaction() as session:
        for number in range(count):
            given = {
                "action": "order.cancel",
                "object_kind": "order",
                "object_id": number,
                **values,
            }
            house.audit.write(session, SYSTEM, **given)
            session.flush()


def test_the_log_is_read_page_by_page(site, house):
    app = site(("auditor", "*"))
    write(house, PAGE + 3)

    page = app.get("/admin/audit")
    assert len(page.html.select("tbody tr")) == PAGE
    rest = page.click(linkid=None, href="cursor=")
    assert len(rest.html.select("tbody tr")) == 3
    assert "回到第一页" in rest.text


def test_the_log_is_filtered(site, house):
    app = site(("auditor", "*"))
    write(house, 2)
    write(house, action="role.grant", object_kind="member", details={"x": "可见"})
    write(house, action="record.read", object_kind="record", subject_id=5, details={"x": "不可见"})

    assert len(app.get("/admin/audit?action=role").html.select("tbody tr")) == 1
    assert len(app.get("/admin/audit?object_kind=order&object_id=1").html.select("tbody tr")) == 1
    assert len(app.get("/admin/audit?subject_id=5").html.select("tbody tr")) == 1
    assert "没有符合条件的记录" in app.get("/admin/audit?since=2999-01-01").text
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert len(app.get(f"/admin/audit?until={tomorrow}").html.select("tbody tr")) == 4
    assert "没有符合条件的记录" in app.get("/admin/audit?action=%25").text
    assert "可见" in app.get("/admin/audit?action=role").text
    assert "不可见" not in app.get("/admin/audit").text


def test_a_bad_filter_is_explained(site):
    page = site(("auditor", "*")).get("/admin/audit?since=x&actor_id=y", status=422)

    assert "日期格式不正确" in page.text


def test_auditors_of_one_region_read_that_one(house):
    with house.database.transaction() as session:
        for region in ("4306", "100000", None):
            actor = replace(SYSTEM, region=region)
            house.audit.write(session, actor, "x.y", "x", 1)
    with house.database.snapshot() as session:
        assert len(find(session, {}, ["4306"]).events) == 1
        assert len(find(session, {}).events) == 3


def test_the_log_is_chained_by_a_job(app, house):
    write(house, 3)

    house.jobs.run_periodic("audit.seal")

    with house.database.snapshot() as session:
        assert house.audit.unsealed(session) == 0
        assert house.audit.verify(session).ok


def test_the_auditor_changes_nothing(site):
    site(("auditor", "*")).get("/admin/plugins", status=403)
