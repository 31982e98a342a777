import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from webtest import TestApp

from suwen.accounts.policy import SecurityPolicy
from suwen.kernel import clock as kernel_clock
from suwen.kernel.audit import SYSTEM
from suwen.kernel.sessions import Device, WebSession
from suwen.kernel.settings import Settings
from tests.unit.accounts.conftest import form_of, sign_in

COOKIE = "dev-session"


@pytest.fixture
def staff(make_member, site_act, web):
    """A browser of somebody with these roles."""

    def make(*roles, totp=True):
        member_id = make_member()
        for role in roles:
            site_act(lambda s, r=role: s.staff.grant(member_id, r, SYSTEM))
        if totp:
            site_act(lambda s: s.totp.set_secret(member_id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"))
        token = site_act(lambda s: s.open_browser_session(member_id, Device()))
        web.set_cookie(COOKIE, token)
        return member_id

    return make


def test_a_visitor_is_sent_to_sign_in_and_back(web, make_member):
    answer = web.get("/mine?a=1", status=303)
    assert answer.location.endswith("/sign-in?next=%2Fmine%3Fa%3D1")
    make_member()
    page = answer.follow()
    form = form_of(page)
    form["address"], form["password"] = "13812345678", "correct horse 42"
    assert form.submit().location.endswith("/mine?a=1")
    assert web.get("/mine").json["member"]


@pytest.mark.parametrize(
    "evil", ["https://evil.example/", "//evil.example", "/\\evil.example", "\tx"]
)
def test_next_never_leaves_the_site(web, make_member, evil):
    make_member()
    answer = sign_in(web, next=evil)
    assert answer.status_int == 303
    assert answer.location in {"http://localhost/", "http://localhost/me"}


def test_public_pages_are_open_and_undeclared_ones_are_not(web, staff):
    assert web.get("/open").json == {"member": None}
    staff("administrator", "finance", "expert")
    web.get("/undeclared", status=403)


def test_staff_pages_do_not_exist_for_members(web, make_member):
    make_member()
    sign_in(web)
    web.get("/admin", status=404)
    web.get("/admin/finance", status=404)


def test_a_visitor_of_staff_pages_signs_in(web):
    assert "/sign-in?next=%2Fadmin" in web.get("/admin", status=303).location


def test_staff_see_their_areas_only(web, staff):
    staff("finance")
    web.get("/admin")
    web.get("/admin/finance")
    web.get("/admin/audit", status=404)


def test_staff_without_second_factor_set_it_up_first(web, staff):
    staff("finance", totp=False)
    assert "/me/totp" in web.get("/admin/finance", status=303).location


def test_the_auditor_reads_only(web, staff):
    staff("auditor")
    web.get("/admin/audit")
    token = form_of(web.get("/sign-in?next=/x"), "csrf_token")["csrf_token"].value
    web.post("/admin/audit", {"csrf_token": token}, status=404)


def test_cookies_do_not_count_below_the_api_nor_tokens_on_pages(web, make_member, site_act, wsgi):
    member_id = make_member()
    sign_in(web)
    web.get("/api/v1/me", status=401)
    pair = site_act(lambda s: s.tokens.sign_in(member_id, Device()))
    other = TestApp(wsgi)
    bearer = {"Authorization": f"Bearer {pair.access_token}"}
    assert other.get("/open", headers=bearer).json == {"member": None}
    assert other.get("/api/v1/me", headers=bearer).json["id"] == str(member_id)


@pytest.mark.parametrize("value", ["", "x", "x" * 43, "ü" * 43, "x" * 5000])
def test_a_made_up_cookie_is_nobody(web, value):
    web.get("/open", headers={"Cookie": f"{COOKIE}={value}".encode().decode("latin-1")})
    assert web.get("/mine", headers={"Cookie": f"{COOKIE}=x"}, status=303)


def test_a_planted_session_is_not_carried_into_the_sign_in(web, make_member, site_act):
    make_member()
    web.set_cookie(COOKIE, "x" * 43)
    sign_in(web)
    assert web.cookies[COOKIE] != "x" * 43


def test_signing_in_again_ends_the_session_before(web, make_member, wsgi):
    make_member()
    sign_in(web)
    before = web.cookies[COOKIE]
    sign_in(web, next="/mine")
    copy = TestApp(wsgi)
    copy.set_cookie(COOKIE, before)
    copy.get("/mine", status=303)
    web.get("/mine")


def test_signing_out_ends_every_copy_of_the_cookie(web, make_member, wsgi):
    make_member()
    sign_in(web)
    copy = TestApp(wsgi)
    copy.set_cookie(COOKIE, web.cookies[COOKIE])
    copy.get("/mine")
    page = web.get("/me")
    form = next(f for f in page.forms.values() if f.action == "/sign-out")
    form.submit()
    copy.get("/mine", status=303)
    assert COOKIE not in web.cookies


def test_signing_out_needs_the_csrf_token(web, make_member):
    make_member()
    sign_in(web)
    web.post("/sign-out", {}, status=400)
    web.get("/mine")


def test_use_is_noted_after_the_answer(web, make_member, site_house, clock):
    make_member()
    sign_in(web)
    clock.shift(11 * 60)
    web.get("/mine")
    with site_house.database.snapshot() as db:
        assert db.scalars(select(WebSession.seen_at)).all() == [kernel_clock.now()]


def test_step_up_is_asked_for_and_brings_back(web, make_member):
    make_member()
    sign_in(web)
    answer = web.get("/sensitive", status=303)
    assert "/step-up?next=%2Fsensitive" in answer.location
    before = web.cookies[COOKIE]
    form = form_of(answer.follow(), "password")
    form["password"] = "wrong horse 43"
    page = form.submit(status=422)
    assert "验证没有成功" in page.text
    form = form_of(page, "password")
    form["password"] = "correct horse 42"
    answer = form.submit()
    assert answer.location.endswith("/sensitive")
    assert web.cookies[COOKIE] != before
    assert web.get("/sensitive").text == "secret"


def test_elevation_ends(web, make_member, clock):
    make_member()
    sign_in(web)
    form = form_of(web.get("/step-up?next=/sensitive"), "password")
    form["password"] = "correct horse 42"
    form.submit()
    clock.shift(601)
    web.get("/sensitive", status=303)


def test_the_cookie_is_strict_in_production():
    policy = SecurityPolicy(Settings(environment="production"))
    ((_name, value),) = policy.remember(None, "", token="t" * 43)
    assert value.startswith("__Host-session=")
    for word in ("secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"):
        assert word.lower() in value.lower()
    assert "domain" not in value.lower()


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("198.51.100.1", "203.0.113.5", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.1", "rubbish", "unknown"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(remote, forwarded, expected):
    from types import SimpleNamespace

    from suwen.accounts.network import client_address, proxies

    request = SimpleNamespace(
        registry={"suwen.trusted_proxies": proxies("10.0.0.0/8")},
        environ={"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded},
    )
    assert client_address(request) == expected


def test_a_denied_permission_is_logged_without_an_address(web, staff):
    member_id = staff("finance")
    with capture_logs() as lines:
        web.get("/admin/audit", status=404)
    (line,) = [line for line in lines if line["event"] == "access.denied"]
    assert line["permission"] == "staff.audit"
    assert line["member"] == member_id
    assert "138" not in str({name: value for name, value in line.items() if name != "member"})
