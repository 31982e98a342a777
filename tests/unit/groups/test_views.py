"""The pages and operations of groups: who reaches them, and a journey through them."""

import io
import json
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from webtest import TestApp

from suwen.accounts.models import Member
from suwen.accounts.services import accounts
from suwen.groups import ROUTES, workbook
from suwen.groups.models import GroupSeat
from suwen.groups.roster import Filters
from suwen.groups.services import claims
from suwen.kernel.sessions import Device
from tests import workbooks

OWN = [pattern for _name, pattern in ROUTES if pattern.startswith("/groups/{id}")]
POST_ONLY = ("/bulk", "/{act}", "/checkout")
OWNERS_ONLY = ("/groups/{id}/seats", "/groups/{id}/reports/{recipient}")


def browser(company, member_id):
    """A browser in which somebody is signed in, and proved himself just now."""

    def sign_in(db):
        service = accounts(company.house, db)
        row, token = service.sessions.open(member_id, Device())
        service.sessions.elevate(row.id, 10)
        return token

    app = TestApp(company.site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    app.set_cookie("dev-session", company.run(sign_in))
    return app


@pytest.fixture
def order(company):
    """A paid order for the first person."""
    return company.bought(company.people[0])


@pytest.fixture
def pages(company, order):
    """Addresses of all pages of the group that can be looked at."""
    made = company.preview([workbooks.person(9, name=""), workbooks.person(10)])
    found, _more = company.act(lambda g: g.fulfilment.recipients(order.id))
    values = {
        "id": company.group,
        "person": company.people[0].id,
        "import": made.id,
        "number": order.number,
        "recipient": found[0].id,
        "document": 1,
    }
    wanted = [pattern for pattern in OWN if not pattern.endswith(POST_ONLY)]
    assert len(wanted) >= 17
    return {
        pattern: re.sub(r"\{(\w+)\}", lambda m: str(values[m[1]]), pattern) for pattern in wanted
    }


def test_owners_see_all_pages(company, pages):
    app = browser(company, company.owner)
    for pattern, path in pages.items():
        if "/reports/" not in pattern:
            assert app.get(path).status_int == 200, pattern


def test_staff_see_all_but_the_owners_pages(company, pages):
    app = browser(company, company.staff)
    for pattern, path in pages.items():
        status = app.get(path, expect_errors=True).status_int
        assert status == (404 if pattern.startswith(OWNERS_ONLY) else 200), pattern


def test_nobody_else_sees_any(company, pages):
    removed = company.run(
        lambda db: db.scalar(select(GroupSeat.id).where(GroupSeat.member_id == company.staff))
    )
    company.act(lambda g: g.seats.remove(removed, company.actor()))
    for outsider in (company.stranger, company.other_group, company.staff):
        app = browser(company, outsider)
        for path in pages.values():
            assert app.get(path, expect_errors=True).status_int == 404, path


def test_without_consent_the_report_does_not_exist(company, pages):
    path = pages["/groups/{id}/reports/{recipient}"]
    for member in (company.owner, company.group):
        assert browser(company, member).get(path, expect_errors=True).status_int == 404


def test_whose_account_is_locked_is_signed_out(company, pages):
    app = browser(company, company.owner)

    def lock(db):
        db.get(Member, company.owner).state = "locked"

    company.run(lock)
    answer = app.get(pages["/groups/{id}"])
    assert answer.status_int == 303
    assert "/sign-in" in answer.location


def upload(app, company, content, name="名册.xlsx"):
    """Upload a sheet."""
    page = app.get(f"/groups/{company.group}/imports")
    form = next(f for f in page.forms.values() if "file" in f.fields)
    form["file"] = (name, content)
    return form.submit(expect_errors=True)


def test_a_sheet_is_previewed_confirmed_and_written(company):
    app = browser(company, company.staff)
    rows = [workbooks.person(100 + n, **({"name": ""} if n == 5 else {})) for n in range(2, 12)]
    page = upload(app, company, workbooks.workbook(rows).getvalue()).follow()
    assert "名册还没有变化" in page.text
    cells = [cell.text for cell in page.html.select('td[data-label="行号"]')]
    assert cells == ["5"]
    confirm = next(f for f in page.forms.values() if f.action.endswith("/confirm"))
    page = confirm.submit().follow()
    assert "正在写入" in page.text
    status = app.get(page.request.path + "/status").json
    assert (status["state"], status["done"]) == ("writing", False)
    company.house.outbox.drain()
    assert "导入完成" in app.get(page.request.path).text
    assert company.act(lambda g: g.roster.totals().people) == 12
    assert app.get(page.request.path + "/status").json["done"]


def test_faults_are_a_sheet_to_be_mended(company):
    app = browser(company, company.staff)
    bad = workbooks.person(7, name="=HYPERLINK", phone="12")
    bad[0] = "王=五"
    page = upload(app, company, workbooks.workbook([bad]).getvalue()).follow()
    answer = app.get(page.request.path + "/faults.xlsx")
    sheet = load_workbook(io.BytesIO(answer.body)).active
    assert sheet.cell(2, 1).value == 2
    assert sheet.cell(2, 2).value == "王=五"
    assert "手机号" in sheet.cell(2, 9).value


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.xlsx", workbook.NOT_A_SHEET),
        (b"a,b", "a.csv", workbook.NOT_A_SHEET),
        (workbooks.workbook([["=1+1"]]).getvalue(), "a.xlsx", workbook.FORMULAS),
        (workbooks.workbook([workbooks.person(1)]).getvalue(), "a.xlsm", workbook.MACROS),
    ],
)
def test_what_is_refused_is_refused_beside_the_file(company, content, name, reason):
    app = browser(company, company.owner)
    answer = upload(app, company, content, name)
    assert answer.status_int == 422
    assert str(reason) in answer.html.select_one("#f-file-error").text
    assert company.act(lambda g: g.roster.totals().people) == 3
    assert company.act(lambda g: g.imports.recent()) == []


