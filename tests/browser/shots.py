"""Pictures of the pages of a running development site, for people to look at.

    python -m tests.browser.shots --site http://127.0.0.1:6543 --into FOLDER [WORD …]

PC (1440 px) and phone (375 px, as a phone shows it); words choose pages by their names.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
from playwright.sync_api import sync_playwright

from suwen.testing.servers import chromium
from tests.browser.conftest import FLAGS
from tests.browser.watching import COMMON, PC, PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

VISITOR = (
    ("home", "/"),
    ("products", "/products"),
    ("products-none", "/products?q=没有这种检测"),
    ("product", "/products/medication-safety"),
    ("collection-points", "/collection-points"),
    ("questionnaires", "/questionnaires"),
    ("questionnaire-intro", "/questionnaires/t157-2009-adult"),
    ("sign-in", "/sign-in"),
    ("sign-in-code", "/sign-in?by=code"),
    ("register", "/register"),
    ("reset", "/reset-password"),
    ("error-404", "/nothing-here"),
)
MEMBER = (
    ("me", "/me"),
    ("profile", "/me/profile"),
    ("addresses", "/me/addresses"),
    ("address-new", "/me/addresses/new"),
    ("consents", "/me/consents"),
    ("consent", "/me/consents/terms"),
    ("privacy", "/me/privacy"),
    ("privacy-export", "/me/privacy/export"),
    ("privacy-erasure", "/me/privacy/erasure"),
    ("sessions", "/me/sessions"),
    ("step-up", "/step-up"),
    ("messages", "/messages"),
    ("orders", "/orders"),
    ("archive", "/me/archive"),
    ("accesses", "/me/archive/accesses"),
    ("results", "/me/results"),
    ("distribution", "/me/distribution"),
    ("balance", "/account/balance"),
)
FOLLOWED = (
    ("order", "/orders", "main a[href^='/orders/SW']"),
    ("record", "/me/archive", "main a[href^='/me/archive/']:not([href$=accesses])"),
    ("result", "/me/results", "main a[href^='/me/results/']"),
    ("checkout", "/products/medication-safety", "button:visible:has-text('立即购买')"),
)
STAFF = (
    ("admin-home", "/admin"),
    ("admin-plugins", "/admin/plugins"),
    ("admin-plugin", "/admin/plugins/payment_wechat/4306"),
    ("admin-plugin-preview", "/admin/plugins/payment_offline/4306?to=disabled"),
    ("admin-plugin-settings", "/admin/plugins/payment_wechat/4306/settings/payment/payment_wechat"),
    ("admin-regions", "/admin/regions"),
    ("admin-consents", "/admin/consents"),
    ("admin-consent-text", "/admin/consents/testing"),
    ("admin-privacy", "/admin/privacy"),
    ("admin-orders", "/admin/orders"),
    ("admin-intents", "/admin/intents"),
    ("admin-payments", "/admin/payments"),
    ("admin-refunds", "/admin/refunds"),
    ("admin-members", "/admin/members"),
    ("admin-staff", "/admin/staff"),
    ("admin-staff-member", "/admin/staff", "table a[href^='/admin/staff/']"),
    ("admin-roles", "/admin/roles"),
    ("admin-role", "/admin/roles/customer_service"),
    ("admin-branches", "/admin/branches"),
    ("admin-branch", "/admin/branches", "table a[href^='/admin/branches/']"),
    ("admin-member-new", "/admin/members/new"),
    ("admin-member", "/admin/members?tab=individual", "table a[href^='/admin/members/']"),
)
LABORATORY = (("admin-reports", "/admin/reports"),)
AUDITOR = (("admin-audit", "/admin/audit"),)
CASHIER = (("admin-intent", "/admin/intents", "main a[href^='/admin/intents/']"),)
FINANCE = (
    ("admin-payment", "/admin/payments", "main a[href^='/admin/payments/SWP']"),
    ("admin-refund", "/admin/refunds", "main tbody a"),
)
PAGES = {
    None: VISITOR,
    "member-c": (*MEMBER, *FOLLOWED),
    "administrator": STAFF,
    "laboratory": LABORATORY,
    "auditor": AUDITOR,
    "cashier": CASHIER,
    "finance": FINANCE,
}
"""Pages by who looks at them; a third part is what is followed on the page."""


class Photographer:
    """Signs in and takes pictures."""

    def __init__(self, browser: Browser, site: str, folder: Path, words: Sequence[str]) -> None:
        """Pictures of ``site`` go to ``folder``."""
        self._browser, self._site, self._folder, self._words = browser, site, folder, words

    def wants(self, name: str) -> bool:
        """Whether the page was asked for."""
        return not self._words or any(word in name for word in self._words)

    def context(self, device: dict[str, Any], state: Any = None, scheme: str = "light") -> Any:
        """A browser profile."""
        options = {**COMMON, **device, "storage_state": state, "color_scheme": scheme}
        return self._browser.new_context(**options)

    def sign_in(self, account: dict[str, Any]) -> Any:
        """The state of a signed-in browser, step-up included where there is no second factor."""
        context = self.context(PC)
        page = context.new_page()
        page.goto(f"{self._site}/sign-in")
        page.locator("input[name=address]").fill(account["address"])
        page.locator("input[name=password]").fill(account["password"])
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state()
        if account["totp_secret"]:
            code = pyotp.TOTP(account["totp_secret"]).at(int(time.time()))
            page.locator("input[name=totp]").fill(code)
            page.locator("main form button[type=submit]").first.click()
            page.wait_for_load_state()
        page.goto(f"{self._site}/step-up?next=/me")
        page.locator("input[name=password]").fill(account["password"])
        page.locator("form:has(input[name=password]) button[type=submit]").click()
        page.wait_for_load_state()
        state = context.storage_state()
        context.close()
        return state

    def series(self, pages: Sequence[tuple[str, ...]], state: Any = None) -> None:
        """All pages, on both devices."""
        for device, suffix in ((PC, "pc"), (PHONE, "phone")):
            context = self.context(device, state)
            for name, path, *follow in pages:
                if self.wants(name):
                    self.take(context, f"{name}-{suffix}", path, *follow)
            context.close()

    def take(self, context: BrowserContext, name: str, path: str, follow: str = "") -> None:
        """One picture: the whole page."""
        page = context.new_page()
        page.goto(f"{self._site}{path}")
        if follow:
            link = page.locator(follow).first
            if not link.count():
                sys.stderr.write(f"{name}: nothing to follow on {path}\n")
                page.close()
                return
            link.click()
            page.wait_for_load_state()
        page.evaluate("document.fonts.ready")
        page.screenshot(path=self._folder / f"{name}.png", full_page=True)
        page.close()


def main(arguments: Sequence[str]) -> int:
    """Take them."""
    parser = argparse.ArgumentParser(description="Pictures of a running development site.")
    parser.add_argument("--site", default="http://127.0.0.1:6543")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args(arguments)
    options.into.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(f"{options.site}/_dev/accounts.json") as answer:
        accounts = {one["address"].split("@")[0]: one for one in json.load(answer)["items"]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        camera = Photographer(browser, options.site, options.into, options.words)
        for who, pages in PAGES.items():
            if any(camera.wants(page[0]) for page in pages):
                camera.series(pages, camera.sign_in(accounts[who]) if who else None)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
