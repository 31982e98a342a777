"""One action on many members: named, confirmed, done once, and only to those it may be done to."""

from datetime import timedelta

import time_machine
from sqlalchemy import select

from suwen.accounts.models import Member, MemberTag
from suwen.accounts.people import bulk
from suwen.accounts.people.models import MemberBulk
from suwen.kernel import clock
from tests.unit.accounts.people.conftest import REASON


def chosen(clerk, action, ids=(), query="", everyone=False):
    """The page that asks."""
    page = clerk.app.get(f"/admin/members{query}")
    form = clerk.form(page, "/members/bulk")
    for box in form.fields["ids"]:
        box.checked = box._value in {str(key) for key in ids}
    if everyone:
        form["everyone"] = True
    return form.submit("action", index=actions(form).index(action), status="*")


def actions(form):
    return [field._value for field in form.fields["action"]]


def tags(site):
    return site.run(lambda db: sorted(db.execute(select(MemberTag.member_id, MemberTag.tag)).all()))


def states(site, *ids):
    return site.run(lambda db: [db.get(Member, key).state for key in ids])


def test_a_tag_for_several_is_confirmed_by_name_and_number(desk, clerk, site):
    one, two, other = desk.member("张一"), desk.member("王二"), desk.member("李三")

    page = chosen(clerk, "tag", [one, two])
    assert "将处理 2 位会员" in page.text
    assert "张*" in page.text
    assert "李*" not in page.text
    assert tags(site) == []
    form = clerk.form(page, "/bulk/begin")
    assert form.submit(status=422).status_int == 422  # no tag yet
    form["label"] = "回访"
    answer = form.submit().follow()

    assert "已完成" in answer.text
    assert tags(site) == [(one, "回访"), (two, "回访")]
    assert {int(event.object_id) for event, _ in desk.events("member.tag")} == {one, two}
    assert other not in {int(event.object_id) for event, _ in desk.events("member.tag")}


def test_a_second_click_does_nothing_more(desk, clerk, site):
    one = desk.member("张一")
    form = clerk.form(chosen(clerk, "disable", [one]), "/bulk/begin")
    form["reason"] = REASON

    first, second = form.submit(), form.submit()

    assert first.location == second.location
    assert site.run(lambda db: db.query(MemberBulk).count()) == 1
    assert len(desk.events("member.disable")) == 1


def test_staff_oneself_and_the_wrong_state_are_skipped(desk, clerk, site):
    colleague = desk.clerk("customer_service", parent=clerk.id)
    one, locked = desk.member("张一"), desk.member("王二", state="locked")
    form = clerk.form(
        chosen(clerk, "disable", [one, locked, colleague.id, clerk.id]), "/bulk/begin"
    )
    form["reason"] = REASON
    page = form.submit().follow()

    assert states(site, one, locked, colleague.id, clerk.id) == [
        "locked",
        "locked",
        "active",
        "active",
    ]
    run = site.run(lambda db: db.query(MemberBulk).one())
    assert (run.done, run.skipped) == (4, 3)
    assert "已跳过" in page.text


def test_members_of_others_are_left_alone_whatever_the_form_says(desk, site):
    mine, other = desk.branch("yy1"), desk.branch("yy2")
    inside, outside = desk.member("张一", branch=mine), desk.member("王二", branch=other)
    clerk = desk.clerk("branch_administrator", branch=mine)
    page = chosen(clerk, "tag", [inside])
    form = clerk.form(page, "/bulk/begin")
    form["label"] = "越权"
    forged = [*form.submit_fields(), ("ids", str(outside)), ("total", "5"), ("scope", "{}")]
    clerk.app.post("/admin/members/bulk/begin", forged)

    assert tags(site) == [(inside, "越权")]


def test_all_that_fit_are_done_in_the_background(desk, clerk, site, monkeypatch):
    monkeypatch.setattr(bulk, "STEP", 3)
    made = [desk.member(f"会员{n}") for n in range(8)]
    desk.member(kind="group", display_name="团体甲")

    page = chosen(clerk, "tag", query="?tab=individual", everyone=True)
    assert "将处理 9 位会员" in page.text
    form = clerk.form(page, "/bulk/begin")
    form["label"] = "全体"
    progress = form.submit().follow()
    assert "处理中" in progress.text
    with time_machine.travel(clock.now() + timedelta(seconds=1), tick=False):
        late = desk.member("后来者")
    site.house.outbox.drain()

    assert {key for key, _tag in tags(site)} == {*made, clerk.id}
    assert late not in {key for key, _tag in tags(site)}
    assert "已完成" in clerk.app.get(progress.request.path).text


def test_it_can_be_stopped_and_is_ones_own(desk, clerk, site, monkeypatch):
    monkeypatch.setattr(bulk, "STEP", 2)
    for number in range(6):
        desk.member(f"会员{number}")
    form = clerk.form(chosen(clerk, "tag", query="?tab=individual", everyone=True), "/bulk/begin")
    form["label"] = "全体"
    progress = form.submit().follow()
    path = progress.request.path
    site.run(lambda db: bulk.Bulk(site.house, db, bulk.Scope()).step(int(path.rpartition("/")[2])))
    assert desk.clerk().app.get(path, status=404)
    clerk.form(progress, path.removeprefix("/admin")).submit()
    site.house.outbox.drain()

    assert len(tags(site)) == 2
    assert "已停止" in clerk.app.get(path).text


def test_nobody_chosen_is_said(clerk, desk):
    desk.member("张一")
    answer = chosen(clerk, "tag", [])
    assert "请先选择会员" in answer.follow().text


def test_a_killed_worker_is_gone_on_with(desk, clerk, site, monkeypatch):
    monkeypatch.setattr(bulk, "STEP", 2)
    made = [desk.member(f"会员{n}") for n in range(5)]
    form = clerk.form(chosen(clerk, "tag", query="?tab=individual", everyone=True), "/bulk/begin")
    form["label"] = "全体"
    key = int(form.submit().location.rpartition("/")[2])
    # One step was committed, the next one died with its worker.
    site.run(lambda db: bulk.Bulk(site.house, db, bulk.Scope()).step(key))
    site.house.outbox.drain()
    assert {one for one, _tag in tags(site)} == {*made, clerk.id}
    assert len(desk.events("member.tag")) == 6
