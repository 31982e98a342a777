import pyotp
import pytest
from sqlalchemy import select
from webtest import TestApp

from suwen.accounts.contacts import Contact
from suwen.accounts.models import Login, Member
from suwen.kernel import clock as kernel_clock
from suwen.kernel.audit import SYSTEM, AuditEvent
from suwen.kernel.sessions import Device, WebSession
from tests.unit.accounts.conftest import PASSWORD, form_of, sign_in

ADDRESS, EMAIL = "13812345678", "wang@example.cn"
COOKIE = "dev-session"


@pytest.fixture
def member(web, make_member, clock):
    """A member's browser that has stepped up."""
    web.member_id = make_member()
    sign_in(web)
    form = form_of(web.get("/step-up?next=/me"), "password")
    form["password"] = PASSWORD
    form.submit(status=303)
    return web


def now(secret):
    return pyotp.TOTP(secret).at(kernel_clock.now())


@pytest.mark.parametrize("path", ["/me/logins", "/me/logins/change?kind=email", "/me/totp"])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_pages_open_in_both_languages(member, path, language):
    member.set_cookie("lang", language)
    page = member.get(path)
    for sign in ("${", " style=", "<script>"):
        assert sign not in page.text


def test_changing_an_address_wants_a_step_up(web, make_member):
    make_member()
    sign_in(web)
    for path in ("/me/logins/change?kind=email", "/me/totp", "/me/password"):
        assert "/step-up" in web.get(path, status=303).location


def test_an_e_mail_is_added_in_two_steps(member, code_for, site_house, wsgi):
    elsewhere = TestApp(wsgi)
    sign_in(elsewhere)
    form = form_of(member.get("/me/logins").click("绑定"))
    form["address"] = "nobody"
    page = form.submit(status=422)
    assert 'id="f-address-error"' in page.text
    form = form_of(page)
    form["address"] = EMAIL
    page = form.submit("", status=200)
    form = form_of(page)
    form["code"], form["old_code"] = "000000", code_for(ADDRESS)
    page = form.submit(status=422)
    assert 'id="f-code-error"' in page.text
    assert 'id="f-old_code-error"' not in page.text
    form = form_of(page)
    form["code"], form["old_code"] = (
        f" {code_for(EMAIL)[:3]} {code_for(EMAIL)[3:]}",
        code_for(ADDRESS),
    )
    assert form.submit(status=303).location.endswith("/me/logins")
    page = member.get("/me/logins")
    assert "w***@example.cn" in page.text
    assert EMAIL not in page.text
    elsewhere.get("/mine", status=303)
    sign_in(elsewhere, EMAIL)
    elsewhere.get("/mine", status=200)


@pytest.mark.parametrize("step", ["address", "finish"])
def test_the_page_for_an_e_mail_takes_no_phone_number(member, step):
    form = form_of(member.get("/me/logins/change?kind=email"))
    form["address"], form["step"] = "13900001111", step
    page = member.post(
        form.action, [*form.submit_fields(), ("code", "1"), ("old_code", "1")], status=422
    )
    assert 'id="f-address-error"' in page.text


def test_an_address_is_taken_away_but_never_the_last(member, site_act):
    page = member.get("/me/logins")
    assert not [form for form in page.forms.values() if "login" in form.fields]
    token = form_of(page, "csrf_token")["csrf_token"].value
    own = site_act(lambda s: s.logins.all(member.member_id))[0].id
    member.post("/me/logins", {"csrf_token": token, "login": str(own)}, status=303)
    assert "至少要保留" in member.get("/me/logins").text
    contact = Contact("email", EMAIL)
    site_act(lambda s: s.logins.add(member.member_id, contact, kernel_clock.now()))
    form = form_of(member.get("/me/logins"), "login")
    form.submit(status=303)
    assert [one.kind for one in site_act(lambda s: s.logins.all(member.member_id))] == ["email"]


@pytest.mark.parametrize("identifier", ["1", "0", "abc", "-1", "9" * 30])
def test_a_login_that_is_not_ones_own_is_not_there(member, make_member, site_act, identifier):
    other = make_member("13900000001")
    theirs = site_act(lambda s: s.logins.all(other))[0].id
    token = form_of(member.get("/me/logins"), "csrf_token")["csrf_token"].value
    for wanted in (identifier, str(theirs)):
        member.get(f"/me/logins/change?replace={wanted}", status=404)
        member.post("/me/logins", {"csrf_token": token, "login": wanted}, status=404)
    assert len(site_act(lambda s: s.logins.all(other))) == 1


def test_a_provider_s_identity_is_listed_without_its_value(member, site_act):
    contact = Contact("identity_wechat:wx1", "oAbC-123")
    site_act(lambda s: s.logins.add(member.member_id, contact, kernel_clock.now()))
    page = member.get("/me/logins")
    assert "微信" in page.text
    assert "oAbC" not in page.text


@pytest.fixture
def enrolled(member, site_act):
    """The member's browser with the second factor on, its seed and its recovery codes."""
    page = member.get("/me/totp")
    secret = site_act(lambda s: s.totp.begin(member.member_id)).secret
    form = form_of(page, "totp")
    form["totp"] = now(secret)
    page = form.submit(status=200)
    return secret, [node.text for node in page.html.select(".recovery-codes code")]


