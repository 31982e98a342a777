"""Steps of the main job as people take them: words on the screen, no addresses typed."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp

from tests.program import eventually
from tests.reports import report

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.watching import Visitor

PASSWORD = "岳阳楼上看洞庭-1046"
PRODUCT = "medication-safety"
ITEMS = 60
CONSENTS = ("基因检测知情同意", "敏感个人信息处理", "样本交由检测机构")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody new in every test."""

    phone: str
    name: str
    birth_date: str


def somebody(name: str = "欧阳静怡") -> Person:
    """A new person with a telephone number that nobody has."""
    return Person(f"139{secrets.randbelow(10**8):08d}", name, "1991-03-08")


def choose_region(visitor: Visitor, name: str) -> None:
    """From the menu in the page's head."""
    page = visitor.page
    page.locator("summary[aria-label^='服务地区']").first.click()
    page.get_by_role("button", name=name, exact=True).first.click()
    visitor.look()
    shown = page.locator("summary[aria-label^='服务地区']").first.get_attribute("aria-label")
    assert shown is not None
    assert name in shown


def register(visitor: Visitor, person: Person) -> None:
    """With a telephone number and the code that was sent to it."""
    page = visitor.page
    other_way = page.get_by_role("link", name="改用手机号注册")
    if other_way.count() and other_way.first.is_visible():
        other_way.first.click()
        visitor.look()
    page.get_by_label("手机号").locator("visible=true").fill(person.phone)
    page.locator("button:visible", has_text="获取验证码").click()
    visitor.look()
    page.get_by_label("验证码", exact=False).first.fill(
        visitor.program.code_for("+86" + person.phone)
    )
    page.get_by_label("设置密码").fill(PASSWORD)
    page.get_by_label("我已阅读并同意").check()
    visitor.press("完成注册")


def fill_profile(visitor: Visitor, person: Person) -> None:
    """What a report is matched by, and what one question of the questionnaire asks for."""
    visitor.go("/me/profile")
    page = visitor.page
    page.get_by_label("真实姓名").fill(person.name)
    page.get_by_label("出生日期").fill(person.birth_date)
    page.get_by_label("性别").select_option("female")
    visitor.press("保存")
    page.get_by_text("资料已保存").wait_for()


def give_consents(visitor: Visitor) -> None:
    """The three without which no report is imported, one by one."""
    visitor.go("/me/consents")
    for title in CONSENTS:
        visitor.press(f"同意：{title}")
        visitor.page.get_by_text("已记录您的同意").wait_for()


def buy(visitor: Visitor) -> None:
    """From the product's page to checkout, or to signing in before it."""
    visitor.page.locator("button:visible", has_text="立即购买").first.click()
    visitor.look()


def fen(text: str) -> int:
    """The amount in a text such as ¥1,299.00."""
    found = re.search(r"¥\s*([0-9,]+)\.([0-9]{2})", text)
    assert found, text
    return int(found[1].replace(",", "")) * 100 + int(found[2])


def price(visitor: Visitor) -> int:
    """What the chosen SKU costs, in fen."""
    return fen(visitor.page.locator(".price-box .price").first.inner_text())


def share_link(visitor: Visitor, slug: str) -> str:
    """Make the link on the distribution page and read it there."""
    visitor.go("/me/distribution")
    page = visitor.page
    page.get_by_label("分享哪个检测").select_option(slug)
    visitor.press("生成链接")
    link = page.locator("[data-copy*='/s/']").first.get_attribute("data-copy")
    assert link is not None
    return link


def choose_point(visitor: Visitor, name: str) -> None:
    """A collection point, and then its region's ways to pay."""
    page = visitor.page
    select = page.locator("select[name=point]")
    option = select.locator("option", has_text=name).first.get_attribute("value")
    select.select_option(option)
    page.get_by_role("button", name="更新价格与支付方式").click()
    visitor.look()


def choose_gateway(visitor: Visitor, title: str) -> None:
    """By its card."""
    visitor.page.locator("label.choice", has_text=title).click()


def place_order(visitor: Visitor) -> None:
    """Submit what checkout shows."""
    visitor.press("提交订单")


def pay_at_cashier(visitor: Visitor) -> str:
    """Scan the code with another device and press 支付; the page notices by itself."""
    page = visitor.page
    page.locator("img.pay-qr").wait_for()
    number = page.url.rpartition("/")[2]
    phone = visitor.context.new_page()
    phone.goto(f"{visitor.program.simulator_url}/pay/wechat/{number}")
    phone.get_by_text("素问健康服务").first.wait_for()
    phone.get_by_role("button", name="支付", exact=True).click()
    phone.get_by_text("支付成功").first.wait_for()
    phone.close()
    page.bring_to_front()
    page.wait_for_url(re.compile(rf"/payments/{number}/result"))
    page.get_by_text("付款成功").first.wait_for()
    visitor.look()
    return number


