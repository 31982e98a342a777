"""What operations accept, and how refusals look."""

import json
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from webtest import TestApp

from suwen.api import operations
from suwen.api.operations import Operation, _plain

MEMBER = {"Authorization": "Bearer 7"}
GOOD = {"items": [{"sku_id": "12", "quantity": 2}]}


def post(app, body, status="*", path="/api/v1/open-orders", **headers):
    return app.post_json(path, body, status=status, headers=headers)


def pointers(response):
    return [item["pointer"] for item in response.json["errors"]]


def test_a_good_body_reaches_the_handler_typed(app):
    response = post(app, {**GOOD, "is_admin": True, "gift": True})

    assert response.status_code == 201
    assert response.json["received"] == {
        "items": [{"sku_id": 12, "quantity": 2}],
        "note": None,
        "gift": True,
        "answers": None,
    }


@pytest.mark.parametrize("quantity", [1.0, 1.5, "1", True, [], {}, 0, 100, -1, 10**30, None])
def test_a_quantity_is_a_whole_number_within_bounds(app, quantity):
    response = post(app, {"items": [{"sku_id": "12", "quantity": quantity}]})

    assert response.status_code == 422
    assert pointers(response) == ["/items/0/quantity"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": {"0": {}}}, "/items"),
        ({"items": "ab"}, "/items"),
        ({"items": [1]}, "/items/0"),
        ({"items": [{"sku_id": 12, "quantity": 1}]}, "/items/0/sku_id"),
        ({"items": [{"sku_id": "012", "quantity": 1}]}, "/items/0/sku_id"),
        ({"items": [{"sku_id": str(2**63), "quantity": 1}]}, "/items/0/sku_id"),
        ({"items": [{"quantity": 1}]}, "/items/0/sku_id"),
        ({"note": 5}, "/note"),
        ({"note": "x" * 11}, "/note"),
        ({"note": "a\u0000b"}, "/note"),
        ({"note": "a\ud800b"}, "/note"),
        ({"method": "by_pigeon"}, "/method"),
        ({"method": 1}, "/method"),
        ({"method": "a\u0000"}, "/method"),
        ({"gift": "true"}, "/gift"),
        ({"gift": 1}, "/gift"),
        ({"answers": {"1": 6}}, "/answers/1"),
        ({"answers": {"1": 1, "2": 2, "3": 3}}, "/answers"),
        ({"answers": [1]}, "/answers"),
    ],
)
def test_what_does_not_fit_is_named_by_a_pointer(app, change, pointer):
    response = post(app, {**GOOD, **change})

    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert response.json["code"] == "invalid"
    assert pointers(response) == [pointer]
    assert all(item["message"] for item in response.json["errors"])


def test_messages_are_chinese_and_repeat_nothing_that_was_entered(app):
    response = post(app, {**GOOD, "method": "<secret>", "note": "0123456789x"})

    messages = {item["pointer"]: item["message"] for item in response.json["errors"]}
    assert messages == {"/method": "请从给出的选项中选择", "/note": "最多 10 个字"}


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff", b'{"a": NaN}', b"[" * 5000])
def test_a_body_that_is_no_object_is_400(app, body):
    response = app.post("/api/v1/open-orders", body, content_type="application/json", status="*")

    assert response.status_code == 400
    assert response.json["code"] == "bad_body"


def test_another_media_type_is_415(app):
    response = app.post("/api/v1/open-orders", {"a": "b"}, status=415)

    assert response.json["code"] == "unsupported_media_type"


def test_a_large_body_is_413(app, monkeypatch):
    monkeypatch.setattr(operations, "MAX_BODY", 1000)

    response = post(app, {**GOOD, "note": "x" * 1000})

    assert response.status_code == 413
    assert response.json["code"] == "body_too_large"


@pytest.mark.parametrize("limit", ["0", "101", "x", "1.5", "１", "+5"])
def test_a_bad_limit_is_422(app, limit):
    response = app.get("/api/v1/orders", {"limit": limit}, status="*")

    assert response.status_code == 422
    assert pointers(response) == ["/limit"]


def test_a_query_is_read_as_text(app):
    assert app.get("/api/v1/orders?limit=5&limit=7").json["limit"] == 7
    assert app.get("/api/v1/orders?limit=").json["limit"] == 20


def test_nul_in_a_query_is_422(app):
    app.get("/api/v1/orders?cursor=a%00", status=422)


def test_an_unknown_address_is_a_problem(app):
    for path in ("/api/v1/nothing", "/api", "/api/v2/orders"):
        response = app.get(path, status=404)

        assert response.content_type == "application/problem+json"
        assert response.json["code"] == "not_found"


def test_another_method_of_a_known_address_is_405(app):
    response = app.put_json("/api/v1/orders", {}, status=405)

    assert response.json["code"] == "method_not_allowed"
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "JUNK"])
def test_odd_methods_are_405_problems(wsgi, method):
    response = TestApp(wsgi, lint=False).request("/api/v1/orders", method=method, status=405)

    assert response.json["status"] == 405
    assert "Content-Security-Policy" in response.headers


