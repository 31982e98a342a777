"""Administrators at work: a custom role, a colleague below, a branch; on the PC and on a phone."""

from __future__ import annotations

from itertools import count

import pytest

from tests.browser import steps
from tests.browser.watching import PC, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NUMBERS = count(1)
READ = ("/admin/staff", "/admin/roles", "/admin/roles/finance", "/admin/branches")


@pytest.mark.parametrize("device", [PC, PHONE], ids=["pc", "phone"])
def test_a_role_a_colleague_and_a_branch(site, visitors, device):
    number = next(NUMBERS)
    visitor = visitors.new(site, device)
    account = site.account("administrator")
    steps.sign_in_account(visitor, account)
    for path in READ:
        visitor.go(path)
        visitor.look()
    page = visitor.page

    visitor.go("/admin/roles/new")
    steps.step_up(visitor, account["password"])
    visitor.look()
    page.get_by_label("名称").fill(f"到店接待 {number}")
    page.get_by_label("查看和处理订单").check()
    assert page.get_by_label("查看审计日志").is_disabled()
    visitor.press("保存")
    page.get_by_text("已创建").wait_for()
    visitor.look()

    visitor.go("/admin/staff/new")
    visitor.look()
    page.get_by_label("手机号或邮箱").fill(f"desk{number}@staff.suwen.example")
    page.get_by_label("姓名与职务").fill(f"罗敏 接待 {number}")
    page.get_by_label("角色", exact=False).first.select_option(label=f"到店接待 {number}")
    page.get_by_label("分支机构").select_option(label="YYL-01 素问岳阳楼门诊部")
    page.get_by_label("这个地址没有注册时").check()
    visitor.press("添加")
    page.get_by_text("已创建账户").wait_for()
    visitor.look()
    visitor.press("编辑", role="link")
    visitor.look()
    page.get_by_label("上级").select_option(label="　彭建国 门诊部主任（b***@staff.suwen.example）")
    visitor.press("保存")
    page.get_by_role("link", name="撤销角色", exact=False).click()
    visitor.look()
    visitor.press("确认撤销")
    page.get_by_text("角色已撤销").wait_for()

    visitor.go("/admin/branches/new")
    visitor.look()
    page.locator("#f-code").fill(f"HR-0{number}")
    page.locator("#f-name").fill(f"华容门诊 {number}")
    page.locator("label.choice", has_text="门诊").first.click()
    for level, code in (("省级", "43"), ("市级", "4306"), ("区县", "430623")):
        page.get_by_label(level).select_option(code)
    page.get_by_label("查看和处理订单").check()
    visitor.press("保存")
    page.get_by_text("湖南省岳阳市华容县").wait_for()
    visitor.look()
    visitor.press("采集点", role="link")
    visitor.look()
    page.go_back()
    visitor.press("关闭机构", role="link")
    visitor.look()
    visitor.press("确认关闭")
    page.get_by_text("分支机构已关闭").wait_for()
