import pyotp
import pytest
from webtest import TestApp

from suwen.accounts.models import Member
from suwen.kernel import clock as kernel_clock
from suwen.kernel.audit import SYSTEM
from tests.unit.accounts.conftest import PASSWORD, form_of, sign_in

ADDRESS = "13812345678"


def ask_for_code(web, address=ADDRESS, kind="individual"):
    form = form_of(web.get("/register?ref=R1&next=/products/x"))
    form["address"], form["kind"] = address, kind
    return form.submit()


def test_registering_takes_two_steps_and_loses_nothing(web, code_for, site_house):
    heard = []
    site_house.events.subscribe("member_registered", lambda db, event: heard.append(event.data))
    page = ask_for_code(web)
    assert "验证码已发往 13812345678" in page.text
    form = form_of(page)
    form["code"], form["password"], form["agree"] = code_for(ADDRESS), "short", True
    page = form.submit(status=422)
    assert "密码至少需要" in page.text
    form = form_of(page)
    assert form["address"].value == ADDRESS
    assert form["ref"].value == "R1"
    form["code"], form["password"], form["agree"] = code_for(ADDRESS), PASSWORD, False
    page = form.submit(status=422)
    assert "请阅读并同意" in page.text
    form = form_of(page)
    form["code"], form["password"], form["agree"] = code_for(ADDRESS), PASSWORD, True
    answer = form.submit(status=303)
    assert answer.location.endswith("/products/x")
    assert web.get("/mine").json["member"] == str(heard[0]["member_id"])
    assert heard[0]["referral_code"] == "R1"


def test_a_group_gives_its_name_and_nature(web, code_for, site_house):
    page = ask_for_code(web, "wang@example.cn", kind="group")
    form = form_of(page)
    form["code"], form["password"], form["agree"] = code_for("wang@"), PASSWORD, True
    page = form.submit(status=422)
    form = form_of(page)
    form["code"], form["password"], form["agree"] = code_for("wang@"), PASSWORD, True
    form["name"], form["nature"] = "岳阳某公司", "enterprise"
    form.submit(status=303)
    with site_house.database.snapshot() as db:
        member = db.query(Member).one()
    assert (member.kind, member.group_name, member.group_nature) == (
        "group",
        "岳阳某公司",
        "enterprise",
    )
    assert "岳阳某公司" in web.get("/me").text


@pytest.mark.parametrize("address", ["", "nobody", "138"])
def test_a_bad_address_is_told_beside_its_field(web, address):
    form = form_of(web.get("/register"))
    form["address"] = address
    page = form.submit(status=422)
    assert 'id="f-address-error"' in page.text
    assert form_of(page)["address"].value == address


def test_asking_too_often_answers_429_with_a_wait(web):
    ask_for_code(web)
    form = form_of(web.get("/register"))
    form["address"] = ADDRESS
    answer = form.submit(status=429)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_signing_in_by_code(web, make_member, code_for):
    make_member()
    form = form_of(web.get("/sign-in?by=code&next=/mine"))
    form["address"] = ADDRESS
    form["code"] = "000000"
    page = form.submit("action", value="send")
    assert "如果这个地址已经注册" in page.text
    form = form_of(page)
    assert form["address"].value == ADDRESS
    form["code"] = code_for(ADDRESS)
    assert form.submit(status=303).location.endswith("/mine")


def test_pages_answer_alike_for_known_and_unknown_addresses(web, make_member):
    make_member()
    texts = []
    for address in (ADDRESS, "13912345678"):
        form = form_of(web.get("/reset-password"))
        form["address"] = address
        texts.append(form.submit(status=200).text.replace(address, "X"))
        page = sign_in(web, address, "wrong horse 43")
        texts[-1] += page.text.replace(address, "X")
    assert texts[0] == texts[1]


def test_the_second_factor_is_a_step_of_its_own(web, make_member, site_act, clock):
    member_id, secret = make_member(), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    site_act(lambda s: s.totp.set_secret(member_id, secret))
    page = sign_in(web, next="/mine")
    assert "两步验证" in page.text
    web.get("/mine", status=303)
    form = form_of(page)
    form["totp"] = "abcdef"
    page = form.submit(status=422)
    form = form_of(page)
    form["totp"] = pyotp.TOTP(secret).at(kernel_clock.now())
    assert form.submit(status=303).location.endswith("/mine")
    web.get("/mine")


