"""Administrators, roles and branches at their pages, by hand of the administrators themselves."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from webtest import TestApp

from suwen.accounts.contacts import parse
from suwen.accounts.logins import Logins
from suwen.accounts.models import Member
from suwen.accounts.services import accounts
from suwen.accounts.staff import Staff
from suwen.accounts.staffing.branches import BranchWish, branch_book
from suwen.accounts.staffing.models import Branch, Role, StaffGrant, StaffMember
from suwen.accounts.staffing.roles import RoleWish, role_book
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM, Actor, AuditEvent
from suwen.kernel.sessions import Device, sessions

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CLINIC = BranchWish(
    "YYL-01",
    "岳阳楼门诊部",
    "clinic",
    "430602",
    permissions=("staff.orders", "staff.staff", "staff.branches"),
)


class Office:
    """Staff of the site and their browsers."""

    def __init__(self, site):
        self.site, self.house = site, site.house

    def run(self, what):
        return self.site.run(what)

    def person(self, phone):
        return self.site.member(phone)

    def staff(self, phone, *roles, below=None, branch=0, title=""):
        """A member with these roles and a second factor."""
        member_id = self.person(phone)

        def hire(db):
            accounts(self.house, db).totp.set_secret(member_id, SECRET)
            hand = Staff(db, sessions(self.house.settings, db), self.house.audit)
            hand.place(member_id, below, title)
            for role in roles:
                hand.grant(member_id, role, SYSTEM, branch_id=branch)

        self.run(hire)
        return member_id

    def browser(self, member_id, *, elevated=True, impersonator=None):
        """A browser in which somebody is signed in, and has proved himself again."""

        def act(db):
            row, token = sessions(self.house.settings, db).open(member_id, Device())
            if elevated:
                row.elevated_until = clock.now() + timedelta(minutes=5)
            row.impersonator_id = impersonator
            return token

        app = TestApp(self.site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        app.set_cookie("dev-session", self.run(act))
        return app

    def branch(self, wish=CLINIC):
        return self.run(lambda db: branch_book(self.house, db).create(SYSTEM, wish).id)

    def role(self, title, *names, by=None):
        wish, actor = RoleWish(title, "", names), SYSTEM if by is None else Actor("staff", by)
        return self.run(lambda db: role_book(self.house, db).create(actor, wish).code)

    def grants(self, member_id):
        columns = StaffGrant.role, StaffGrant.region, StaffGrant.branch_id
        query = select(*columns).where(StaffGrant.member_id == member_id)
        return self.run(
            lambda db: [tuple(row) for row in db.execute(query.order_by(StaffGrant.id))]
        )

    def actions(self):
        query = select(AuditEvent.action).order_by(AuditEvent.id)
        return self.run(lambda db: list(db.scalars(query)))


@pytest.fixture
def office(site):
    return Office(site)


@pytest.fixture
def top(office):
    return office.staff("13800000001", "administrator", title="周明 平台管理员")


@pytest.fixture
def browser(office, top):
    return office.browser(top)


def form_of(page, name):
    return next(form for form in page.forms.values() if name in form.fields)


def fill(form, **values):
    for name, value in values.items():
        form[name] = value
    return form


def test_somebody_who_has_registered_becomes_an_administrator(office, top, browser):
    new = office.person("13900000002")
    form = form_of(browser.get("/admin/staff/new"), "address")
    offered = {value for value, _chosen, _text in form["role"].options}
    assert {"finance", "catalog", "customer_service"} <= offered
    assert not {"auditor", "expert", "report_importer"} & offered
    fill(
        form, address="139 0000 0002", title="李敏 客服主管", role="customer_service", region="4306"
    )
    page = form.submit().follow()
    assert "李敏 客服主管" in page
    assert "岳阳市" in page
    assert office.grants(new) == [("customer_service", "4306", 0)]
    tree = browser.get("/admin/staff")
    assert tree.text.index("周明 平台管理员") < tree.text.index("李敏 客服主管")
    assert "待绑定验证器" in tree


def test_an_unknown_address_is_invited_only_when_asked(office, browser):
    form = form_of(browser.get("/admin/staff/new"), "address")
    fill(form, address="new@clinic.example", role="finance", title="刘静")
    page = form.submit(status=422)
    assert "还没有注册" in page
    form = form_of(page, "address")
    assert form["address"].value == "new@clinic.example"
    form["invite"] = True
    page = form.submit().follow()
    assert "刘静" in page
    found = office.run(
        lambda db: Logins(db, office.house.vault).account(parse("new@clinic.example"))
    )
    assert office.grants(found.member_id) == [("finance", "*", 0)]


def test_what_is_not_ones_own_is_refused_beside_its_field(office, top):
    local = office.staff(
        "13800000003",
        office.role("人事", "staff.staff", "staff.cashier", "staff.orders"),
        below=top,
    )
    new = office.person("13900000004")
    browser = office.browser(local)
    form = form_of(browser.get("/admin/staff/new"), "address")
    assert {value for value, _c, _t in form["role"].options} >= {"cashier", "sampling"}
    form["role"].force_value("finance")
    fill(form, address="13900000004")
    page = form.submit(status=403)
    assert "您在该范围内没有这些权限：查看支付、审核退款" in page
    assert office.grants(new) == []


def test_roles_are_given_and_taken_after_a_question(office, top, browser):
    clerk = office.staff("13800000005", "cashier", below=top, title="黄丽")
    here = f"/admin/staff/{clerk}"
    form = form_of(browser.get(f"{here}/grant"), "role")
    fill(form, role="finance").submit().follow()
    assert office.grants(clerk) == [("cashier", "*", 0), ("finance", "*", 0)]
    link = next(
        a
        for a in browser.get(here).html.find_all("a")
        if a.get("href", "").startswith(f"{here}/revoke/")
    )
    ask = browser.get(link["href"])
    assert "收银员" in ask
    assert office.grants(clerk) == [("cashier", "*", 0), ("finance", "*", 0)], (
        "asking takes nothing"
    )
    assert "角色已撤销" in list(ask.forms.values())[-1].submit().follow()
    assert office.grants(clerk) == [("finance", "*", 0)]


def test_titles_parents_and_dismissal(office, top, browser):
    middle = office.staff("13800000006", "administrator", below=top, title="片区经理")
    leaf = office.staff("13800000007", "finance", below=middle, title="会计")
    form = form_of(browser.get(f"/admin/staff/{leaf}/edit"), "parent")
    fill(form, title="会计 王芳", parent=str(top)).submit().follow()
    place = office.run(lambda db: db.get_one(StaffMember, leaf))
    assert (place.title, place.parent_id) == ("会计 王芳", top)
    form = form_of(browser.get(f"/admin/staff/{middle}/edit"), "parent")
    form["parent"].force_value(str(middle))
    assert "不能移到自己" in form.submit(status=409)
    page = browser.get(f"/admin/staff/{middle}/dismiss")
    list(page.forms.values())[-1].submit().follow()
    assert office.grants(middle) == []


def test_people_elsewhere_do_not_exist(office, top):
    left = office.staff("13800000008", "administrator", below=top)
    other = office.staff("13800000009", "finance", below=top)
    browser = office.browser(left)
    assert "13800000009"[-4:] not in browser.get("/admin/staff").text
    for path in ("", "/grant", "/edit", "/dismiss", "/revoke/1"):
        browser.get(f"/admin/staff/{other}{path}", status=404)
        browser.get(f"/admin/staff/{top}{path}", status=404)
    for path in ("/grant", "/edit", "/dismiss", "/revoke/1"):
        browser.get(f"/admin/staff/{left}{path}", status=404)
    assert browser.get(f"/admin/staff/{left}").status_int == 200


def test_the_tree_is_found_by_name_address_role_and_place(office, top, browser):
    branch = office.branch()
    office.staff("13800000010", "finance", below=top, title="刘静")
    office.staff("13800000011", "sampling", below=top, branch=branch, title="唐婷")

    def found(**query):
        page = browser.get("/admin/staff", query)
        return set(re.findall(r"刘静|唐婷|周明", page.html.find("main").text))

    assert found() == {"刘静", "唐婷", "周明"}
    assert found(q="刘") == {"刘静"}
    assert found(q="13800000011") == {"唐婷"}
    assert found(role="finance") == {"刘静"}
    assert found(branch=str(branch)) == {"唐婷"}
    assert found(region="4306") == set()
    assert "没有符合条件" in browser.get("/admin/staff", {"q": "无人"})
    browser.get("/admin/staff", {"branch": "x"}, status=422)


def test_a_role_is_made_copied_edited_and_retired(office, top, browser):
    page = browser.get("/admin/roles/new", {"copy": "customer_service"})
    form = form_of(page, "title")
    ticked = {field.value for field in form.fields["permissions"] if field.checked}
    assert "staff.members.edit" in ticked
    assert page.html.find(id="p-staff.audit").has_attr("disabled")
    for field in form.fields["permissions"]:
        field.checked = field._value in {"staff.orders", "staff.members"}
    page = fill(form, title="门店客服", note="只看订单和会员").submit().follow()
    assert "staff.orders" in page
    code = office.run(lambda db: db.scalar(select(Role.code)))
    clerk = office.staff("13800000012", code, below=top, title="郑洁")
    assert "郑洁" in browser.get(f"/admin/roles/{code}")

    first = form_of(browser.get(f"/admin/roles/{code}/edit"), "title")
    second = form_of(browser.get(f"/admin/roles/{code}/edit"), "title")
    fill(first, title="门店前台").submit().follow()
    late = fill(second, title="别的名字").submit(status=409)
    assert "已被他人修改" in late
    assert form_of(late, "title")["title"].value == "门店前台"

    ask = browser.get(f"/admin/roles/{code}/retire")
    assert "1 名持有者" in ask, ask.html.find("main").text
    list(ask.forms.values())[-1].submit().follow()
    assert office.run(lambda db: db.scalar(select(Role.state))) == "retired"
    assert "已失效" in browser.get(f"/admin/staff/{clerk}")
    browser.get(f"/admin/roles/{code}/edit", status=404)


def test_built_in_roles_are_read_and_copied_only(browser):
    page = browser.get("/admin/roles/finance")
    assert "不能修改" in page
    assert "编辑" not in [a.text.strip() for a in page.html.find("main").find_all("a")]
    for path in ("edit", "retire"):
        browser.get(f"/admin/roles/finance/{path}", status=404)
    browser.get("/admin/roles/emperor", status=404)


def test_a_branch_is_opened_edited_and_closed(office, top, browser):
    form = form_of(browser.get("/admin/branches/new"), "region_code-q")
    fill(form, code="yyl-01", name="岳阳楼门诊部", kind="clinic", address="巴陵中路 1 号")
    page = form.submit("region_code-turn", value="next")
    form = form_of(page, "region_code-q")
    form["region_code-province"] = "43"
    form = form_of(form.submit("region_code-turn", index=1), "region_code-q")
    form["region_code-city"] = "4306"
    form = form_of(form.submit("region_code-turn", index=1), "region_code-q")
    form["region_code-county"] = "430602"
    for field in form.fields["permissions"]:
        field.checked = field._value == "staff.orders"
    page = form.submit().follow()
    assert "湖南省岳阳市岳阳楼区" in page
    branch = office.run(lambda db: db.scalars(select(Branch)).one())
    assert (branch.code, branch.region_code, branch.permissions) == (
        "YYL-01",
        "430602",
        ["staff.orders"],
    )

    here = f"/admin/branches/{branch.id}"
    first, second = (form_of(browser.get(f"{here}/edit"), "name") for _ in range(2))
    fill(first, name="岳阳楼总店").submit().follow()
    late = fill(second, name="岳阳楼分店").submit(status=409)
    assert form_of(late, "name")["name"].value == "岳阳楼总店"
    assert "岳阳楼总店" in browser.get("/admin/branches", {"q": "总店"})

    points = browser.get(f"{here}/points")
    add = next(
        f for f in points.forms.values() if f.fields.get("action") and f["action"].value == "assign"
    )
    assert "已保存" in add.submit().follow()
    member = office.person("13900000013")
    office.run(lambda db: setattr(db.get_one(Member, member), "branch_id", branch.id))
    assert "请先撤销" in browser.get(f"{here}/close")
    move = form_of(browser.get(f"{here}/hand-over"), "target")
    page = fill(move, target="0").submit().follow()
    assert "已转移 2 项" in page
    ask = browser.get(f"{here}/close")
    list(ask.forms.values())[-1].submit().follow()
    assert office.run(lambda db: db.scalar(select(Branch.state))) == "closed"
    for path in ("edit", "close", "hand-over"):
        browser.get(f"{here}/{path}", status=404)
    told = [name for name in office.actions() if name.startswith(("branch.", "point."))]
    assert told == [
        "branch.create",
        "branch.edit",
        "point.branch",
        "branch.hand_over",
        "branch.close",
    ]


def test_branch_staff_see_their_branch_and_change_nothing_of_it(office, top):
    branch = office.branch()
    other = office.branch(BranchWish("CS-01", "长沙实验室", "partner", "430102"))
    head = office.staff("13800000014", "branch_administrator", below=top, branch=branch)
    browser = office.browser(head)
    page = browser.get("/admin/branches")
    assert "岳阳楼门诊部" in page
    assert "长沙实验室" not in page
    assert "新建机构" not in page
    browser.get(f"/admin/branches/{branch}")
    browser.get(f"/admin/branches/{branch}/points")
    browser.get(f"/admin/branches/{other}", status=404)
    browser.get("/admin/branches/new", status=404)
    for path in ("edit", "close", "hand-over"):
        browser.get(f"/admin/branches/{branch}/{path}", status=404)
    browser.get("/admin/roles", status=404)
    form = form_of(browser.get("/admin/staff/new"), "address")
    assert [value for value, _c, _t in form["branch"].options] == [str(branch)]
    new = office.person("13900000015")
    fill(form, address="13900000015", role="sampling").submit().follow()
    assert office.grants(new) == [("sampling", "*", branch)]


FORMS = (
    "/admin/staff/new",
    "/admin/roles/new",
    "/admin/branches/new",
    "/admin/staff/{clerk}/grant",
    "/admin/staff/{clerk}/edit",
    "/admin/staff/{clerk}/dismiss",
    "/admin/staff/{clerk}/revoke/{grant}",
    "/admin/roles/{code}/edit",
    "/admin/roles/{code}/retire",
    "/admin/branches/{branch}/edit",
    "/admin/branches/{branch}/close",
    "/admin/branches/{branch}/hand-over",
)


def test_every_change_asks_who_one_is_again(office, top):
    clerk = office.staff("13800000016", "cashier", below=top)
    branch, code = office.branch(), office.role("甲", "staff.orders", by=top)
    grant = office.run(
        lambda db: db.scalar(select(StaffGrant.id).where(StaffGrant.member_id == clerk))
    )
    before = office.actions()
    browser = office.browser(top, elevated=False)
    token = form_of(browser.get("/admin/staff"), "csrf_token")["csrf_token"].value
    for form in (*FORMS, "/admin/branches/{branch}/points"):
        path = form.format(clerk=clerk, grant=grant, code=code, branch=branch)
        if not path.endswith("points"):
            assert "/step-up?next=" in browser.get(path, status=303).location, path
        sent = {"csrf_token": token, "title": "x", "permissions": "staff.orders", "revision": "1"}
        assert "/step-up?next=" in browser.post(path, sent, status=303).location, path
    assert office.actions() == before


def test_fields_that_no_form_has_change_nothing(office, top, browser):
    clerk = office.staff("13800000017", "cashier", below=top, title="黄丽")
    branch = office.branch()
    extra = {
        "id": "1",
        "member_id": str(top),
        "parent_id": "",
        "granted_by": "1",
        "owner_id": "1",
        "code": "HACKED",
        "state": "closed",
        "is_admin": "1",
        "branch_id": "0",
        "closed_at": "2020-01-01",
        "role": "administrator",
        "kind": "clinic",
    }

    def post(path, **values):
        token = form_of(browser.get(path), "csrf_token")["csrf_token"].value
        return browser.post(path, {**extra, "csrf_token": token, **values})

    post(f"/admin/staff/{clerk}/edit", title="黄丽 收银员", parent=str(top)).follow()
    assert office.grants(clerk) == [("cashier", "*", 0)]
    made = post("/admin/roles/new", title="乙", permissions="staff.orders").follow()
    assert "乙" in made
    role = office.run(lambda db: db.scalars(select(Role)).one())
    assert (role.owner_id, role.state, role.code) == (top, "open", f"r{role.id}")
    sent = {"name": "新名", "region_code": "430602", "revision": "1", "permissions": "staff.orders"}
    post(f"/admin/branches/{branch}/edit", **sent).follow()
    row = office.run(lambda db: db.get_one(Branch, branch))
    assert (row.code, row.state, row.name, row.closed_at) == ("YYL-01", "open", "新名", None)


def test_odd_ids_and_bodies_are_answered(office, top, browser):
    for path in ("/admin/staff/x", "/admin/staff/9999999999999999999", "/admin/branches/0"):
        browser.get(path, status=404)
    token = form_of(browser.get("/admin/staff/new"), "csrf_token")["csrf_token"].value
    long = "很" * 300
    for path in ("/admin/staff/new", "/admin/roles/new", "/admin/branches/new"):
        page = browser.post(path, {"csrf_token": token, "title": long, "name": long}, status=422)
        assert "error-summary" in page
    assert office.run(lambda db: db.scalars(select(Role)).all()) == []


class Statements:
    """Counts what the database is asked."""

    def __init__(self, house):
        self.engine, self.count = house.database.engine, 0

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._noticed)
        return self

    def __exit__(self, *error):
        event.remove(self.engine, "before_cursor_execute", self._noticed)

    def _noticed(self, *arguments):
        self.count += 1


def test_the_tree_is_read_in_a_few_statements(office, top, browser):
    for number in range(8):
        office.staff(f"138100000{number:02}", "finance", below=top)
    browser.get("/admin/staff")
    with Statements(office.house) as few:
        browser.get("/admin/staff")
    for number in range(8, 30):
        office.staff(f"138100000{number:02}", "finance", below=top)
    with Statements(office.house) as many:
        browser.get("/admin/staff")
    assert many.count == few.count


def test_long_trees_are_read_page_by_page(office, top, browser, monkeypatch):
    monkeypatch.setattr("suwen.accounts.staffing.reading.PAGE", 2)
    for number in range(3):
        office.staff(f"1382000000{number}", "finance", below=top, title=f"员工{number}")
    page, seen = browser.get("/admin/staff"), []
    while True:
        seen += re.findall("员工[0-9]", page.html.find("main").text)
        link = page.html.find("a", rel="next")
        if link is None:
            break
        page = browser.get(link["href"])
    assert seen == ["员工0", "员工1", "员工2"]
