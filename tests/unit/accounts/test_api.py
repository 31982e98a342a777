import pyotp
import pytest
from openapi_spec_validator import validate
from webtest import TestApp

from suwen.kernel import clock as kernel_clock

ADDRESS, PASSWORD = "13812345678", "correct horse 42"
V1 = "/api/v1"


@pytest.fixture
def api(wsgi):
    """A caller without cookies."""
    return TestApp(wsgi, extra_environ={"REMOTE_ADDR": "198.51.100.9"})


@pytest.fixture
def registered(api, code_for):
    api.post_json(
        f"{V1}/verification-codes", {"address": ADDRESS, "purpose": "register"}, status=202
    )
    body = {
        "kind": "individual",
        "address": ADDRESS,
        "code": code_for(ADDRESS),
        "password": PASSWORD,
    }
    return api.post_json(f"{V1}/registrations", body, status=201).json


@pytest.fixture
def me(registered):
    return {"Authorization": f"Bearer {registered['access_token']}"}


def test_registering_signs_in(api, registered, me):
    assert registered["member"]["phone"] == "138****5678"
    assert api.get(f"{V1}/me", headers=me).json["id"] == registered["member"]["id"]


def test_the_same_registration_sent_again_is_answered_again(api, code_for):
    api.post_json(
        f"{V1}/verification-codes", {"address": ADDRESS, "purpose": "register"}, status=202
    )
    body = {"address": ADDRESS, "code": code_for(ADDRESS), "password": PASSWORD}
    key = {"Idempotency-Key": "registration-1"}
    wrong = api.post_json(
        f"{V1}/registrations", {**body, "code": "12345x"}, headers=key, status=422
    )
    assert wrong.json["errors"][0]["pointer"] == "/code"
    first = api.post_json(f"{V1}/registrations", body, headers=key, status=201)
    again = api.post_json(f"{V1}/registrations", body, headers=key, status=201)
    assert again.json == first.json


@pytest.mark.parametrize("purpose", ["sign_in", "reset", "register"])
def test_codes_answer_alike_for_known_and_unknown(api, registered, purpose, clock):
    clock.shift(60)
    answers = [
        api.post_json(
            f"{V1}/verification-codes", {"address": a, "purpose": purpose}, status=202
        ).json
        for a in (ADDRESS, "13912345678")
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"address": "nobody", "purpose": "register"}, "/address"),
        ({"address": ADDRESS, "purpose": "conquer"}, "/purpose"),
        ({"address": 13812345678, "purpose": "register"}, "/address"),
        ({"purpose": "register"}, "/address"),
    ],
)
def test_bad_code_requests_are_told_where(api, body, pointer):
    answer = api.post_json(f"{V1}/verification-codes", body, status=422)
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_group_without_name_is_refused(api):
    body = {"kind": "group", "address": ADDRESS, "code": "1", "password": PASSWORD}
    answer = api.post_json(f"{V1}/registrations", body, status=422)
    assert answer.json["errors"][0]["pointer"] == "/group"


def test_extra_fields_give_no_rights(api, code_for):
    api.post_json(
        f"{V1}/verification-codes", {"address": ADDRESS, "purpose": "register"}, status=202
    )
    body = {"address": ADDRESS, "code": code_for(ADDRESS), "password": PASSWORD}
    body |= {"permissions": ["staff"], "is_admin": True, "state": "active", "id": "1"}
    answer = api.post_json(f"{V1}/registrations", body, status=201)
    assert answer.json["member"]["permissions"] == ["member"]


def test_signing_in_refreshing_and_out(api, registered):
    answer = api.post_json(f"{V1}/sessions", {"address": ADDRESS, "password": PASSWORD}, status=201)
    old = answer.json["refresh_token"]
    second = api.post_json(f"{V1}/sessions/refresh", {"refresh_token": old}, status=201).json
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    api.get(f"{V1}/me", headers=bearer)
    api.delete(f"{V1}/sessions/current", headers=bearer, status=204)
    api.get(f"{V1}/me", headers=bearer, status=401)
    refresh = {"refresh_token": second["refresh_token"]}
    assert (
        api.post_json(f"{V1}/sessions/refresh", refresh, status=401).json["code"] == "invalid_token"
    )


def test_a_replayed_refresh_token_ends_the_family_although_the_answer_is_an_error(api, registered):
    old = registered["refresh_token"]
    new = api.post_json(f"{V1}/sessions/refresh", {"refresh_token": old}, status=201).json
    api.post_json(f"{V1}/sessions/refresh", {"refresh_token": old}, status=401)
    bearer = {"Authorization": f"Bearer {new['access_token']}"}
    api.get(f"{V1}/me", headers=bearer, status=401)


def test_wrong_passwords_are_counted_although_the_answer_is_an_error(api, registered):
    body = {"address": ADDRESS, "password": "wrong horse 43"}
    for _ in range(5):
        answer = api.post_json(f"{V1}/sessions", body, status=401)
        assert answer.json["code"] == "sign_in_failed"
    answer = api.post_json(f"{V1}/sessions", {**body, "password": PASSWORD}, status=429)
    assert int(answer.headers["Retry-After"]) > 0


def test_forged_forwarding_headers_do_not_reset_the_count(api, registered):
    for number in range(12):
        body = {"address": f"139{number:08d}", "password": "wrong horse 43"}
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        status = 401 if number < 10 else 429
        api.post_json(f"{V1}/sessions", body, headers=headers, status=status)


def test_sign_in_without_any_proof(api):
    answer = api.post_json(f"{V1}/sessions", {"address": ADDRESS}, status=422)
    assert answer.json["errors"][0]["pointer"] == "/password"