def test_codes_are_shown_once_and_not_kept_by_the_browser(member, enrolled, clock):
    _secret, codes = enrolled
    assert len(codes) == 10
    page = member.get("/me/totp")
    assert page.headers["Cache-Control"] == "no-store"
    assert not any(code in page.text for code in codes)
    assert "还剩 10 个" in page.text
    assert "10" in member.get("/me/sessions").text


def test_a_recovery_code_signs_in_at_the_second_step(member, enrolled, wsgi):
    _secret, codes = enrolled
    browser = TestApp(wsgi)
    form = form_of(sign_in(browser, next="/mine"))
    form["totp"] = codes[0]
    assert form.submit(status=303).location.endswith("/mine")
    other = TestApp(wsgi)
    form = form_of(sign_in(other))
    form["totp"] = codes[0]
    form.submit(status=422)
    other.get("/mine", status=303)


def test_the_factor_is_switched_off_and_on_again(member, enrolled, clock, site_act):
    secret, codes = enrolled
    form = next(f for f in member.get("/me/totp").forms.values() if _action(f) == "off")
    form["totp"] = "000000"
    page = form.submit(status=422)
    form = next(f for f in page.forms.values() if _action(f) == "off")
    form["totp"] = codes[1]
    form.submit(status=303)
    assert "第一步" in member.get("/me/totp").text
    assert site_act(lambda s: s.totp.begin(member.member_id)).secret != secret


def _action(form):
    return form["action"].value if "action" in form.fields else None


def test_staff_may_change_the_factor_but_not_switch_it_off(member, enrolled, site_act, clock, wsgi):
    secret, codes = enrolled
    site_act(lambda s: s.staff.grant(member.member_id, "finance", SYSTEM))
    token = site_act(lambda s: s.open_browser_session(member.member_id, Device()))
    staff = TestApp(wsgi)
    staff.set_cookie(COOKIE, token)
    form = form_of(staff.get("/step-up?next=/me/totp"), "password")
    form["password"] = PASSWORD
    page = form.submit().follow()
    assert "不能关闭" in page.text
    assert "off" not in [_action(form) for form in page.forms.values()]
    token = form_of(page, "csrf_token")["csrf_token"].value
    body = {"csrf_token": token, "action": "off", "totp": codes[0]}
    assert "不能关闭" in staff.post("/me/totp", body, status=422).text
    page = page.click("更换身份验证器")
    fresh = page.html.select_one(".copy code").text
    assert fresh != secret
    form = form_of(page, "new_totp")
    form["totp"], form["new_totp"] = codes[2], "000000"
    page = form.submit(status=422)
    # A mistyped code does not ask for a new scan.
    assert page.html.select_one(".copy code").text == fresh
    form = form_of(page, "new_totp")
    form["totp"], form["new_totp"] = codes[2], now(fresh)
    form.submit(status=303)
    clock.shift(60)
    with_new = site_act(lambda s: s.second_factor.check(member.member_id, now(fresh)))
    assert with_new is None


def test_the_waiting_seed_of_the_form_is_unreadable_and_bound_to_the_session(
    member, enrolled, make_member, wsgi
):
    page = member.get("/me/totp?change=1")
    fresh = page.html.select_one(".copy code").text
    form = form_of(page, "new_totp")
    assert fresh not in form["sealed"].value
    form["sealed"] = form["sealed"].value[:-6] + "AAAAAA"
    form["totp"], form["new_totp"] = enrolled[1][0], now(fresh)
    form.submit(status=422)


def test_new_recovery_codes_replace_the_others(member, enrolled):
    _secret, codes = enrolled
    form = next(f for f in member.get("/me/totp").forms.values() if _action(f) == "codes")
    form["totp"] = codes[0]
    page = form.submit(status=200)
    fresh = [node.text for node in page.html.select(".recovery-codes code")]
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert "还剩 10 个" in member.get("/me/totp").text


def test_everywhere_means_here_too(member, wsgi, site_house):
    other = TestApp(wsgi)
    sign_in(other)
    page = member.get("/me/sessions")
    form = next(f for f in page.forms.values() if _action(f) == "everywhere")
    assert "/sign-in" in form.submit(status=303).location
    member.get("/mine", status=303)
    other.get("/mine", status=303)
    with site_house.database.snapshot() as db:
        assert db.scalars(select(WebSession).where(WebSession.revoked_at.is_(None))).all() == []
        actions = db.scalars(select(AuditEvent.action)).all()
    assert "session.close_all" in actions


def test_signing_in_and_out_is_audited(web, make_member, site_house):
    make_member()
    sign_in(web)
    form = next(f for f in web.get("/me").forms.values() if f.action == "/sign-out")
    form.submit()
    with site_house.database.snapshot() as db:
        actions = db.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert [one for one in actions if one.startswith("session.")] == [
        "session.open",
        "session.close",
    ]


