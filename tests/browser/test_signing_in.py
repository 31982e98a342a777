"""Becoming a member, the second factor, a forgotten password, a second address."""

from __future__ import annotations

import re
import secrets

import pytest

from tests.browser import steps
from tests.browser.watching import PC, PHONE
from tests.program import eventually


def an_address(device):
    """What this screen asks for first, as it is typed and as it is written to."""
    if device is PHONE:
        number = f"137{secrets.randbelow(10**8):08d}"
        return number, "+86" + number
    mail = f"wang{secrets.randbelow(10**9)}@example.com"
    return mail, mail


def begin(visitor, typed):
    """The form that this screen shows."""
    form = visitor.page.locator("main form:visible")
    form.locator("input[name=address]").fill(typed)
    form.get_by_role("button", name="获取验证码").click()
    visitor.look()


def sign_out(visitor):
    """The cookie goes; what the server does is tested elsewhere."""
    visitor.go("/me/sessions")
    button = visitor.page.locator("main").get_by_role("button", name="全部退出，包括这台")
    steps.confirm_dialog(visitor, button)
    assert "/sign-in" in visitor.page.url


def sign_in(visitor, address, password):
    visitor.go("/sign-in")
    page = visitor.page
    page.get_by_label("手机号或邮箱").fill(address)
    page.locator("input[name=password]").fill(password)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    visitor.look()


@pytest.mark.parametrize("device", [PC, PHONE], ids=["pc", "phone"])
def test_register_second_factor_and_recovery_code(site, visitors, device):
    visitor = visitors.new(site, device)
    typed, sent_to = an_address(device)
    page = visitor.page

    visitor.go("/register")
    form = page.locator("main form:visible")
    assert form.count() == 1
    assert form.locator("input[name=address]").get_attribute("type") == (
        "tel" if device is PHONE else "email"
    )
    begin(visitor, typed)
    again = page.get_by_role("button", name="重新获取验证码")
    assert again.is_disabled()
    # A code is pasted as it stands in the message, with a space.
    code = site.code_for(sent_to)
    field = page.get_by_label("验证码", exact=False).first
    assert field.get_attribute("autocomplete") == "one-time-code"
    field.fill(f"{code[:3]} {code[3:]}")
    password = page.get_by_label("设置密码")
    password.fill("short")
    page.get_by_role("button", name="显示密码").click()
    assert password.get_attribute("type") == "text"
    password.fill("qwertyuiop")
    page.get_by_label("我已阅读并同意").check()
    visitor.press("完成注册")
    page.get_by_text("这个密码太常见").first.wait_for()
    # The right code and the tick are still there.
    page.get_by_label("设置密码").fill(steps.PASSWORD)
    visitor.press("完成注册")
    page.get_by_text("注册成功").wait_for()

    sign_out(visitor)
    sign_in(visitor, typed, steps.PASSWORD)
    visitor.go("/me/sessions")
    page.get_by_text("两步验证").first.wait_for()
    visitor.go("/me/totp")
    steps.step_up(visitor, steps.PASSWORD)
    secret = page.locator(".copy code").inner_text()
    steps.second_factor(visitor, secret)
    codes = page.locator(".recovery-codes code").all_inner_texts()
    assert len(codes) == 10
    visitor.press("我已保存，继续", role="link")
    page.get_by_text("还剩 10 个").wait_for()

    sign_out(visitor)
    sign_in(visitor, typed, steps.PASSWORD)
    page.locator("input[name=totp]").fill(codes[0].lower())
    visitor.press("验证并登录")
    page.wait_for_url(re.compile(r"/me$"))
    visitor.go("/me/totp")
    steps.step_up(visitor, steps.PASSWORD)
    page.get_by_text("还剩 9 个").wait_for()
    page.get_by_text("关闭两步验证").first.click()
    page.locator("#f-totp-off").fill(codes[1])
    visitor.press("关闭两步验证")
    page.get_by_text("两步验证已关闭").wait_for()


@pytest.mark.parametrize(("device", "who"), [(PC, "member-a"), (PHONE, "member-b")])
def test_reset_without_a_script(site, visitors, device, who):
    """The demonstration account keeps its password: it is set anew to what it was."""
    account = site.account(who)
    visitor = visitors.new(site, device, java_script_enabled=False)
    page = visitor.page
    visitor.go("/sign-in")
    visitor.press("忘记密码？", role="link")
    page.get_by_label("手机号或邮箱").fill(account["address"])
    visitor.press("获取验证码")
    page.get_by_text("如果这个地址已经注册").wait_for()
    page.get_by_label("验证码", exact=False).first.fill("000000")
    page.get_by_label("新密码").fill(account["password"])
    visitor.press("设置新密码")
    page.get_by_text("验证码不正确或已过期").first.wait_for()
    page.get_by_label("验证码", exact=False).first.fill(site.code_for(account["address"]))
    page.get_by_label("新密码").fill(account["password"])
    visitor.press("设置新密码")
    page.get_by_text("新密码已生效").wait_for()
    steps.sign_in_account(visitor, account)
    visitor.go("/me")


@pytest.mark.parametrize(("device", "who"), [(PC, "member-c"), (PHONE, "group")])
def test_a_phone_number_is_added_and_taken_away(site, visitors, device, who):
    account, number = site.account(who), f"136{secrets.randbelow(10**8):08d}"
    visitor = visitors.new(site, device)
    page = visitor.page
    steps.sign_in_account(visitor, account)
    visitor.go("/me/sessions")
    page.locator("main").get_by_role("link", name="管理", exact=True).first.click()
    visitor.look()
    visitor.press("绑定", role="link")
    steps.step_up(visitor, account["password"])
    field = page.get_by_label("新的手机号")
    field.fill("13812")
    page.locator("main form").evaluate("form => form.noValidate = true")
    visitor.press("获取验证码")
    page.locator("#f-address-error").wait_for()
    assert field.input_value() == "13812"
    field.fill(number)
    visitor.press("获取验证码")
    page.locator("input[name=code]").fill(site.code_for("+86" + number))
    page.locator("input[name=old_code]").fill(site.code_for(account["address"]))
    visitor.press("确认")
    page.get_by_text("登录方式已更新").wait_for()
    row = page.locator(".row-flex.spread", has_text="手机号").first
    assert number not in page.content()
    steps.confirm_dialog(visitor, row.get_by_role("button", name="解绑"))
    page.get_by_text("已解绑").wait_for()
    eventually(
        lambda: [m for m in site.sent("+86" + number, "push_sms") if "解绑" in m["text"]],
        "the message to the number that went",
    )