def test_the_ticket_of_the_first_factor_ends_and_cannot_be_forged(
    web, make_member, site_act, clock
):
    member_id, secret = make_member(), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    site_act(lambda s: s.totp.set_secret(member_id, secret))
    form = form_of(sign_in(web))
    clock.shift(301)
    form["totp"] = pyotp.TOTP(secret).at(kernel_clock.now())
    assert "验证已超时" in form.submit(status=422).text
    form["ticket"] = "forged"
    form.submit(status=422)
    web.get("/mine", status=303)


def test_a_forgotten_password_is_set_anew(web, make_member, code_for, wsgi):
    make_member()
    elsewhere = TestApp(wsgi)
    sign_in(elsewhere)
    form = form_of(web.get("/reset-password"))
    form["address"] = ADDRESS
    form = form_of(form.submit())
    form["code"], form["password"] = code_for(ADDRESS), "brand new horse"
    form.submit(status=303)
    elsewhere.get("/mine", status=303)
    sign_in(web, password=PASSWORD)
    web.get("/mine", status=303)
    sign_in(web, password="brand new horse")
    web.get("/mine")


@pytest.fixture
def member(web, make_member):
    make_member()
    sign_in(web)
    return web


def step_up(web):
    form = form_of(web.get("/step-up?next=/me"), "password")
    form["password"] = PASSWORD
    form.submit(status=303)


PAGES = ("/me", "/me/profile", "/me/addresses", "/me/addresses/new", "/me/sessions", "/me/consents")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_page_of_the_member_centre_opens(member, path, language):
    member.set_cookie("lang", language)
    page = member.get(path)
    assert "<h1" in page.text
    assert "${" not in page.text
    assert " style=" not in page.text
    assert "<script>" not in page.text


@pytest.mark.parametrize("path", [*PAGES, "/me/totp", "/me/password", "/step-up"])
def test_none_of_them_opens_for_a_visitor(web, path):
    assert "/sign-in" in web.get(path, status=303).location


def test_the_profile_is_saved_emptied_and_checked(member):
    form = form_of(member.get("/me/profile"), "real_name")
    form["real_name"], form["birth_date"], form["sex"] = "王小明", "1990-02-30", "male"
    page = form.submit(status=422)
    assert form_of(page, "real_name")["real_name"].value == "王小明"
    form = form_of(page, "real_name")
    form["birth_date"], form["region_code"] = "1990-02-28", "4306"
    form.submit(status=303)
    form = form_of(member.get("/me/profile"), "real_name")
    assert form["birth_date"].value == "1990-02-28"
    assert form["region_code"].value == "4306"
    assert "王**" in member.get("/me").text
    form["real_name"] = ""
    form.submit(status=303)
    assert form_of(member.get("/me/profile"), "real_name")["real_name"].value == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("real_name", "王\u200b小明"),
        ("real_name", "Аlice"),
        ("real_name", "王" * 61),
        ("occupation", "医\u2060生"),
    ],
)
def test_a_hidden_sign_in_a_name_is_told_beside_it(member, field, value):
    form = form_of(member.get("/me/profile"), "real_name")
    form[field] = value
    page = form.submit(status=422)
    assert page.html.select_one(f"#f-{field}-error")
    assert form_of(page, "real_name")[field].value == value
    assert form_of(member.get("/me/profile"), "real_name")[field].value == ""


def test_the_overview_says_what_is_missing_and_leads_there(member):
    page = member.get("/me")
    assert page.html.select_one(".completion strong.num").text == "0%"
    links = [link["href"] for link in page.html.select(".completion a")]
    assert "/me/profile#f-real_name" in links
    form = form_of(member.get("/me/profile"), "real_name")
    form["real_name"], form["birth_date"], form["sex"] = "王小明", "1990-02-28", "male"
    form["occupation"] = "教师"
    page = form.submit(status=303).follow()
    assert page.html.select_one(".completion strong.num").text == "80%"
    assert [a["href"] for a in page.html.select(".completion a")] == ["/me/addresses/new"]
    form = form_of(member.get("/me/addresses/new"), "recipient")
    form["recipient"], form["phone"], form["region_code"] = "王小明", ADDRESS, "430602"
    form["detail"], form["purpose"] = "建设路 1 号", "reports"
    form.submit(status=303)
    assert "资料已完整" in member.get("/me/profile").text
    assert not member.get("/me").html.select(".completion strong.num")


