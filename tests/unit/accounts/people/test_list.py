"""The list of members: who is found, by what, and that nothing stands there in the clear."""

import io
from datetime import timedelta
from urllib.parse import urlencode

import openpyxl
import pytest
import time_machine
from sqlalchemy import event

from suwen.accounts.models import Login, Member, MemberTag
from suwen.accounts.people.reindexing import reindex
from suwen.accounts.staffing.models import SavedView
from suwen.kernel import clock, ids

PHONE, NAME = "13912345678", "欧阳明日"


def names(page):
    return [row.select_one("a").text for row in page.html.select("table.data-table tbody tr")]


def search(clerk, text, page=None):
    form = clerk.form(page or clerk.app.get("/admin/members"), "/members/search")
    form["q"] = text
    answer = form.submit()
    return answer, answer.follow()


def test_the_list_shows_members_masked(desk, clerk):
    desk.member(NAME, phone=PHONE)

    page = clerk.app.get("/admin/members")

    assert names(page)[0] == "欧***"
    assert "139****5678" in page.text
    for clear in (NAME, PHONE, f"+86{PHONE}", "明日"):
        assert clear not in page.text


@pytest.mark.parametrize("text", [PHONE, f"+86 {PHONE}", "5678", NAME, "欧阳 明日", "ID"])
def test_somebody_is_found_by_what_is_known_of_him(desk, clerk, text):
    wanted = desk.member(NAME, phone=PHONE)
    desk.member("李四", phone="13800138000")

    answer, page = search(clerk, str(wanted) if text == "ID" else text)

    assert names(page) == ["欧***"]
    assert "清除查找" in page.text
    if text != "ID":
        assert PHONE not in answer.location
        assert "%E6" not in answer.location


def test_an_email_address_and_a_groups_name_are_found(desk, clerk, site):
    group = desk.member(kind="group", group_name="洞庭湖实验中学", display_name="洞庭湖实验中学")
    mailed = site.member("wang@members.suwen.example")
    reindex(site.house)

    assert names(search(clerk, "洞庭湖实验中学")[1]) == ["洞庭湖实验中学"]
    assert names(search(clerk, "WANG@members.suwen.example")[1]) == ["w***@members.suwen.example"]
    assert group != mailed


@pytest.mark.parametrize("text", ["99", "13911112222", "nobody@x.example", "没有这个人", "'; drop"])
def test_nobody_is_found_by_anything_else(desk, clerk, text):
    desk.member(NAME, phone=PHONE)
    _answer, page = search(clerk, text)
    assert names(page) == [] or "请输入完整的" in page.text


def test_tabs_and_filters_choose(desk, clerk, site):
    branch = desk.branch("yy1")
    one = desk.member("张一", branch=branch)
    desk.member("王二", region="4301")
    locked = desk.member("李三", state="locked")
    desk.member(kind="group", display_name="团体甲")
    desk.member("赵四", state="erased", display_name="#1")
    site.run(lambda db: db.add(MemberTag(member_id=one, tag="回访")))

    def found(query):
        return set(names(clerk.app.get(f"/admin/members?{query}")))

    staff = {"员***"}
    assert found("tab=individual") == {"张*", "王*", "李*"} | staff
    assert found("tab=group") == {"团体甲"}
    assert found("tab=staff") == staff
    assert found("tab=disabled") == {"李*"}
    assert found("tab=gone") == {"#1"}
    assert found("kind=group") == {"团体甲"}
    assert found("state=locked") == {"李*"}
    assert found(f"branch={branch}") == {"张*"}
    assert "张*" not in found("branch=none")
    assert found("region=100000") == {"王*"}
    assert found("region=4306") == {"张*", "李*", "团体甲", "#1"} | staff
    assert found(urlencode({"tag": "回访"})) == {"张*"}
    assert found("role=administrator") == staff
    assert found("role=finance") == set()
    assert found("second_factor=true") == staff
    assert "张*" in found("second_factor=false")
    assert found("role=administrator&kind=group") == set()
    assert desk.get(locked).state == "locked"


def test_dates_of_registration_are_days_of_shanghai(desk, clerk):
    with time_machine.travel("2026-03-01T15:59:59+00:00", tick=False):
        desk.member("张一")
    with time_machine.travel("2026-03-01T16:00:00+00:00", tick=False):
        desk.member("王二")

    def found(query):
        return set(names(clerk.app.get(f"/admin/members?{query}")))

    assert found("since=2026-03-01&until=2026-03-01") == {"张*"}
    assert found("since=2026-03-02&until=2026-03-02") == {"王*"}


def test_the_list_goes_on_page_by_page_without_losing_anybody(desk, clerk):
    with time_machine.travel(clock.now() - timedelta(days=1), tick=False):
        made = {desk.member(f"会员{n}") for n in range(23)}  # all of one moment

    page, seen = clerk.app.get("/admin/members"), set()
    while True:
        seen |= {int(small.text) for small in page.html.select("table small.mono")}
        following = page.html.select_one("a[rel=next]")
        if following is None:
            break
        page = clerk.app.get(following["href"])
    assert made | {clerk.id} == seen
    assert "共 24 位" in page.text