def test_junk_bytes_in_the_path_are_a_404_problem(app):
    response = app.get("/api/v1/%ff", status=404)

    assert response.json["code"] == "not_found"


def test_an_unknown_caller_is_401_and_a_known_one_403(app):
    response = app.post_json("/api/v1/orders", GOOD, status=401)
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json["code"] == "sign_in_required"

    response = app.get("/api/v1/refused", headers=MEMBER, status=403)
    assert response.json["code"] == "forbidden"


def test_a_limit_says_when_to_come_back(app):
    response = app.get("/api/v1/limited", status=429)

    assert response.headers["Retry-After"] == "17"
    assert response.json["code"] == "too_many_requests"


def test_a_fault_of_ours_is_a_500_that_says_nothing_but_its_id(app, capsys, counted):
    response = app.post_json(
        "/api/v1/orders",
        {**GOOD, "note": "crash"},
        headers={**MEMBER, "X-Request-Id": "abcdef0123"},
        status=500,
    )

    assert response.json["request_id"] == "abcdef0123"
    assert "secret inside" not in response.text
    assert "RuntimeError" not in response.text
    assert counted() == []


def test_the_language_follows_the_header(app):
    chinese = app.get("/api/v1/nothing", headers={"Accept-Language": "zh-CN"}, status=404)
    english = app.get("/api/v1/nothing", headers={"Accept-Language": "en"}, status=404)

    assert chinese.json["detail"] == "没有找到您要的内容"
    assert chinese.headers["Content-Language"] == "zh-CN"
    assert english.headers["Content-Language"] == "en"


def test_a_response_of_the_handlers_own_is_left_alone(app):
    assert app.get("/api/v1/plain").body == b"file"


def test_an_empty_answer_is_204_and_never_kept(app):
    response = app.delete("/api/v1/orders/N1", headers=MEMBER, status=204)

    assert response.headers["Cache-Control"] == "no-store"


def test_an_operation_cannot_be_declared_twice(config, bench):
    with pytest.raises(ValueError, match="place"):
        config.add_suwen_operation(Operation("place", "GET", "/x", bench.plain, "public"))


def test_paths_are_recognised_whatever_the_method():
    operation = Operation("x", "GET", "/orders/{number}/lines", print, "public")

    assert operation.answers_to("/api/v1/orders/N.1/lines")
    assert not operation.answers_to("/api/v1/orders/N/1/lines")
    assert not operation.answers_to("/api/v1/orders/N1")


def test_times_are_written_with_the_offset_of_china():
    moment = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)

    assert _plain(moment) == "2026-11-22T14:05:00+08:00"
    assert _plain(date(2026, 11, 22)) == "2026-11-22"
    assert json.dumps({"x": Fraction(1, 2)}, default=_plain) == '{"x": "1/2"}'
