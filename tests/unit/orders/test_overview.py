import pytest
from sqlalchemy import event

from suwen.accounts.services import accounts
from suwen.kernel.sessions import Device
from suwen.kernel.web import cookie_name
from suwen.ledger.accounts import member_account
from suwen.ledger.services import ledger


@pytest.fixture
def member(site):
    """A member who is signed in to the browser."""
    member_id = site.member("13800004001")
    cookie = cookie_name(site.house.settings, "session")

    def act(db):
        return accounts(site.house, db).open_browser_session(member_id, Device())

    site.app.set_cookie(cookie, site.run(act))
    return member_id


def cards(site):
    page = site.app.get("/me")
    return {
        card.select_one(".member-card-title").text.strip(): (
            card.strong.text,
            "is-calling" in card["class"],
        )
        for card in page.html.select(".member-card")
    }


def test_nothing_waits_for_a_new_member(site, member):
    shown = cards(site)
    assert shown["待付款"] == ("0", False)
    assert shown["进行中的订单"] == ("0", False)
    assert shown["健康报告"] == ("0", False)
    assert shown["可用余额"] == ("¥0.00", False)


def test_what_waits_stands_out(site, member):
    site.place(member)
    site.buy(member)
    site.buy(site.member("13800004002"))
    postings = [(member_account(member, "available"), -1250), ("commission_expense", 1250)]
    site.run(lambda db: ledger(site.house, db).post("gift", "1", postings))
    shown = cards(site)
    assert shown["待付款"] == ("1", True)
    assert shown["进行中的订单"] == ("1", False)
    assert shown["可用余额"] == ("¥12.50", False)


def test_orders_cost_the_overview_no_statements(site, member):
    def cost():
        site.app.get("/me")
        seen = []

        def keep(_connection, _cursor, statement, *_rest):
            if not statement.startswith(("BEGIN", "PRAGMA")):
                seen.append(statement)

        event.listen(site.house.database.engine, "before_cursor_execute", keep)
        site.app.get("/me")
        event.remove(site.house.database.engine, "before_cursor_execute", keep)
        return seen

    before = cost()
    for _number in range(3):
        site.buy(member)
    after = cost()
    assert len(after) == len(before), after
    assert len(after) <= 16, "\n".join(after)
