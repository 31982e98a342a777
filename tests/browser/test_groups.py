"""A company on PC: a roster comes in from a sheet, and tests are ordered for all of it."""

from __future__ import annotations

import re

import pytest

from tests import workbooks
from tests.browser import steps
from tests.browser.watching import PC, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FAULTY = 4
"""Number of the row whose birth date is impossible."""


def test_a_roster_comes_in_and_tests_are_ordered_for_it(site, visitors, pages_folder):
    company = visitors.new(site, PC)
    steps.sign_in_account(company, site.account("group"))
    company.go("/me/groups")
    company.press("进入", role="link", exact=False)
    company.press("导入", role="link")
    rows = [workbooks.person(number) for number in range(2, 12)]
    rows[FAULTY - 2][1] = "1990-02-30"
    path = pages_folder / "roster.xlsx"
    path.write_bytes(workbooks.workbook(rows).getvalue())
    page = company.page
    page.locator("input[type=file]").set_input_files(path)
    company.press("上传并预览")
    numbers = page.locator("td[data-label='行号']").all_inner_texts()
    assert numbers == [str(FAULTY)]
    company.press("写入 9 人")
    # The page notices by itself when the worker has finished.
    page.get_by_text("导入完成").first.wait_for()
    company.look()

    company.press("订购与履约", role="link")
    company.press("批量订购", role="link")
    sku = page.locator("select[name=sku] option", has_text="叶酸").first.get_attribute("value")
    page.locator("select[name=sku]").select_option(sku)
    company.press("下一步：采样与价格")
    steps.choose_point(company, "岳阳")
    steps.choose_gateway(company, "微信支付")
    company.press("提交订单")
    assert re.search(r"/orders/SW\w+$", page.url)
    page.get_by_role("button", name="去付款").click()
    steps.pay_at_cashier(company)
    company.press("查看订单", role="link")
    page.get_by_text("已付款").first.wait_for()
    number = page.url.rpartition("/")[2]
    company.go("/me/groups")
    company.press("进入", role="link", exact=False)
    company.press("订购与履约", role="link")
    page.locator(f"a[href$='/orders/{number}']", has_text="履约明细").click()
    company.look()
    assert page.locator("tbody tr").count() == 20
    page.get_by_text("待出报告").first.wait_for()


@pytest.mark.parametrize("device", [PC, PHONE], ids=["pc", "phone"])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_page_of_a_group(site, visitors, device, language):
    company = visitors.new(site, device)
    steps.sign_in_account(company, site.account("group"))
    company.context.add_cookies([{"name": "lang", "value": language, "url": site.url}])
    page = company.go("/me/groups")
    base = page.locator("main a[href^='/groups/']").first.get_attribute("href")
    for path in ("", "/roster", "/roster/new", "/roster/letters", "/imports", "/orders", "/seats"):
        company.go(f"{base}{path}")
    for path, link in (
        ("/roster", "main tbody a"),
        ("/orders", "main a[href*='/orders/SW']:not([href^='/orders'])"),
        ("/orders", "main a[href$='/orders/new']"),
    ):
        company.go(f"{base}{path}")
        page.locator(link).first.click()
        company.look()


@pytest.mark.parametrize("device", [PC, PHONE], ids=["pc", "phone"])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_page_of_a_person(site, visitors, device, language):
    person = visitors.new(site, device)
    steps.sign_in_account(person, site.account("member-c"))
    person.context.add_cookies([{"name": "lang", "value": language, "url": site.url}])
    for path in ("/me/groups", "/claims", "/me/dependants", "/me/dependants/new"):
        person.go(path)
    person.go("/claims/AAAAAAAAAAAA", status=404)
