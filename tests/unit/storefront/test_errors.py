"""Error pages."""

import pytest
from structlog.testing import capture_logs
from webtest import TestApp

ZH = {"Accept-Language": "zh-CN"}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/missing", 404, "没有找到"),
        ("/no-such-page", 404, "没有找到"),
        ("/conflict", 409, "库存不足"),
        ("/invalid", 422, "提交的内容有误"),
        ("/many", 429, "操作过于频繁"),
        ("/crash", 500, "系统出了点问题"),
    ],
)
def test_every_error_is_a_page_with_the_requests_id(app, path, status, says):
    response = app.get(path, headers={**ZH, "X-Request-Id": "abcdef0123"}, status=status)

    assert says in response.text
    assert "abcdef0123" in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content_type == "text/html"


@pytest.mark.sqlite
def test_a_fault_shows_nothing_internal_and_is_logged(app):
    with capture_logs() as logged:
        response = app.get("/crash", headers={"X-Request-Id": "abcdef0123"}, status=500)

    assert "secret" not in response.text
    assert "RuntimeError" not in response.text
    (line,) = [line for line in logged if line["event"] == "page.failed"]
    assert line["request_id"] == "abcdef0123"
    assert str(line["exc_info"]) == "secret inside"


@pytest.mark.sqlite
def test_a_limit_says_when_to_come_back(app):
    assert app.get("/many", status=429).headers["Retry-After"] == "9"


@pytest.mark.sqlite
def test_a_missing_token_is_400_and_says_what_to_do(app):
    response = app.post("/form", headers=ZH, status=400)

    assert "刷新后再试" in response.text


@pytest.mark.sqlite
def test_a_method_that_no_view_has_is_refused(app):
    app.post("/fine", status="40*")
    app.request("/fine", method="TRACE", status=405)


@pytest.mark.sqlite
def test_redirects_that_are_raised_pass(app):
    assert app.get("/elsewhere", status=303).location.endswith("/fine")


@pytest.mark.sqlite
def test_english_pages_say_so(app):
    assert '<html lang="en"' in app.get("/missing", headers={"Accept-Language": "en"}, status=404)


@pytest.mark.sqlite
def test_without_a_sign_in_page_visitors_are_told_no(app):
    app.get("/members", status=403)


@pytest.mark.sqlite
def test_visitors_are_sent_to_sign_in_and_members_told_no(config):
    config.add_route("sign_in", "/sign-in")
    app = TestApp(config.make_wsgi_app())

    response = app.get("/members?a=1&b=%2F", status=303)
    assert response.location.endswith("/sign-in?next=%2Fmembers%3Fa%3D1%26b%3D%252F")

    fragment = app.get("/members", headers={"HX-Request": "true"}, status=204)
    assert fragment.headers["HX-Redirect"].endswith("/sign-in?next=%2Fmembers")

    app.set_cookie("who", "me")
    app.get("/members", status=403)


@pytest.mark.sqlite
def test_a_database_that_is_gone_is_503(app):
    response = app.get("/gone", headers=ZH, status=503)

    assert response.headers["Retry-After"] == "5"
    assert "服务暂时不可用" in response.text


@pytest.mark.sqlite
def test_a_broken_theme_does_not_hide_what_happened(app, monkeypatch):
    def broken(*args, **kw):
        raise KeyError("theme")

    monkeypatch.setattr("suwen.storefront.errors.render_to_response", broken)

    response = app.get("/conflict", headers=ZH, status=409)

    assert "<h1>现在不能这样做</h1><p>库存不足</p>" in response.text


@pytest.mark.postgres
def test_a_value_that_the_database_refuses_is_400(app):
    app.get("/impossible", status=400)


def test_whoever_comes_second_is_tried_again_and_finds_what_stands(app):
    assert app.get("/contested", status=200).text == "settled"
