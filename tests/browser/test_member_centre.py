"""The member centre: complete the profile, add addresses with the picker, see the consumption record."""

from __future__ import annotations

import pytest

from tests.browser import steps
from tests.browser.watching import PC, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DISTRICT = ("43", "4306", "430602")


@pytest.mark.parametrize(
    ("where", "device"),
    [("site", PC), ("postgres_site", PHONE)],
    ids=["sqlite-pc-keyboard", "postgresql-phone-touch"],
)
def test_profile_addresses_and_consumption(where, device, request, visitors):
    program = request.getfixturevalue(where)
    visitor, person = visitors.new(program, device), steps.somebody()
    visitor.go("/register")
    steps.register(visitor, person)

    visitor.go("/me")
    page = visitor.page
    page.get_by_text("资料完整度").wait_for()
    page.get_by_text("0%", exact=True).wait_for()
    visitor.press("填写真实姓名", role="link", exact=False)
    assert page.url.endswith("/me/profile#f-real_name")
    page.get_by_label("真实姓名").fill("王\u200b小明")
    visitor.press("保存")
    page.get_by_text("含有看不见的字符").first.wait_for()
    steps.fill_profile(visitor, person)
    page.get_by_label("职业").fill("湖泊生态研究")
    visitor.press("保存")
    page.get_by_text("80%", exact=True).wait_for()

    visitor.press("填写收货地址", role="link", exact=False)
    if device is PC:
        _by_keyboard(page)
    else:
        _by_touch(page)
    page.get_by_text("地址已保存").wait_for()
    visitor.look()
    first = page.locator(".address-list > li").first
    assert "湖南省岳阳市岳阳楼区" in first.inner_text()
    assert "默认收采样包" in first.inner_text()
    assert "默认收报告" in first.inner_text()

    visitor.press("新增地址", role="link")
    page.locator("label.choice", has_text="只收纸质报告").click()
    page.get_by_label("收件人").fill("欧阳静怡")
    page.get_by_label("手机号").fill("13800138000")
    for level, code in zip(("省级", "市级", "区县"), ("11", "1101", "110105"), strict=True):
        select = page.get_by_label(level)
        if select.input_value() != code:  # Beijing's one "city" chooses itself
            select.select_option(code)
    page.get_by_label("详细地址").fill("建国路 1 号")
    visitor.press("保存")
    cards = page.locator(".address-list > li")
    assert cards.count() == 2
    reports = cards.filter(has_text="只收纸质报告")
    assert "北京市朝阳区" in reports.inner_text()

    visitor.go("/me")
    assert page.get_by_text("资料完整度").count() == 0
    order, price = _buy(visitor)

    visitor.go("/me/consumption")
    row = page.locator(".movements li", has_text=order)
    assert row.locator(".movement-amount").inner_text() == f"-¥{price // 100:,}.{price % 100:02d}"
    assert steps.fen(page.locator(".sum-main dd").inner_text()) == price
    page.get_by_label("类型").select_option("refund")
    visitor.press("查找")
    page.get_by_text("这段时间没有符合条件的记录").wait_for()
    visitor.press("查看全部时间", role="link")
    with page.expect_download() as waiting:
        visitor.page.get_by_role("link", name="下载 Excel").click()
    assert waiting.value.path().read_bytes().startswith(b"PK")
    visitor.press("打印", role="link")
    assert order in page.locator("main").inner_text()

    visitor.go("/me/addresses")
    visitor.press("删除欧阳静怡的地址", role="link")
    visitor.press("删除")
    page.get_by_text("地址已删除").wait_for()
    assert page.locator(".address-list > li").count() == 1


def _by_keyboard(page):
    """Nothing but keys, from the first field to the button."""
    page.get_by_label("收件人").focus()
    page.keyboard.type("王小明")
    page.keyboard.press("Tab")
    page.keyboard.type("13900139000")
    page.keyboard.press("Tab")
    search = page.get_by_role("combobox", name="按名称或代码查找")
    search.wait_for()
    page.keyboard.type("岳阳")
    options = page.get_by_role("option").filter(has_text="湖南省岳阳市")
    options.first.wait_for()
    page.get_by_role("status").filter(has_text="个地区").wait_for(state="attached")
    page.keyboard.press("Escape")
    assert search.get_attribute("aria-expanded") == "false"
    page.keyboard.type("楼")
    page.keyboard.press("ArrowDown")
    chosen = page.locator(f"#{search.get_attribute('aria-activedescendant')}")
    assert "岳阳楼区" in chosen.inner_text()
    page.keyboard.press("Enter")
    _chosen(page)
    page.keyboard.press("Tab")
    page.keyboard.type("巴陵中路 77 号")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def _by_touch(page):
    page.get_by_label("收件人").fill("王小明")
    page.get_by_label("手机号").fill("13900139000")
    page.get_by_role("combobox", name="按名称或代码查找").tap()
    page.keyboard.type("430602")
    page.get_by_role("option").filter(has_text="岳阳楼区").tap()
    _chosen(page)
    page.get_by_label("详细地址").fill("巴陵中路 77 号")
    page.get_by_role("button", name="保存").tap()


def _chosen(page):
    levels = page.locator("[data-division-level]")
    assert tuple(level.input_value() for level in levels.all()) == DISTRICT


def _buy(visitor):
    visitor.go("/")
    steps.choose_region(visitor, "岳阳市")
    visitor.go(f"/products/{steps.PRODUCT}")
    price = steps.price(visitor)
    steps.buy(visitor)
    steps.choose_point(visitor, "岳阳")
    steps.choose_gateway(visitor, "微信支付")
    steps.place_order(visitor)
    steps.pay_at_cashier(visitor)
    visitor.press("查看订单", role="link")
    visitor.page.get_by_text("已付款").first.wait_for()
    return visitor.page.url.rpartition("/")[2], price


def test_the_picker_without_javascript(site, visitors):
    visitor, person = visitors.new(site, PHONE, java_script_enabled=False), steps.somebody()
    visitor.go("/register")
    steps.register(visitor, person)
    visitor.go("/me/addresses/new")
    page = visitor.page
    page.get_by_label("收件人").fill("王小明")
    page.get_by_label("省级").select_option("43")
    visitor.press("列出下一级")
    assert page.get_by_label("收件人").input_value() == "王小明"
    page.get_by_label("市级").select_option("4306")
    visitor.press("列出下一级")
    assert page.get_by_label("区县").locator("option", has_text="岳阳楼区").count() == 1
    page.get_by_label("按名称或代码查找").fill("芙蓉")
    visitor.press("查找")
    page.locator("label.choice", has_text="湖南省长沙市芙蓉区").click()
    page.get_by_label("手机号").fill("13900139000")
    page.get_by_label("详细地址").fill("五一大道 1 号")
    visitor.press("保存")
    page.get_by_text("地址已保存").wait_for()
    assert "湖南省长沙市芙蓉区" in page.locator(".address-list").inner_text()