@pytest.mark.parametrize("address_of", ["198.51.100.9", "203.0.113.77"])
def test_the_place_is_known_as_the_same_or_another_and_no_more(member, wsgi, address_of):
    phone = TestApp(wsgi, extra_environ={"REMOTE_ADDR": address_of})
    sign_in(phone)
    text = member.get("/me/sessions").text
    assert ("同一网络" in text) is (address_of == "198.51.100.9")
    assert ("其他网络" in text) is (address_of != "198.51.100.9")
    assert address_of not in text


def test_a_new_device_is_told_of_once_and_the_first_never(
    web, make_member, site_house, channels, wsgi
):
    make_member()

    def told():
        site_house.outbox.drain()
        return sum("新设备" in job.content.text for job in channels.phone.sent)

    sign_in(web)
    assert told() == 0
    sign_in(web, next="/mine")
    assert told() == 0
    other = TestApp(wsgi)
    sign_in(other)
    assert told() == 1
    form = next(f for f in other.get("/me").forms.values() if f.action == "/sign-out")
    form.submit()
    sign_in(other)
    assert told() == 1


def test_the_cookie_of_a_known_device_names_nobody_and_is_not_forged(
    web, make_member, site_house, channels, wsgi
):
    member_id = make_member()
    sign_in(web)
    cookie = web.cookies["dev-device"]
    assert str(member_id) not in cookie
    forged = TestApp(wsgi)
    forged.set_cookie("dev-device", cookie[:-3] + "abc")
    sign_in(forged)
    site_house.outbox.drain()
    assert sum("新设备" in job.content.text for job in channels.phone.sent) == 1
    only_device = TestApp(wsgi)
    only_device.set_cookie("dev-device", cookie)
    only_device.get("/mine", status=303)


REGISTER = [
    ("", ["tel", "email"]),
    ("?by=phone", ["tel"]),
    ("?by=email", ["email"]),
    ("?by=nonsense", ["tel", "email"]),
]


@pytest.mark.parametrize(("query", "types"), REGISTER)
def test_the_phone_offers_the_number_first_and_the_pc_e_mail(web, query, types):
    page = web.get(f"/register{query}")
    found = page.html.select("main input[name=address]")
    assert [node["type"] for node in found] == types
    assert [node["autocomplete"] for node in found] == types
    if len(types) == 2:
        assert "d-md-none" in found[0].find_parent("form").parent["class"]
        assert "d-md-block" in found[1].find_parent("form").parent["class"]
    ids = [node["id"] for node in page.html.select("[id]")]
    assert [one for one in ids if ids.count(one) > 1] == []


def test_the_way_of_registering_is_kept_through_a_mistake(web):
    form = form_of(web.get("/register?by=phone&next=/products/x&ref=R1"))
    form["address"] = "138"
    page = form.submit(status=422)
    assert [node["type"] for node in page.html.select("main input[name=address]")] == ["tel"]
    link = page.html.find("a", string="改用邮箱注册")["href"]
    assert "by=email" in link
    assert "ref=R1" in link
    assert "next=" in link


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("管理员", "误认为是平台"),
        ("素问官方", "误认为是平台"),
        ("Suwen", "误认为是平台"),
        ("岳阳\u200b公司", "看不见的字符"),
        ("\u0430cme", "形似的不同文字"),
        ("某" * 81, "最多 80"),
    ],
)
def test_a_group_s_name_is_refused_in_words_and_nothing_is_lost(web, code_for, name, words):
    form = form_of(web.get("/register?by=email"))
    form["address"], form["kind"] = EMAIL, "group"
    form = form_of(form.submit())
    form["code"], form["password"], form["agree"] = code_for(EMAIL), PASSWORD, True
    form["name"], form["nature"] = name, "enterprise"
    page = form.submit(status=422)
    assert words in page.html.select_one("#f-name-error").text
    form = form_of(page)
    assert form["address"].value == EMAIL
    assert form["nature"].value == "enterprise"
    form["code"], form["password"], form["agree"] = code_for(EMAIL), PASSWORD, True
    form["name"] = "岳阳某公司"
    form.submit(status=303)


def test_the_right_words_for_password_managers_and_phones(web, code_for):
    page = web.get("/sign-in")
    assert page.html.select_one("#f-address")["autocomplete"] == "username"
    assert page.html.select_one("#f-password")["autocomplete"] == "current-password"
    form = form_of(web.get("/register?by=phone"))
    form["address"] = ADDRESS
    page = form.submit()
    code = page.html.select_one("#f-code")
    assert (code["autocomplete"], code["inputmode"]) == ("one-time-code", "numeric")
    assert page.html.select_one("#f-password")["autocomplete"] == "new-password"
    assert page.html.select_one("[data-password-toggle]")
    assert page.html.select_one("button[value=send]")["data-wait"] == "60"
    assert page.html.select_one("main input[name=address]")["autocomplete"] == "username"


def test_the_table_keeps_no_address_in_the_clear(member, site_house):
    with site_house.database.snapshot() as db:
        row = db.scalars(select(Login)).one()
        display = db.scalars(select(Member.display_name)).one()
    assert ADDRESS.encode() not in row.value
    assert ADDRESS not in display