def test_no_file_is_said_beside_the_field(company):
    page = browser(company, company.owner).get(f"/groups/{company.group}/imports")
    form = next(f for f in page.forms.values() if "file" in f.fields)
    answer = form.submit(expect_errors=True)
    assert answer.status_int == 422
    assert answer.html.select_one("#f-file-error")


def test_exports_hold_text_and_never_formulas(company):
    company.add(50, department="=1+1")
    app = browser(company, company.owner)
    answer = app.get(f"/groups/{company.group}/roster.xlsx")
    sheet = load_workbook(io.BytesIO(answer.body)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "=1+1" in [cell.value for cell in cells]
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_a_seat_orders_for_many_and_reaches_the_order(company):
    app = browser(company, company.staff)
    page = app.get(f"/groups/{company.group}/orders/new")
    form = next(f for f in page.forms.values() if "sku" in f.fields and f.method == "post")
    form["sku"] = str(company.site.sku)
    page = form.submit()
    assert page.html.select("input[name=person]")
    form = next(f for f in page.forms.values() if "point" in f.fields)
    form["point"] = "11"
    page = form.submit("act", value="refresh")
    assert "¥3,897.00" in page.text
    form = next(f for f in page.forms.values() if "gateway" in f.fields)
    placed = form.submit("act", value="place")
    assert re.search(r"/orders/SW\w+$", placed.location)
    path = placed.location.removeprefix("http://localhost")
    assert "去付款" in app.get(path).text
    assert browser(company, company.stranger).get(path, expect_errors=True).status_int == 404
    assert browser(company, company.other_group).get(path, expect_errors=True).status_int == 404
    number = path.rpartition("/")[2]
    assert app.get(f"/groups/{company.group}/orders/{number}").text.count("待出报告") >= 3


def test_choosing_nobody_is_said_and_nothing_is_lost(company):
    app = browser(company, company.owner)
    page = app.get(f"/groups/{company.group}/orders/new?department=%E6%B2%A1%E6%9C%89")
    assert "没有符合条件的人员" in page.text
    page = app.get(f"/groups/{company.group}/orders/new")
    form = next(f for f in page.forms.values() if "sku" in f.fields and f.method == "post")
    form["sku"], form["who"] = str(company.site.sku), "picked"
    answer = form.submit(expect_errors=True)
    assert answer.status_int == 422
    assert answer.html.select_one(f"option[value='{company.site.sku}']").has_attr("selected")


def test_removing_asks_first(company):
    app = browser(company, company.owner)
    page = app.get(f"/groups/{company.group}/roster")
    form = next(f for f in page.forms.values() if f.action.endswith("/bulk"))
    form.fields["person"][0].checked = True
    page = form.submit("act", value="remove")
    assert company.act(lambda g: g.roster.count(Filters())) == 3
    next(f for f in page.forms.values() if f.action.endswith("/bulk")).submit()
    assert company.act(lambda g: g.roster.count(Filters())) == 2


def test_a_person_claims_shares_and_leaves(company):
    entry, member = company.people[0], company.site.member("13900000010")
    app = browser(company, member)
    page = app.get(f"/claims?code={entry.code[:4]}+{entry.code[4:]}").follow()
    assert "清波公司" in page.text
    form = next(f for f in page.forms.values() if "name" in f.fields)
    form["name"], form["birth_date"] = "别人", entry.facts.birth_date.isoformat()
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    form["name"] = entry.facts.name
    page = form.submit().follow()
    assert "没有提供" in page.text
    next(f for f in page.forms.values() if f.action.endswith("/share")).submit()
    page = app.get("/me/groups")
    assert "正在提供" in page.text
    next(f for f in page.forms.values() if f.action.endswith("/stop")).submit()
    assert "没有提供" in app.get("/me/groups").text
    next(f for f in app.get("/me/groups").forms.values() if f.action.endswith("/leave")).submit()
    assert "您还没有加入任何单位" in app.get("/me/groups").text


def test_another_persons_place_does_not_exist(company):
    company.claim(company.people[0], "13900000010")
    app = browser(company, company.stranger)
    page = app.get("/me/dependants/new")
    token = page.html.select_one("input[name=csrf_token]")["value"]
    for act in ("share", "stop", "leave"):
        answer = app.post(
            f"/me/groups/{company.people[0].id}/{act}",
            {"csrf_token": token, "version": "1"},
            expect_errors=True,
        )
        assert answer.status_int == 404, act


# The API


def call(company, member, method, path, body=None):
    """An operation."""
    headers = {**company.site.token(member), "Content-Type": "application/json"}
    data = json.dumps(body) if body is not None else ""
    return company.site.app.request(
        f"/api/v1{path}",
        method=method,
        headers=headers,
        body=data.encode(),
        expect_errors=True,
    )


def test_operations_follow_the_same_rules(company, order):
    base = f"/groups/{company.group}"
    groups = call(company, company.staff, "GET", "/groups").json["items"]
    assert groups == [{"id": str(company.group), "name": "清波公司", "role": "staff"}]
    people = call(company, company.staff, "GET", f"{base}/roster?limit=2").json
    assert len(people["items"]) == 2
    assert people["next_cursor"]
    made = call(
        company,
        company.owner,
        "POST",
        f"{base}/roster",
        {"name": "新人", "birth_date": "1990-01-01"},
    )
    assert made.status_int == 201
    bad = call(
        company, company.owner, "POST", f"{base}/roster", {"name": "新人", "birth_date": "x"}
    )
    assert bad.json["errors"][0]["pointer"] == "/birth_date"
    listed = call(company, company.owner, "GET", f"{base}/orders").json["items"]
    assert listed[0]["people"] == {"assigned": 1, "reported": 0, "cancelled": 0}
    path = f"{base}/orders/{order.number}/recipients"
    (one,) = call(company, company.owner, "GET", path).json["items"]
    assert set(one) == {"id", "name", "department", "state", "claimed", "reported_at"}
    gone = call(company, company.owner, "DELETE", f"{base}/roster/{made.json['id']}")
    assert gone.status_int == 204
    for outsider in (company.stranger, company.other_group):
        for method, rest in (
            ("GET", "/roster"),
            ("GET", "/orders"),
            ("GET", f"/orders/{order.number}/recipients"),
            ("DELETE", f"/roster/{company.people[0].id}"),
        ):
            answer = call(company, outsider, method, base + rest)
            assert answer.status_int == 404, (method, rest)


def test_a_sheet_by_the_api(company):
    content = workbooks.workbook([workbooks.person(60), workbooks.person(61, name="")]).getvalue()
    answer = company.site.app.post(
        f"/api/v1/groups/{company.group}/roster-imports",
        upload_files=[("file", "a.xlsx", content)],
        headers=company.site.token(company.staff),
    )
    made = answer.json
    assert (answer.status_int, made["total"], made["faulty"]) == (201, 2, 1)
    path = f"/groups/{company.group}/roster-imports/{made['id']}"
    faults = call(company, company.staff, "GET", f"{path}/faults").json["items"]
    assert [row["row"] for row in faults] == [3]
    assert call(company, company.stranger, "GET", path).status_int == 404
    assert call(company, company.staff, "POST", f"{path}/confirmation").status_int == 202
    company.house.outbox.drain()
    assert call(company, company.staff, "GET", path).json["state"] == "done"


def test_an_order_by_the_api(company):
    body = {
        "sku_id": str(company.site.sku),
        "people": [str(entry.id) for entry in company.people],
        "collection": {"method": "on_site", "point_id": "11"},
        "gateway": "payment_fake",
    }
    answer = call(company, company.staff, "POST", f"/groups/{company.group}/orders", body)
    assert answer.status_int == 201
    assert answer.json["people"] == 3
    assert answer.json["payable_fen"] == 3 * 129_900
    assert (
        call(company, company.stranger, "POST", f"/groups/{company.group}/orders", body).status_int
        == 404
    )


def test_places_by_the_api(company):
    entry, member = company.people[0], company.site.member("13900000010")
    body = {
        "code": entry.code,
        "name": entry.facts.name,
        "birth_date": entry.facts.birth_date.isoformat(),
    }
    made = call(company, member, "POST", "/me/groups", body)
    assert made.status_int == 201
    path = f"/me/groups/{made.json['id']}"
    version = company.run(lambda db: accounts(company.house, db).consents.present("group_results"))
    shared = call(company, member, "POST", f"{path}/sharing", {"version": version.version})
    assert shared.status_int == 204
    assert call(company, member, "GET", "/me/groups").json["items"][0]["shares_results"]
    assert call(company, member, "DELETE", f"{path}/sharing").status_int == 204
    assert not call(company, member, "GET", "/me/groups").json["items"][0]["shares_results"]
    assert call(company, company.stranger, "DELETE", path).status_int == 404
    assert call(company, member, "DELETE", path).status_int == 204
    assert call(company, member, "GET", "/me/groups").json["items"] == []


# A shared report


def test_a_shared_report_is_read_after_proving_oneself(company):
    entry = company.people[0]
    member = company.claim(entry, "13900000010")
    order = company.bought(entry)
    company.consent(member)
    company.report(order, entry.facts)
    (recipient,), _more = company.act(lambda g: g.fulfilment.recipients(order.id))
    path = f"/groups/{company.group}/reports/{recipient.id}"
    app = browser(company, company.owner)
    assert app.get(path, expect_errors=True).status_int == 404

    def share(db):
        service = claims(company.house, db)
        about, who = service.about(), company.actor(member)
        service.share(entry.id, who, version=about.version, shown=str(about.text))

    company.run(share)
    listed = app.get(f"/groups/{company.group}/orders/{order.number}")
    assert path in listed.text
    page = app.get(path)
    assert "营养代谢基因检测" in page.text
    file = page.html.select_one("main a[download], main a[href*='/reports/']")["href"]
    content = app.get(file)
    assert content.body.startswith(b"%PDF-")
    assert content.headers["Cache-Control"] == "no-store, private"
    assert content.headers["Content-Disposition"].startswith("attachment")
    staff = browser(company, company.staff)
    assert staff.get(path, expect_errors=True).status_int == 404
    assert path not in staff.get(f"/groups/{company.group}/orders/{order.number}").text
    company.run(lambda db: claims(company.house, db).stop_sharing(entry.id, company.actor(member)))
    for gone in (path, file):
        assert app.get(gone, expect_errors=True).status_int == 404


def test_who_did_not_prove_himself_is_asked_to(company):
    entry = company.people[0]
    order = company.bought(entry)
    (recipient,), _more = company.act(lambda g: g.fulfilment.recipients(order.id))

    def sign_in(db):
        return accounts(company.house, db).open_browser_session(company.owner, Device())

    app = TestApp(company.site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    app.set_cookie("dev-session", company.run(sign_in))
    answer = app.get(f"/groups/{company.group}/reports/{recipient.id}", expect_errors=True)
    assert answer.status_int == 303
    assert "/step-up" in answer.location