def test_addresses_are_added_changed_and_deleted(member):
    form = form_of(member.get("/me/addresses/new"), "recipient")
    form["recipient"], form["phone"] = "王小明", "123"
    form["region_code"], form["detail"] = "430602", "建设路 1 号"
    page = form.submit(status=422)
    assert 'id="f-phone-error"' in page.text
    form = form_of(page, "recipient")
    form["phone"] = ADDRESS
    form["detail"] = "建设路 1 号\r\n\r\n  2 栋\t301 室"
    form.submit(status=303)
    page = member.get("/me/addresses")
    assert "建设路 1 号 2 栋 301 室" in page.text
    assert "138****5678" in page.text
    assert ADDRESS not in page.text
    page = page.click("修改", index=0)
    form = form_of(page, "recipient")
    assert form["phone"].value == ADDRESS
    form["detail"] = "建设路 2 号"
    form.submit(status=303)
    page = member.get("/me/addresses")
    assert "建设路 2 号" in page.text
    page = page.click("删除", index=0)
    assert "建设路 2 号" in page.text
    assert "138****5678" in page.text
    page.forms[_place(page, "/delete")].submit(status=303)
    assert "还没有地址" in member.get("/me/addresses").text


def _place(page, ending):
    return next(key for key, form in page.forms.items() if form.action.endswith(ending))


@pytest.mark.parametrize("identifier", ["1", "0", "abc", "99999999999999999999", "-1"])
def test_an_address_that_is_not_ones_own_is_not_there(member, identifier):
    member.get(f"/me/addresses/{identifier}", status=404)
    member.get(f"/me/addresses/{identifier}/delete", status=404)


def test_sessions_are_listed_and_ended(member, wsgi):
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0"
    phone = TestApp(wsgi, extra_environ={"HTTP_USER_AGENT": agent})
    sign_in(phone)
    page = member.get("/me/sessions")
    assert "微信" in page.text
    assert "iPhone" in page.text
    form_of(page, "session").submit(status=303)
    phone.get("/mine", status=303)
    member.get("/mine")
    sign_in(phone)
    form_of(member.get("/me/sessions"), "action").submit(status=303)
    phone.get("/mine", status=303)
    member.get("/mine")


def test_consents_are_given_and_withdrawn_with_their_effect(member):
    page = member.get("/me/consents?purpose=testing&next=/mine")
    form = next(
        f for f in page.forms.values() if "purpose" in f.fields and f["purpose"].value == "testing"
    )
    assert form.submit(status=303).location.endswith("/mine")
    page = member.get("/me/consents").click(href="/me/consents/testing")
    assert "撤回后：" in page.text
    assert "尚未检测的样本不再检测" in page.text
    told = form_of(page, "action").submit(status=303).follow()
    assert "已撤回授权。尚未检测的样本不再检测" in told.text
    page = member.get("/me/consents/testing")
    assert not [f for f in page.forms.values() if "action" in f.fields]
    assert "撤回时间" in page.text


def test_changing_the_password_wants_a_step_up(member, wsgi):
    assert "/step-up" in member.get("/me/password", status=303).location
    step_up(member)
    form = form_of(member.get("/me/password"), "password")
    form["password"] = "1234567890"
    form.submit(status=422)
    form["password"] = "brand new horse"
    form.submit(status=303)
    member.get("/mine")
    sign_in(TestApp(wsgi), password="brand new horse").follow()


def test_staff_enrol_by_qr_and_hold_their_rights_then(member, site_act, site_house):
    with site_house.database.snapshot() as db:
        member_id = db.query(Member).one().id
    site_act(lambda s: s.staff.grant(member_id, "finance", SYSTEM))
    sign_in(member)
    assert "/me/totp" in member.get("/admin/finance", status=303).location
    step_up(member)
    page = member.get("/me/totp?next=/admin/finance")
    assert "data:image/svg+xml" in page.text
    form = form_of(page, "totp")
    form["totp"] = "abcdef"
    page = form.submit(status=422)
    secret = site_act(lambda s: s.totp.begin(member_id)).secret
    assert secret in page.text
    form = form_of(page, "totp")
    form["totp"] = pyotp.TOTP(secret).at(kernel_clock.now())
    page = form.submit(status=200)
    assert len(page.html.select(".recovery-codes li")) == 10
    page.click("我已保存，继续")
    member.get("/admin/finance")
    assert secret not in member.get("/me/totp").text


def test_the_region_of_browsing_is_kept(web, site_house):
    token = form_of(web.get("/sign-in"), "csrf_token")["csrf_token"].value
    answer = web.post("/region", {"csrf_token": token, "code": "4306", "next": "/open"}, status=303)
    assert answer.location.endswith("/open")
    assert web.cookies["region"] == "4306"
    web.post("/region", {"csrf_token": token, "code": "nowhere"}, status=303)
    assert web.cookies["region"] == "4306"