def test_bad_filters_are_explained(clerk):
    page = clerk.app.get("/admin/members?since=x&kind=y&look=z", status=422)
    assert "日期格式不正确" in page.text
    assert clerk.app.get("/admin/members?cursor=nonsense").status_int == 200


def test_statements_do_not_grow_with_members(desk, clerk, site):
    def cost(path):
        clerk.app.get(path)
        seen = []
        listen = lambda _c, _cur, statement, *_: seen.append(statement)  # noqa: E731
        event.listen(site.house.database.engine, "before_cursor_execute", listen)
        clerk.app.get(path)
        event.remove(site.house.database.engine, "before_cursor_execute", listen)
        return [one for one in seen if not one.startswith(("BEGIN", "PRAGMA"))]

    few = len(cost("/admin/members"))
    one = desk.member("张三")
    page = len(cost(f"/admin/members/{one}"))
    for number in range(12):
        desk.member(f"会员{number}")
        site.run(lambda db: db.add(MemberTag(member_id=one, tag=ids.code(6))))
        desk.signed_in(one)
    assert len(cost("/admin/members")) == few <= 14
    assert len(cost(f"/admin/members/{one}")) == page <= 36


def test_a_scope_hides_everybody_outside(desk, site):
    mine, other = desk.branch("yy1"), desk.branch("yy2")
    inside = desk.member("张一", branch=mine)
    outside = desk.member("王二", branch=other)
    desk.member("李三")
    clerk = desk.clerk("branch_administrator", branch=mine)

    assert names(clerk.app.get("/admin/members")) == ["张*"]
    assert names(search(clerk, "王二")[1]) == []
    assert clerk.app.get(f"/admin/members/{inside}").status_int == 200
    for path in ("", "/state", "/merge", "/act", "/reveal/real_name"):
        assert clerk.app.get(f"/admin/members/{outside}{path}", status="*").status_int == 404, path
    form = clerk.form(clerk.app.get(f"/admin/members/{inside}"), f"/members/{inside}/tags")
    form.action = form.action.replace(str(inside), str(outside))
    form["tag"] = "越权"
    assert form.submit(status=404).status_int == 404
    assert desk.events("member.tag") == []
    del site


def test_a_region_is_the_longest_prefix(desk, site):
    site.run(lambda db: site.house.regions.add(db, "430602", "岳阳楼区", ["430602"]))
    desk.member("张一", region="430602")
    desk.member("王二", region="430611")
    desk.member("李三", region="4301")
    clerk = desk.clerk("customer_service", region="4306")

    # The clerk himself registered in 4306.
    assert set(names(clerk.app.get("/admin/members"))) == {"王*", "员***"}


def test_views_are_saved_shared_renamed_and_deleted(desk, clerk, site):
    page = clerk.app.get("/admin/members?tab=disabled&kind=individual")
    form = next(f for f in page.forms.values() if f.action.endswith("/views"))
    form["name"] = "禁用的个人"
    form["shared"] = True
    form.submit("action", value="save").follow()
    page = clerk.app.get("/admin/members")
    link = page.html.find("a", string="禁用的个人")
    assert "tab=disabled" in link["href"]
    assert "kind=individual" in link["href"]

    colleague = desk.clerk("customer_service")
    shared = colleague.app.get("/admin/members")
    assert "禁用的个人" in shared.text
    view = site.run(lambda db: db.query(SavedView).one())
    token = colleague.form(shared, "/members/search")["csrf_token"].value
    gone = {"csrf_token": token, "action": "delete", "view": str(view.id)}
    colleague.app.post("/admin/members/views", gone).follow()
    assert site.run(lambda db: db.get(SavedView, view.id)) is not None

    own = next(f for f in page.forms.values() if "view" in f.fields)
    own["name"] = "改名"
    own["shared"] = False
    own.submit("action", value="rename")
    assert "改名" not in colleague.app.get("/admin/members").text
    own.submit("action", value="delete")
    assert site.run(lambda db: db.get(SavedView, view.id)) is None


def test_the_file_is_masked_and_on_record(desk, clerk):
    desk.member(NAME, phone=PHONE)
    answer = clerk.app.get("/admin/members/file?tab=individual")

    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert "欧***" in cells
    assert "139****5678" in cells
    assert not any(PHONE in cell or NAME in cell for cell in cells)
    ((recorded, details),) = desk.events("member.list_file")
    assert recorded.actor_id == clerk.id
    assert details["rows"] == 2


def test_marks_are_made_for_rows_that_lack_them(desk, site):
    member_id = desk.member(NAME, phone=PHONE)

    def forget(db):
        db.query(Login).update({"tail_index": None})
        db.get(Member, member_id).name_index = None

    site.run(forget)
    clerk = desk.clerk()
    site.run(forget)
    assert names(search(clerk, NAME)[1]) == []

    counts = reindex(site.house)

    assert counts["phones"] >= 1
    assert counts["names"] >= 1
    assert names(search(clerk, NAME)[1]) == ["欧***"]
    assert names(search(clerk, "5678")[1]) == ["欧***"]
    assert reindex(site.house) == {"phones": 0, "names": 0}
