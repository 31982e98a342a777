"""Consents given and taken back, a copy of everything, and leaving, as people do it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from tests.browser import steps
from tests.browser.watching import PC, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAIT_MS = 30_000


@pytest.mark.parametrize(
    ("where", "device"),
    [("site", PC), ("postgres_site", PHONE)],
    ids=["sqlite-pc", "postgresql-phone"],
)
def test_consents_copy_and_erasure(where, device, request, visitors):
    program = request.getfixturevalue(where)
    visitor, person = visitors.new(program, device), steps.somebody("司马静姝")
    visitor.go("/register")
    steps.register(visitor, person)
    steps.fill_profile(visitor, person)
    give_and_withdraw(visitor)

    visitor.go("/me/privacy")
    visitor.press("申请或下载", role="link")
    steps.step_up(visitor, steps.PASSWORD)
    visitor.press("申请副本")
    everything = copy(visitor)
    assert person.name in everything
    assert f"+86{person.phone}" in everything

    visitor.go("/me/privacy")
    visitor.press("了解并注销", role="link")
    page = visitor.page
    assert "《电子商务法》第三十一条" in page.locator("main").inner_text()
    page.get_by_label("请输入“注销”以确认").fill("注销")
    visitor.press("注销我的账户")
    assert "/privacy/receipts/" in page.url
    receipt = page.url.removeprefix(program.url)
    # The page asks by itself, and nobody is signed in any more.
    page.locator(".badge", has_text="已完成").first.wait_for(timeout=WAIT_MS)
    visitor.look()
    table = page.locator("main table").inner_text()
    assert "已删除" in table
    assert "依法保留" in table
    assert person.name not in page.content()

    stranger = visitors.new(program, device)
    stranger.go(receipt)
    steps.sign_in(stranger, person.phone, steps.PASSWORD)
    stranger.page.get_by_text("账号、密码或验证码不正确").first.wait_for()
    assert program.json("audit", "verify")["ok"]


def give_and_withdraw(visitor):
    steps.give_consents(visitor)
    visitor.press("记录与撤回：样本交由检测机构", role="link")
    page = visitor.page
    page.get_by_text("尚未寄出的样本不再寄送").first.wait_for()
    visitor.press("确认撤回")
    page.get_by_text("已撤回授权。尚未寄出的样本不再寄送").wait_for()
    assert page.get_by_role("button", name="同意：样本交由检测机构").count() == 1


def copy(visitor):
    """What the archive's ``data.json`` says."""
    page = visitor.page
    link = page.get_by_role("link", name="下载副本")
    link.wait_for(timeout=WAIT_MS)
    visitor.look()
    with page.expect_download() as waiting:
        link.click()
    archive = zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes()))
    assert archive.testzip() is None
    assert "README.txt" in archive.namelist()
    text = archive.read("data.json").decode()
    assert json.loads(text)["accounts"]["title"]
    return text
