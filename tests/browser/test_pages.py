"""Every page, on a PC and on a phone, as those see it who may."""

from __future__ import annotations

import pytest

from tests.browser import steps
from tests.browser.shots import PAGES
from tests.browser.watching import PC, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOT_THERE = {"error-404"}


@pytest.mark.parametrize("device", [PC, PHONE], ids=["pc", "phone"])
@pytest.mark.parametrize("who", PAGES, ids=[who or "visitor" for who in PAGES])
def test_every_page(site, visitors, who, device):
    visitor = visitors.new(site, device)
    if who:
        account = site.account(who)
        steps.sign_in_account(visitor, account)
        visitor.go("/step-up?next=/me")
        steps.step_up(visitor, account["password"])
    for name, path, *follow in PAGES[who]:
        page = visitor.go(path, status=404 if name in NOT_THERE else 200)
        if follow:
            page.locator(follow[0]).first.click()
            visitor.look()
        heading = page.locator("h1")
        assert heading.count() == 1, f"{name}: {heading.count()} h1"
        assert page.locator("html").get_attribute("lang") == "zh-CN"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_english_pages_fit_the_phone(site, visitors, scheme):
    visitor = visitors.new(site, PHONE, color_scheme=scheme, locale="en-US")
    for name, path, *_follow in PAGES[None]:
        page = visitor.go(path, status=404 if name in NOT_THERE else 200)
        assert page.locator("h1").inner_text().strip()
