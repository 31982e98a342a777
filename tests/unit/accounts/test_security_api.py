import pyotp
import pytest

from suwen.kernel import clock as kernel_clock
from suwen.kernel.audit import SYSTEM
from suwen.kernel.sessions import Device
from tests.unit.accounts.conftest import PASSWORD

ADDRESS, EMAIL = "13812345678", "wang@example.cn"
API = "/api/v1"


class App:
    """A signed-in APP."""

    def __init__(self, web, member_id, site_act):
        self._web, self.member_id = web, member_id
        pair = site_act(lambda s: s.open_app_session(member_id, Device("Suwen/1 (Android)")))
        self._headers = {"Authorization": f"Bearer {pair.access_token}"}

    def __call__(self, method, path, body=None, status=200):
        call = getattr(self._web, f"{method}_json" if body is not None else method)
        arguments = {"headers": self._headers, "status": status}
        return (
            call(API + path, body, **arguments)
            if body is not None
            else call(API + path, **arguments)
        )


@pytest.fixture
def app(web, make_member, site_act):
    return App(web, make_member(), site_act)


@pytest.fixture
def proved(app):
    app("post", "/sessions/step-up", {"password": PASSWORD})
    return app


def now(secret):
    return pyotp.TOTP(secret).at(kernel_clock.now())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/me/login-codes", {"address": EMAIL}),
        ("post", "/me/logins", {"address": EMAIL, "code": "1", "old_code": "1"}),
        ("delete", "/me/logins/1", None),
        ("put", "/me/password", {"password": "brand new horse"}),
        ("post", "/me/totp", {}),
        ("post", "/me/totp/confirmation", {"totp": "1"}),
        ("post", "/me/totp/removal", {"totp": "1"}),
        ("post", "/me/totp/recovery-codes", {"totp": "1"}),
    ],
)
def test_what_changes_the_account_wants_a_step_up(app, method, path, body):
    assert app(method, path, body, status=403).json["code"] == "step_up_required"


def test_an_e_mail_is_added_by_codes_of_both_ends(proved, code_for):
    answer = proved("post", "/me/login-codes", {"address": EMAIL}, status=202).json
    assert answer["old_address"] == "138****5678"
    wrong = {"address": EMAIL, "code": "000000", "old_code": code_for(ADDRESS)}
    problem = proved("post", "/me/logins", wrong, status=422).json
    assert [one["pointer"] for one in problem["errors"]] == ["/code"]
    right = {**wrong, "code": code_for(EMAIL)}
    made = proved("post", "/me/logins", right, status=201).json
    assert made["kind"] == "email"
    items = proved("get", "/me/logins").json["items"]
    assert [(one["kind"], one["address"]) for one in items] == [
        ("phone", "138****5678"),
        ("email", "w***@example.cn"),
    ]
    proved("delete", f"/me/logins/{items[0]['id']}", status=204)
    assert proved("delete", f"/me/logins/{made['id']}", status=409).json["code"] == "last_login"


def test_others_logins_and_sessions_are_not_there(proved, make_member, site_act):
    other = make_member("13900000001")
    theirs = site_act(lambda s: s.logins.all(other))[0].id
    session, _token = site_act(lambda s: s.sessions.open(other, Device()))
    proved("delete", f"/me/logins/{theirs}", status=404)
    body = {"address": EMAIL, "replace": str(theirs)}
    proved("post", "/me/login-codes", body, status=404)
    proved("delete", f"/me/sessions/{session.id}", status=204)
    assert site_act(lambda s: s.sessions.of(other))


def test_sessions_are_listed_and_ended(app, site_act):
    site_act(lambda s: s.open_browser_session(app.member_id, Device("Mozilla Firefox Windows")))
    items = app("get", "/me/sessions").json["items"]
    assert [(one["surface"], one["browser"], one["current"]) for one in items] == [
        ("web", "Firefox", False),
        ("api", None, True),
    ]
    app("delete", f"/me/sessions/{items[0]['id']}", status=204)
    assert len(app("get", "/me/sessions").json["items"]) == 1
    app("delete", "/me/sessions", status=204)
    app("get", "/me/sessions", status=401)


def test_a_new_password_ends_the_other_sign_ins(proved, web, site_act):
    elsewhere = App(web, proved.member_id, site_act)
    problem = proved("put", "/me/password", {"password": "qwertyuiop"}, status=422).json
    assert problem["errors"][0]["pointer"] == "/password"
    proved("put", "/me/password", {"password": "brand new horse"}, status=204)
    proved("get", "/me")
    elsewhere("get", "/me", status=401)


def test_the_second_factor_over_its_life(proved, web, clock, site_act):
    assert proved("get", "/me/totp").json == {"enabled": False, "recovery_codes_left": 0}
    secret = proved("post", "/me/totp", {}, status=201).json["secret"]
    proved("post", "/me/totp/confirmation", {"totp": "000000"}, status=401)
    codes = proved("post", "/me/totp/confirmation", {"totp": now(secret)}).json["recovery_codes"]
    assert len(codes) == 10
    proved("post", "/me/totp", {}, status=409)
    body = {"address": ADDRESS, "password": PASSWORD}
    assert web.post_json(f"{API}/sessions", body, status=401).json["code"] == "totp_required"
    web.post_json(f"{API}/sessions", {**body, "totp": codes[0]}, status=201)
    web.post_json(f"{API}/sessions", {**body, "totp": codes[0]}, status=401)
    assert proved("get", "/me/totp").json == {"enabled": True, "recovery_codes_left": 9}
    fresh = proved("post", "/me/totp/recovery-codes", {"totp": codes[1]}).json["recovery_codes"]
    site_act(lambda s: s.staff.grant(proved.member_id, "finance", SYSTEM))
    staff = App(web, proved.member_id, site_act)
    staff("post", "/sessions/step-up", {"totp": fresh[0]})
    problem = staff("post", "/me/totp/removal", {"totp": fresh[1]}, status=409).json
    assert problem["code"] == "staff_need_totp"


def test_a_member_switches_it_off(proved, clock):
    secret = proved("post", "/me/totp", {}, status=201).json["secret"]
    codes = proved("post", "/me/totp/confirmation", {"totp": now(secret)}).json["recovery_codes"]
    proved("post", "/me/totp/removal", {"totp": codes[0]}, status=204)
    assert proved("get", "/me/totp").json == {"enabled": False, "recovery_codes_left": 0}
    proved("post", "/me/totp/removal", {"totp": codes[1]}, status=409)


def test_a_forgotten_password_is_reset(app, web, code_for, site_act):
    web.post_json(f"{API}/verification-codes", {"address": ADDRESS, "purpose": "reset"}, status=202)
    body = {"address": ADDRESS, "code": "000000", "password": "brand new horse"}
    problems = [
        web.post_json(f"{API}/password-resets", {**body, "address": one}, status=422).json
        for one in (ADDRESS, "13900000001")
    ]
    assert problems[0]["code"] == problems[1]["code"] == "wrong_code"
    body["code"] = code_for(ADDRESS)
    web.post_json(f"{API}/password-resets", body, status=204)
    app("get", "/me", status=401)
    signed = {"address": ADDRESS, "password": "brand new horse"}
    web.post_json(f"{API}/sessions", signed, status=201)
