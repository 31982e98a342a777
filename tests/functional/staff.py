"""Staff at the pages of the back office."""

from __future__ import annotations

import pyotp


def with_field(page, name):
    """The page's form that has this field."""
    return next(form for form in page.forms.values() if name in form.fields)


class StaffBrowser:
    """A member of staff at the pages of the back office."""

    def __init__(self, market, role):
        account = market.account(role)
        self.browser = market.browser()
        form = with_field(self.browser.get("/sign-in"), "address")
        form["address"], form["password"] = account["address"], account["password"]
        second = with_field(form.submit(), "totp")
        second["totp"] = pyotp.TOTP(account["totp_secret"]).now()
        answer = second.submit()
        assert answer.status_int == 303, answer.text

    def upload(self, order, content, status=303):
        """Import a report."""
        page = self.browser.get("/admin/reports")
        form = next(f for f in page.forms.values() if f.action.endswith("/reports/import"))
        form["order"] = order
        form["file"] = ("报告.pdf", content)
        answer = form.submit(expect_errors=True)
        assert answer.status_int == status, answer.text
        return answer

    def release(self):
        """Release the newest."""
        page = self.browser.get("/admin/reports")
        form = next(f for f in page.forms.values() if f.action.endswith("/release"))
        assert "操作已完成" in form.submit().follow().text