def test_totp_is_required_and_taken(api, registered, site_act):
    member_id, secret = int(registered["member"]["id"]), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    site_act(lambda s: s.totp.set_secret(member_id, secret))
    body = {"address": ADDRESS, "password": PASSWORD}
    assert api.post_json(f"{V1}/sessions", body, status=401).json["code"] == "totp_required"
    wrong = {**body, "totp": "abcdef"}
    assert api.post_json(f"{V1}/sessions", wrong, status=401).json["code"] == "wrong_totp"
    right = {**body, "totp": pyotp.TOTP(secret).at(kernel_clock.now())}
    api.post_json(f"{V1}/sessions", right, status=201)
    api.post_json(f"{V1}/sessions", right, status=401)


def test_step_up_by_password_and_by_code(api, me, code_for, clock):
    url = f"{V1}/sessions/step-up"
    assert api.post_json(url, {"password": "wrong horse 43"}, headers=me, status=401)
    until = api.post_json(url, {"password": PASSWORD}, headers=me).json["elevated_until"]
    assert until > kernel_clock.now().isoformat()
    clock.shift(60)
    body = {"address": ADDRESS, "purpose": "step_up"}
    api.post_json(f"{V1}/verification-codes", body, status=202)
    api.post_json(url, {"code": code_for(ADDRESS)}, headers=me)
    api.post_json(url, {}, headers=me, status=422)
    api.post_json(url, {"password": PASSWORD}, status=401)


def test_me_is_read_and_changed(api, me):
    change = {
        "real_name": "王小明",
        "birth_date": "1990-02-28",
        "sex": "male",
        "occupation": "教师",
    }
    answer = api.patch_json(f"{V1}/me", {**change, "region_code": "430602"}, headers=me).json
    assert {name: answer[name] for name in change} == change
    assert answer["region_code"] == "430602"
    answer = api.patch_json(f"{V1}/me", {"occupation": None}, headers=me).json
    assert (answer["occupation"], answer["real_name"]) == (None, "王小明")
    for bad in (
        {"birth_date": "2999-01-01"},
        {"sex": "x"},
        {"region_code": "0"},
        {"real_name": "a\x00"},
    ):
        api.patch_json(f"{V1}/me", bad, headers=me, status=422)


def test_addresses(api, me, registered):
    url = f"{V1}/me/addresses"
    body = {
        "recipient": "王小明",
        "phone": ADDRESS,
        "region_code": "430602",
        "detail": "建设路 1 号",
    }
    made = api.post_json(url, body, headers=me, status=201).json
    assert made["is_default"] is True
    assert made["phone"] == "+8613812345678"
    assert api.get(url, headers=me).json == {"items": [made], "next_cursor": None}
    assert made["purpose"] == "both"
    changed = api.patch_json(f"{url}/{made['id']}", {"purpose": "reports"}, headers=me).json
    assert (changed["purpose"], changed["is_default"]) == ("reports", True)
    answer = api.patch_json(f"{url}/{made['id']}", {"purpose": "gifts"}, headers=me, status=422)
    assert answer.json["errors"][0]["pointer"] == "/purpose"
    answer = api.post_json(url, {**body, "recipient": "王\u200b明"}, headers=me, status=422)
    assert answer.json["errors"][0]["pointer"] == "/recipient"
    changed = api.patch_json(f"{url}/{made['id']}", {"detail": "2 号"}, headers=me).json
    assert (changed["detail"], changed["recipient"]) == ("2 号", "王小明")
    answer = api.patch_json(f"{url}/{made['id']}", {"phone": "12"}, headers=me, status=422)
    assert answer.json["errors"][0]["pointer"] == "/phone"
    api.delete(f"{url}/{made['id']}", headers=me, status=204)
    api.delete(f"{url}/{made['id']}", headers=me, status=404)
    api.get(url, status=401)


def test_completion_says_what_the_profile_lacks(api, me):
    missing = ["real_name", "birth_date", "sex", "occupation", "delivery_address"]
    found = api.get(f"{V1}/me", headers=me).json["completion"]
    assert found == {"percent": 0, "missing": missing}
    body = {"real_name": "王小明", "occupation": "教师"}
    answer = api.patch_json(f"{V1}/me", body, headers=me).json["completion"]
    assert answer == {"percent": 40, "missing": ["birth_date", "sex", "delivery_address"]}
    answer = api.patch_json(f"{V1}/me", {"real_name": "王\u200b明"}, headers=me, status=422)
    assert answer.json["errors"][0]["pointer"] == "/real_name"


def test_consents(api, me):
    url = f"{V1}/me/consents"
    items = {item["purpose"]: item for item in api.get(url, headers=me).json["items"]}
    assert items["terms"]["given"]
    assert not items["testing"]["given"]
    version = items["testing"]["version"]
    api.post_json(url, {"purpose": "testing", "version": "1999"}, headers=me, status=422)
    answer = api.post_json(url, {"purpose": "testing", "version": version}, headers=me, status=201)
    assert answer.json["given"]
    api.delete(f"{url}/testing", headers=me, status=204)
    assert api.delete(f"{url}/terms", headers=me, status=409).json["code"] == "not_withdrawable"
    api.post_json(url, {"purpose": "conquest", "version": "1"}, headers=me, status=404)


def test_the_document_is_valid_and_names_the_operations(api):
    document = api.get(f"{V1}/openapi.json").json
    validate(document)
    found = {
        item["operationId"]
        for path in document["paths"].values()
        for item in path.values()
        if isinstance(item, dict) and "operationId" in item
    }
    assert {
        "create_verification_code",
        "register",
        "sign_in",
        "refresh_token",
        "sign_out",
        "step_up",
        "get_me",
        "update_me",
        "list_addresses",
        "create_address",
        "update_address",
        "delete_address",
        "list_consents",
        "give_consent",
        "withdraw_consent",
    } <= found
