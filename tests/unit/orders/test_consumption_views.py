import io
from datetime import date

import openpyxl
import pytest
import time_machine
from sqlalchemy import event

from suwen.accounts.services import accounts
from suwen.kernel.sessions import Device
from suwen.kernel.web import cookie_name
from suwen.orders.views.consumption import begins
from tests.fixtures_shop import PRICE

PAGE, API = "/me/consumption", "/api/v1/me/consumption"


@pytest.fixture
def member(site):
    """A member who bought one of everything; the browser is signed in."""
    with time_machine.travel("2026-11-20T02:00:00+00:00", tick=False) as clock:
        member_id = site.member("13800002001")
        site.first = site.buy(member_id)
        clock.shift(3600)
        site.second = site.buy(member_id)
        clock.shift(24 * 3600)
        site.give_back(site.first)
        clock.shift(60)
        _sign_in(site, member_id)
        yield member_id


def _sign_in(site, member_id):
    def act(db):
        return accounts(site.house, db).open_browser_session(member_id, Device())

    site.app.set_cookie(cookie_name(site.house.settings, "session"), site.run(act))


def test_the_page_shows_rows_by_day_and_their_sums(site, member):
    page = site.app.get(PAGE)
    assert page.html.select_one(".sum-main dd").text == "¥1,299.00"
    days = [found.text for found in page.html.select(".movements h2")]
    assert days == ["2026-11-21", "2026-11-20"]
    amounts = [found.text for found in page.html.select(".movement-amount")]
    assert amounts == ["+¥1,299.00", "-¥1,299.00", "-¥1,299.00"]
    assert "营养代谢基因检测" in page.text
    assert site.first.number in page.text


def test_filters_are_kept_by_links_and_files(site, member):
    page = site.app.get(PAGE, {"kind": "refund", "period": "month"})
    assert len(page.html.select(".movement-amount")) == 1
    link = page.html.select_one("a[href*='/file']")["href"]
    assert "kind=refund" in link
    assert "period=month" in link
    book = openpyxl.load_workbook(io.BytesIO(site.app.get(link).body))
    rows = list(book.active.iter_rows(values_only=True))
    assert [row[1] for row in rows[1:]] == ["订单退款"]
    assert rows[1][4:] == (site.first.number, 1299)


def test_paper_and_file_name_no_test(site, member):
    printed = site.app.get(f"{PAGE}/print")
    assert site.second.number in printed.text
    assert "营养" not in printed.text
    file = site.app.get(f"{PAGE}/file", {"kind": "order"})
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["Cache-Control"] == "no-store"
    cells = [
        str(cell)
        for row in openpyxl.load_workbook(io.BytesIO(file.body)).active.values
        for cell in row
    ]
    assert not [cell for cell in cells if "营养" in cell]
    assert site.second.number in cells


def test_days_of_ones_own_stand_above_the_period(site, member):
    page = site.app.get(PAGE, {"since": "2026-11-21", "period": "month"})
    assert len(page.html.select(".movement-amount")) == 1
    assert not page.html.select(".tabs [aria-current]")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "2026-11-22", "until": "2026-11-21"}, "until"),
        ({"since": "yesterday"}, "since"),
        ({"kind": "theft"}, "kind"),
        ({"text": "x" * 61}, "text"),
    ],
)
def test_a_bad_filter_is_told_beside_its_field(site, member, query, field):
    page = site.app.get(PAGE, query, status=422)
    assert page.html.select_one(f"#f-{field}-error")
    assert page.html.select_one(f"#f-{field}")


def test_a_cursor_that_nobody_gave_is_told(site, member):
    assert "列表位置无效" in site.app.get(PAGE, {"cursor": "x"}, status=422).text


def test_nothing_yet(site):
    _sign_in(site, site.member("13800002002"))
    assert "这段时间没有符合条件的记录" in site.app.get(PAGE).text
    assert "还没有消费记录" in site.app.get(PAGE, {"period": "all"}).text
    assert "这段时间没有" in site.app.get(f"{PAGE}/print").text
    file = site.app.get(f"{PAGE}/file")
    assert len(list(openpyxl.load_workbook(io.BytesIO(file.body)).active.values)) == 1


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/print", f"{PAGE}/file"])
def test_it_opens_for_members_only(site, path):
    assert "/sign-in" in site.app.get(path, status=303).location


def test_the_operation_gives_rows_and_sums(site, member):
    headers = site.token(member)
    answer = site.app.get(API, {"limit": 2}, headers=headers).json
    assert answer["totals"] == {
        "spent_fen": 2 * PRICE,
        "refunded_fen": PRICE,
        "net_fen": PRICE,
        "balance_in_fen": 0,
        "balance_out_fen": 0,
        "count": 3,
    }
    assert [item["amount_fen"] for item in answer["items"]] == [PRICE, -PRICE]
    assert answer["items"][0]["order_number"] == site.first.number
    rest = site.app.get(API, {"cursor": answer["next_cursor"]}, headers=headers).json
    assert [item["order_number"] for item in rest["items"]] == [site.first.number]
    assert rest["next_cursor"] is None
    wanted = {"kind": "order", "since": "2026-11-20", "until": "2026-11-20", "q": "营养"}
    assert site.app.get(API, wanted, headers=headers).json["totals"]["count"] == 2
    other = site.token(site.member("13800002003"))
    assert site.app.get(API, headers=other).json["items"] == []
    site.app.get(API, {"cursor": answer["next_cursor"]}, headers=other, status=400)
    site.app.get(API, {"kind": "theft"}, headers=headers, status=422)


def test_rows_cost_no_statements(site, member):
    def cost(path, **options):
        site.app.get(path, **options)
        seen = []

        def keep(_connection, _cursor, statement, *_rest):
            if not statement.startswith(("BEGIN", "PRAGMA")):
                seen.append(statement)

        event.listen(site.house.database.engine, "before_cursor_execute", keep)
        site.app.get(path, **options)
        event.remove(site.house.database.engine, "before_cursor_execute", keep)
        return seen

    headers = {"headers": site.token(member)}
    before = [cost(PAGE), cost(f"{PAGE}/file"), cost(API, **headers)]
    for _number in range(3):
        site.buy(member)
    after = [cost(PAGE), cost(f"{PAGE}/file"), cost(API, **headers)]
    assert [len(seen) for seen in before] == [len(seen) for seen in after], after
    assert len(after[2]) <= 4, after[2]


@pytest.mark.parametrize(
    ("period", "today", "first"),
    [
        ("month", date(2026, 11, 24), date(2026, 11, 1)),
        ("quarter", date(2026, 11, 24), date(2026, 8, 25)),
        ("quarter", date(2026, 5, 31), date(2026, 3, 1)),
        ("quarter", date(2026, 1, 15), date(2025, 10, 16)),
        ("year", date(2026, 11, 24), date(2025, 11, 25)),
        ("year", date(2024, 2, 29), date(2023, 3, 1)),
        ("all", date(2026, 11, 24), None),
    ],
)
def test_where_a_period_begins(period, today, first):
    assert begins(period, today) == first
