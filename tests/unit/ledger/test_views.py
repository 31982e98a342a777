import pytest

from suwen.ledger.accounts import member_account
from suwen.ledger.services import ledger
from tests.unit.ledger import sites


@pytest.fixture
def site(ledger_house):
    return sites.browser(ledger_house)


@pytest.fixture
def filled(ledger_house):
    """A statement of 25 lines: 24 times frozen money, and a debt."""
    with ledger_house.database.transaction() as session:
        books = ledger(ledger_house, session)
        for number in range(24):
            books.post(
                "given",
                str(number),
                [("commission_expense", 100), (member_account(7, "frozen"), -100)],
                memo="返现冻结",
            )
        books.post("debt", "1", [(member_account(7, "debt"), 5), ("commission_expense", -5)])


def test_the_page_shows_balances_and_pages_through_the_statement(site, filled):
    page = site.as_(7).get("/account/balance")

    assert "¥24.00" in page.text
    assert "账户有欠款 ¥0.05" in page.text
    assert page.text.count("返现冻结") == 19
    following = page.click("下一页")
    assert following.text.count("返现冻结") == 5
    assert "下一页" not in following.text


def test_an_empty_account(site):
    page = site.as_(7).get("/account/balance")

    assert "还没有账户变动" in page.text
    assert "欠款" not in page.text


def test_another_members_money_is_not_shown(site, filled):
    assert "返现冻结" not in site.as_(8).get("/account/balance").text
    assert site.as_(8).get("/api/v1/me/account").json["frozen_fen"] == 0


def test_visitors_have_no_account(site):
    assert site.get("/account/balance", expect_errors=True).status_int in {302, 303, 401, 403}
    assert site.get("/api/v1/me/account", expect_errors=True).status_int == 401


def test_a_bad_cursor_is_a_client_error(site):
    member = site.as_(7)

    assert member.get("/account/balance?cursor=x", expect_errors=True).status_int == 400
    answer = member.get("/api/v1/me/account/entries?cursor=x", expect_errors=True)
    assert (answer.status_int, answer.json["code"]) == (400, "bad_cursor")


def test_the_api(site, filled):
    member = site.as_(7)

    assert member.get("/api/v1/me/account").json == {
        "available_fen": 0,
        "frozen_fen": 2400,
        "debt_fen": 5,
    }
    first = member.get("/api/v1/me/account/entries?limit=2").json
    assert [(e["account"], e["amount_fen"]) for e in first["items"]] == [
        ("debt", 5),
        ("frozen", 100),
    ]
    assert first["items"][1]["title"] == "返现冻结"
    rest = member.get(f"/api/v1/me/account/entries?limit=100&cursor={first['next_cursor']}").json
    assert (len(rest["items"]), rest["next_cursor"]) == (23, None)
