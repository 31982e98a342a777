"""The main job, from the first look at the shop to the radar of the questionnaire."""

from __future__ import annotations

import pytest

from tests.browser import steps
from tests.browser.watching import PC, PHONE
from tests.program import eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("where", "device"),
    [("site", PC), ("postgres_site", PHONE)],
    ids=["sqlite-pc", "postgresql-phone"],
)
def test_main_job(where, device, request, visitors, pages_folder):
    program = request.getfixturevalue(where)
    sponsor = visitors.new(program, device)
    steps.sign_in_account(sponsor, program.account("member-b"))
    before = frozen(sponsor)
    link = steps.share_link(sponsor, steps.PRODUCT)

    buyer, person = visitors.new(program, device), steps.somebody()
    buyer.go("/")
    steps.choose_region(buyer, "岳阳市")
    buyer.go(link.removeprefix(program.url))
    assert buyer.page.url.endswith(f"/products/{steps.PRODUCT}")
    price = steps.price(buyer)
    steps.buy(buyer)
    buyer.press("注册", role="link", exact=False)
    steps.register(buyer, person)
    assert "/checkout" in buyer.page.url
    steps.choose_point(buyer, "岳阳")
    steps.choose_gateway(buyer, "微信支付")
    steps.place_order(buyer)
    payment = steps.pay_at_cashier(buyer)
    assert program.books()[payment]["amount_fen"] == price
    buyer.press("查看订单", role="link")
    buyer.page.get_by_text("已付款").first.wait_for()
    order = buyer.page.url.rpartition("/")[2]

    after = frozen(sponsor)
    assert after - before == price * 8 // 100
    grand = visitors.new(program, device)
    steps.sign_in_account(grand, program.account("member-a"))
    lines = commissions(grand)
    assert lines[0] == ("第 2 级", price * 4 // 100, "冻结中")
    assert commissions(sponsor)[0] == ("第 1 级", price * 8 // 100, "冻结中")

    told = eventually(
        lambda: [m for m in program.sent("+86" + person.phone, "push_sms") if order in m["text"]],
        "the message about the payment",
    )
    assert len(told) == 1
    assert "用药" not in told[0]["text"]
    buyer.go("/messages")
    buyer.page.get_by_text("订单付款成功").first.wait_for()

    steps.fill_profile(buyer, person)
    steps.give_consents(buyer)
    laboratory = visitors.new(program, PC)
    steps.sign_in_account(laboratory, program.account("laboratory"))
    steps.import_report(laboratory, pages_folder, order, person)
    buyer.go("/me/archive")
    buyer.page.get_by_text("这里还没有报告").wait_for()
    steps.release_newest(laboratory)
    eventually(
        lambda: [
            m for m in program.sent("+86" + person.phone, "push_sms") if "新的健康资料" in m["text"]
        ],
        "the message about the report",
    )

    buyer.go("/me/archive")
    buyer.page.locator(".order-card a").first.click()
    buyer.look()
    steps.step_up(buyer, steps.PASSWORD)
    buyer.page.get_by_role("heading", name="安心用药基因检测").first.wait_for()
    assert steps.download(buyer).startswith(b"%PDF-")
    buyer.go("/me/archive/accesses")
    log = buyer.page.locator("main").inner_text()
    assert "查看报告" in log
    assert "下载报告文件" in log
    assert "发布报告" in log

    buyer.go("/questionnaires")
    buyer.press("开始了解", role="link", exact=False)
    steps.begin_questionnaire(buyer)
    steps.answer_one_by_one(buyer)
    buyer.press("提交，查看结果")
    steps.look_at_result(buyer)
    assert program.json("ledger", "verify")["ok"]
    assert program.json("audit", "verify")["ok"]


def frozen(visitor):
    visitor.go("/me/distribution")
    return steps.fen(visitor.page.locator(".figure-card", has_text="冻结中").inner_text())


def commissions(visitor):
    visitor.go("/me/distribution")
    rows = visitor.page.locator("table", has_text="级别").locator("tbody tr").all()
    return [
        (
            row.locator("td").nth(1).inner_text().strip(),
            steps.fen(row.locator("td").nth(2).inner_text()),
            row.locator("td").nth(3).inner_text().strip(),
        )
        for row in rows
    ]


def test_questionnaire_without_javascript(site, visitors):
    visitor, person = visitors.new(site, PHONE, java_script_enabled=False), steps.somebody("司徒清")
    visitor.go("/register")
    steps.register(visitor, person)
    steps.fill_profile(visitor, person)
    visitor.go("/questionnaires")
    visitor.press("开始了解", role="link", exact=False)
    steps.begin_questionnaire(visitor)
    visitor.press("提交，查看结果")  # the browser itself refuses an incomplete form
    assert "/questionnaires/sessions/" in visitor.page.url
    steps.answer_long_form(visitor)
    visitor.press("提交，查看结果")
    steps.look_at_result(visitor)
