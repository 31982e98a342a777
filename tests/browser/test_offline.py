"""Paying at the counter: only in 岳阳, and only the cashier's confirmation makes an order."""

from __future__ import annotations

import pytest

from tests.browser import steps
from tests.browser.watching import PC, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNTER = "线下支付"


def test_the_cashier_makes_the_order(site, visitors):
    buyer = visitors.new(site, PHONE)
    buyer.go("/register?next=/products/medication-safety")
    steps.register(buyer, steps.somebody("南宫远"))
    price = steps.price(buyer)
    steps.buy(buyer)
    steps.choose_point(buyer, "长沙")
    assert COUNTER in buyer.page.locator("p.text-muted", has_text=COUNTER).inner_text()
    assert buyer.page.locator("label.choice", has_text=COUNTER).count() == 0

    steps.choose_point(buyer, "岳阳")
    steps.choose_gateway(buyer, COUNTER)
    steps.place_order(buyer)
    code = buyer.page.url.rpartition("/")[2]
    buyer.page.get_by_text(code).first.wait_for()
    assert steps.fen(buyer.page.locator("dl.facts").first.inner_text()) == price
    buyer.go("/orders")
    assert buyer.page.locator(".order-card").count() == 0

    before = clearing(site)
    cashier = visitors.new(site, PC)
    steps.sign_in_account(cashier, site.account("cashier"))
    confirm(cashier, code, price - 1, "R-9001")
    cashier.page.locator("#f-amount-error").wait_for()
    assert cashier.page.get_by_label("收据编号").input_value() == "R-9001"
    assert clearing(site) == before
    confirm(cashier, code, price, "R-9001")
    cashier.page.get_by_text("已确认收款并生成订单").wait_for()
    assert clearing(site) == before + price

    order = cashier.page.locator("a[href^='/admin/orders/']").first.inner_text().split()[-1]
    site.run("intent", "confirm", code, "--receipt", "R-9001", "--as", cashier_address(site))
    assert clearing(site) == before + price

    buyer.go(f"/intents/{code}")
    buyer.press("查看订单", role="link")
    buyer.page.get_by_text(order).first.wait_for()
    buyer.page.get_by_text("已付款").first.wait_for()
    buyer.go("/orders")
    assert buyer.page.locator(".order-card").count() == 1


def confirm(cashier, code, amount, receipt):
    """Fill the form of the intent's page in and send it."""
    cashier.go(f"/admin/intents/{code}")
    page = cashier.page
    page.get_by_label("实收金额").fill(f"{amount / 100:.2f}")
    page.get_by_label("收据编号").fill(receipt)
    cashier.press("确认收款并生成订单")


def cashier_address(site):
    """Who confirms."""
    return site.account("cashier")["address"]


def clearing(site):
    """What the counter has taken, by the ledger."""
    accounts = site.json("ledger", "verify")["accounts"]
    return sum(a["balance_fen"] for a in accounts if a["code"] == "clearing.payment_offline")


def test_without_javascript_from_product_to_counter(site, visitors):
    buyer = visitors.new(site, PHONE, java_script_enabled=False)
    buyer.go("/register?next=/products/medication-safety")
    steps.register(buyer, steps.somebody("端木青"))
    buyer.press("立即购买")
    steps.choose_point(buyer, "岳阳")
    steps.choose_gateway(buyer, COUNTER)
    steps.place_order(buyer)
    assert "/intents/" in buyer.page.url
    buyer.press("取消付款意向")
    buyer.page.get_by_text("付款意向已取消").wait_for()
