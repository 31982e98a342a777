"""Pages against people who send what no browser's form would."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from suwen.accounts.services import accounts
from suwen.kernel.sessions import Device
from tests.fixtures_shop import OFFLINE

if TYPE_CHECKING:
    from webtest import TestResponse

    from tests.fixtures_shop import Site

PHONE = "13900001111"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def sign_in(site: Site) -> None:
    """Sign the test's browser in as a new member."""
    member = site.member(PHONE)
    token = site.run(
        lambda db: accounts(site.house, db).open_browser_session(member, Device("test"))
    )
    site.app.set_cookie("dev-session", str(token))


def csrf(site: Site) -> str:
    """The token of the test's browser."""
    found = _TOKEN.search(site.app.get("/register").text)
    assert found is not None
    return found[1]


def post(site: Site, path: str, **fields: Any) -> TestResponse:
    """A form as the test's browser sends it, whatever the answer."""
    values = {"csrf_token": csrf(site), **fields}
    return site.app.post(path, values, expect_errors=True)


@pytest.mark.sqlite
def test_choices_of_display_are_kept(site: Site) -> None:
    """The view would answer 405 if it did not name its method, as every view that writes must."""
    answer = post(site, "/preferences", mode="dark", care="1", lang="en", next="/products")
    assert answer.status_int == 303
    assert answer.headers["Location"].endswith("/products")
    assert site.app.cookies["mode"] == "dark"
    assert site.app.cookies["lang"] == "en"


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/region", "next"),
        ("/sign-in", "next"),
        ("/sign-in", "ticket"),
        ("/register", "kind"),
        ("/me/profile", "sex"),
        ("/me/addresses/new", "detail"),
        ("/me/sessions", "session"),
        ("/checkout", "sku"),
        ("/me/distribution/share", "product"),
        ("/questionnaires/t157-2009-adult", "consent"),
    ],
)
def test_a_file_where_a_text_is_expected_is_refused(site: Site, path: str, field: str) -> None:
    """A file part is no string: without a guard every form would stumble over it."""
    sign_in(site)
    answer = site.app.post(
        path,
        {"csrf_token": csrf(site)},
        upload_files=[(field, "a.txt", b"x")],
        expect_errors=True,
    )
    assert answer.status_int == 400


@pytest.mark.sqlite
@pytest.mark.parametrize("asked", ["/\u2028/x", "/产品", "/a\u00a0b"])
def test_the_way_back_is_ascii(site: Site, asked: str) -> None:
    """A header carries no other character; the server would end the answer with a 500."""
    answer = post(site, "/region", code="4306", next=asked)
    assert answer.status_int == 303
    assert answer.headers["Location"].isascii()


@pytest.mark.sqlite
def test_an_intent_of_somebody_else_cannot_be_told_from_nonsense(site: Site) -> None:
    """Withdrawing it answers 404 for both, as showing it does."""
    intent: Any = site.place(site.member("13900002222"), OFFLINE)
    sign_in(site)
    answers = [post(site, f"/intents/{code}/cancel") for code in (intent.code, "AAAAAAAA")]
    assert [answer.status_int for answer in answers] == [404, 404]
