"""The regional switch, moved by another process, and plugins whose package is gone."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from sqlalchemy import text

from suwen import ENTRY_POINT_GROUP
from suwen.kernel import migrations
from suwen.kernel.plugins.host import PluginHost
from tests.functional.conftest import Market
from tests.functional.shopping import buy, cheapest, wish
from tests.functional.staff import StaffBrowser

ROOT = Path(__file__).parents[2]
OFFLINE = "payment_offline"
YUEYANG = "4306"


def offered(client):
    """Ways to pay at a point in 岳阳."""
    quote = client.ok("POST", "/order-quotes", wish(client))
    return [method["gateway"] for method in quote["payment_methods"]]


def in_another_process(market, *words):
    """A ``suwen`` command on the same site."""
    command = [sys.executable, "-m", "tests.program_command", "-c", str(market.ini()), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_switch_moved_in_another_process_counts_on_the_next_request(market):
    client = market.client()
    client.register(region_code=YUEYANG)
    assert offered(client) == ["payment_wechat", OFFLINE]
    placed = client.ok("POST", "/orders", wish(client, gateway=OFFLINE), status=202)
    order = confirm(market, placed["intent"]["code"], "R-77")
    waiting = client.ok("POST", "/orders", wish(client, gateway=OFFLINE), status=202)

    in_another_process(market, "plugin", "disable", OFFLINE, "--region", YUEYANG)
    assert offered(client) == ["payment_wechat"]
    client.refused(422, "gateway_refused", "POST", "/orders", wish(client, gateway=OFFLINE))
    confirm(market, waiting["intent"]["code"], "R-78", status=1)

    # What it has taken is settled all the same.
    assert client.get(f"/orders/{order}")["state"] == "paid"
    body = {"reason": "不需要了"}
    refund = client.ok("POST", f"/orders/{order}/refunds", body, status=201)
    finance = market.account("finance")["address"]
    market.command("refund", "approve", refund["number"], "--as", finance)
    market.work()
    assert client.get(f"/orders/{order}")["state"] == "refunded"

    in_another_process(market, "plugin", "enable", OFFLINE, "--region", YUEYANG)
    assert offered(client) == ["payment_wechat", OFFLINE]
    confirm(market, waiting["intent"]["code"], "R-78")


def confirm(market, code, receipt, status=0):
    """The cashier's confirmation; the order's number."""
    who = market.account("cashier")["address"]
    words = ("intent", "confirm", code, "--receipt", receipt, "--as", who)
    answer = market.command(*words, status=status)
    return answer and answer["order_number"]


def test_draining_begins_nothing_new_and_ends_what_was_begun(market):
    client = market.client()
    client.register(region_code=YUEYANG)
    placed = client.ok("POST", "/orders", wish(client, gateway=OFFLINE), status=202)
    market.command("plugin", "drain", OFFLINE, "--region", YUEYANG)
    assert offered(client) == ["payment_wechat"]
    client.refused(422, "gateway_refused", "POST", "/orders", wish(client, gateway=OFFLINE))
    order = confirm(market, placed["intent"]["code"], "R-79")
    assert client.get(f"/orders/{order}")["state"] == "paid"


def test_a_plugins_pages_are_gone_where_it_is_off(market):
    client = market.client()
    client.register(region_code=YUEYANG)
    assert client.get("/me/messages")["items"] is not None
    market.command("plugin", "disable", "push_inbox", "--region", YUEYANG)
    assert client.call("GET", "/me/messages").status_int == 404


def test_products_of_a_test_type_are_not_sold_where_it_is_off_and_reports_stay(market):
    owner = market.client()
    owner.sign_in("member-c")
    (record,) = owner.get("/me/archive")["items"]
    slug = "medication-safety"
    assert owner.get(f"/products/{slug}?region={YUEYANG}")["offered"]
    market.command("plugin", "disable", "archive_gene_report", "--region", YUEYANG)
    body = wish(owner, gateway="payment_wechat")
    answer = owner.call("POST", "/orders", body)
    assert answer.status_int == 422, answer.text
    assert not owner.get(f"/products/{slug}?region={YUEYANG}")["offered"]
    assert [item["id"] for item in owner.get("/me/archive")["items"]] == [record["id"]]


class WithoutOne(PluginHost):
    """All installed plugins but one, as after ``pip uninstall``."""

    def __init__(self, missing):
        super().__init__(strict=True)
        self.load(p for p in entry_points(group=ENTRY_POINT_GROUP) if p.name != missing)


@pytest.mark.parametrize("plugin", [OFFLINE, "payment_wechat", "push_inbox", "reward_tiered"])
def test_a_site_whose_plugin_was_uninstalled(demonstration, plugin):
    url, folder = demonstration
    before = Market(url, folder)
    client = before.client()
    client.register(region_code=YUEYANG)
    order = buy(before, client)
    before.check_books()
    before.close()

    after = Market(url, folder, WithoutOne(plugin))
    try:
        assert "core" in migrations.upgrade(after.house)
        assert migrations.at_head(after.house)
        again = after.client()
        again.access_token = client.access_token
        assert again.get(f"/orders/{order['number']}")["state"] == "paid"
        owner = after.client()
        owner.sign_in("member-c")
        numbers = [row["number"] for row in owner.get("/orders")["items"]]
        assert numbers
        staff = sign_in(after, "administrator")
        for path in (f"/admin/orders/{order['number']}", f"/admin/orders/{numbers[0]}"):
            assert staff.get(path).status_int == 200
        assert plugin in staff.get("/admin/plugins").text
        assert after.browser().get("/").status_int == 200
        if plugin in {OFFLINE, "payment_wechat"}:
            assert plugin not in offered(again)
            assert (
                "插件已卸载" in staff.get("/admin/orders/" + numbers[0]).text or plugin != OFFLINE
            )
        after.check_books()
    finally:
        after.close()


def sign_in(market, role):
    """A browser in which staff is signed in."""
    return StaffBrowser(market, role).browser


def test_refund_of_an_order_whose_gateway_is_gone_waits_for_a_person(demonstration):
    url, folder = demonstration
    market = Market(url, folder, WithoutOne(OFFLINE))
    try:
        owner = market.client()
        owner.sign_in("member-c")
        order = next(o for o in owner.get("/orders")["items"] if o["state"] == "paid")
        refund = owner.ok(
            "POST", f"/orders/{order['number']}/refunds", {"reason": "不做了"}, status=201
        )
        finance = sign_in(market, "finance")
        page = finance.get("/admin/refunds")
        assert refund["number"] in page.text
        market.check_books()
    finally:
        market.close()


def test_price_is_the_frozen_one_at_confirmation(market):
    client = market.client()
    client.register(region_code=YUEYANG)
    placed = client.ok("POST", "/orders", wish(client, gateway=OFFLINE), status=202)
    price = cheapest(client)["price_fen"]
    with market.house.database.transaction() as db:
        db.execute(text("UPDATE sku SET price_fen = price_fen + 100"))
    order = confirm(market, placed["intent"]["code"], "R-8")
    assert client.get(f"/orders/{order}")["payable_fen"] == price