def sign_in(visitor: Visitor, address: str, password: str) -> None:
    """First factor."""
    visitor.go("/sign-in")
    page = visitor.page
    page.get_by_label("手机号或邮箱").fill(address)
    page.locator("input[name=password]").fill(password)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    visitor.look()


def sign_in_account(visitor: Visitor, account: dict[str, Any]) -> None:
    """A demonstration account, with its second factor where it has one."""
    sign_in(visitor, account["address"], account["password"])
    if account["totp_secret"]:
        second_factor(visitor, account["totp_secret"])


_USED: dict[str, int] = {}


def second_factor(visitor: Visitor, secret: str) -> None:
    """A code that was not used before: the site takes each time step once."""
    totp, now = pyotp.TOTP(secret), int(time.time()) // 30
    # One step ahead is within the allowed drift, so that nobody waits for half a minute.
    step = max(now - 1, _USED.get(secret, 0) + 1)
    eventually(lambda: step <= int(time.time()) // 30 + 1, "a fresh time step", 35)
    _USED[secret] = step
    visitor.page.locator("input[name=totp]").fill(totp.generate_otp(step))
    visitor.page.locator("main").locator("button[type=submit]").first.click()
    visitor.look()


def step_up(visitor: Visitor, password: str) -> None:
    """Prove oneself again by password."""
    page = visitor.page
    assert "/step-up" in page.url
    form = page.locator("main form", has=page.locator("input[name=password]"))
    form.locator("input[name=password]").fill(password)
    form.locator("button[type=submit]").first.click()
    visitor.look()


def import_report(visitor: Visitor, folder: Path, order: str, person: Person) -> None:
    """Staff upload the report of an order."""
    path = folder / f"{order}.pdf"
    path.write_bytes(report(person.name, person.birth_date))
    visitor.go("/admin/reports")
    page = visitor.page
    page.get_by_label("订单号").fill(order)
    page.locator("input[type=file]").set_input_files(path)
    page.locator("main").get_by_role("button", name="导入").click()
    visitor.look()
    page.get_by_text("报告已导入并与受检人信息相符").wait_for()


def release_newest(visitor: Visitor) -> None:
    """Release the report on top of the list."""
    button = visitor.page.locator("tbody tr").first.get_by_role("button", name="发布")
    confirm_dialog(visitor, button)
    visitor.page.get_by_text("操作已完成").wait_for()


def download(visitor: Visitor) -> bytes:
    """The first document of the opened record."""
    with visitor.page.expect_download() as waiting:
        visitor.page.locator("a[href*='/documents/']").first.click()
    return waiting.value.path().read_bytes()


def begin_questionnaire(visitor: Visitor) -> None:
    """Give the consent where it is asked for, and begin."""
    consent = visitor.page.get_by_label("我已阅读，单独同意")
    if consent.count():
        consent.check()
    visitor.press("开始作答")


def confirm_dialog(visitor: Visitor, button: Locator) -> None:
    """Press what asks back, and confirm."""
    button.click()
    # The form is sent once the dialog is gone, which the press on its button does not wait for.
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("dialog").get_by_role("button", name="确定").click()
    visitor.look()


def answer_one_by_one(visitor: Visitor) -> None:
    """A tap on each screen; the page turns by itself."""
    page = visitor.page
    for place in range(ITEMS):
        question = page.locator("fieldset.question:visible")
        assert question.count() == 1
        name = question.get_attribute("id")
        label = question.locator("label.choice").nth(place % 5)
        label.click()
        if place < ITEMS - 1:
            page.locator(f"#{name}").wait_for(state="hidden")
    page.get_by_text("已自动保存").wait_for()


def answer_long_form(visitor: Visitor) -> None:
    """All items on one page, as without a script."""
    questions = visitor.page.locator("fieldset.question")
    assert questions.count() == ITEMS
    for place in range(ITEMS):
        questions.nth(place).locator("label.choice").nth(place % 5).click()


def look_at_result(visitor: Visitor) -> None:
    """Nine scores with verdicts, and the same numbers drawn."""
    page = visitor.page
    page.get_by_role("heading", name="体质报告").first.wait_for()
    rows = page.locator(".report-scores tbody tr")
    assert rows.count() == 9
    for row in rows.all():
        assert re.fullmatch(r"[0-9]+(\.[0-9])?", row.locator("td.num").nth(1).inner_text().strip())
        assert row.locator("td.verdict").inner_text().strip() in {"是", "倾向是", "基本是", "否"}
    radar = page.locator(".report-radar svg")
    assert radar.get_attribute("role") == "img"
    assert radar.bounding_box()["width"] > 200  # type: ignore[index]
