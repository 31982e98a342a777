"""Every route and view of the whole site: who may, who may not, and how each is told."""

from __future__ import annotations

import json
import re

import pytest
from pyramid.security import NO_PERMISSION_REQUIRED
from webob import Request

from suwen.accounts.policy import SecurityPolicy
from suwen.accounts.roles import ROLES, permissions_of
from suwen.accounts.staffing.permissions import permissions
from tests.functional.kinds import KINDS, Cast

pytestmark = pytest.mark.sqlite

KNOWN = {"public", "member", "member.private", "member.agree", "staff", NO_PERMISSION_REQUIRED}
"""Beside what domains and plugins declare for staff."""
NEED_NONE = {
    *("static", "favicon", "preferences", "healthz", "readyz"),
    *("development.outbox", "development.accounts", "development.kits"),
}
"""Files, health and development surfaces: the only views that may say so."""
WITHOUT_CSRF = {"payments.notify", "payments.return"}
"""Providers and forms of theirs write here; what they say is verified or counts for nothing."""
UNLIMITED = {"admin.branch_new"}
"""Pages for those whose permission is not limited to a branch."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ODD = ("OPTIONS", "TRACE", "CONNECT", "BREW", "get")
FEWEST = 100


class View:
    """A view as Pyramid knows it."""

    def __init__(self, item, patterns):
        view = item["introspectable"]
        self.route = view["route_name"]
        self.pattern = patterns[self.route]
        self.methods = _tuple(view["request_methods"] or "GET")
        self.permissions = [
            related["value"]
            for related in item["related"]
            if related.category_name == "permissions"
        ]

    @property
    def permission(self):
        return self.permissions[0] if self.permissions else None

    @property
    def is_api(self):
        return self.route.startswith("api.")

    @property
    def path(self):
        """An address that the route answers to; nothing is there under it."""
        filled = re.sub(r"\{\w+:([^}|]+)[^}]*\}", r"\1", self.pattern)
        return re.sub(r"\{[^}]+\}", "1", filled).replace("*subpath", "nothing")

    def __str__(self):
        return f"{self.route} {'/'.join(self.methods)} {self.path}"


def _tuple(methods):
    return (methods,) if isinstance(methods, str) else tuple(methods)


@pytest.fixture
def views(market):
    """All views that a route leads to."""
    introspector = market.app.registry.introspector
    routes = [item["introspectable"] for item in introspector.get_category("routes")]
    patterns = {route["name"]: route["pattern"] for route in routes}
    found = [
        View(item, patterns)
        for item in introspector.get_category("views")
        if item["introspectable"]["route_name"]
    ]
    assert len(found) > FEWEST
    assert {view.route for view in found} == set(patterns), "a route without a view"
    return found


def ask(market, method, path, **headers):
    """A call without any cookie."""
    request = Request.blank(path, method=method, headers=headers)
    request.host = "127.0.0.1:6543"
    request.environ["REMOTE_ADDR"] = "127.0.0.1"
    return request.get_response(market.app)


def test_every_view_declares_a_known_permission(market, views):
    known = KNOWN | permissions(market.app.registry.house).names()
    faults = [
        str(view)
        for view in views
        if view.permission not in known
        or (view.permission == NO_PERMISSION_REQUIRED and view.route not in NEED_NONE)
    ]
    assert faults == []


def test_built_in_roles_name_declared_permissions(market):
    declared = permissions(market.app.registry.house).names()
    assert permissions_of(ROLES) - {"staff"} <= declared


def test_below_admin_is_for_staff_and_nothing_else_is(views):
    for view in views:
        is_staff = str(view.permission).startswith("staff")
        assert view.pattern.startswith("/admin") is is_staff, view


def test_visitors_are_asked_to_sign_in(market, views):
    faults = []
    for view in views:
        if view.permission in {"public", NO_PERMISSION_REQUIRED}:
            continue
        for method in view.methods:
            answer = ask(market, method, view.path, **{"Content-Type": "application/json"})
            if view.is_api:
                right = answer.status_int == 401 and answer.json["code"] == "sign_in_required"
            elif method == "GET":
                right = answer.status_int == 303 and "/sign-in?next=" in answer.location
            else:
                # A form without its token is refused before anything else is looked at.
                right = answer.status_int in {303, 400}
            if not right:
                faults.append(f"{view}: {answer.status} {answer.text[:80]}")
    assert faults == []


@pytest.fixture
def decisions(monkeypatch):
    """What the policy was asked since the list was cleared: ``(permission, allowed)``."""
    asked, real = [], SecurityPolicy.permits

    def permits(policy, request, context, permission):
        answer = real(policy, request, context, permission)
        asked.append((permission, bool(answer)))
        return answer

    monkeypatch.setattr(SecurityPolicy, "permits", permits)
    return asked


def requests_of(view, *, held):
    """Methods to try: where the permission is held only those that change nothing."""
    return [method for method in view.methods if method == "GET" or not held]


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_what(market, views, decisions, kind):
    """Every route × every kind of identity, against the permission that the route declares."""
    somebody = Cast(market).play(kind)
    token = somebody.browser.get("/products").html.find("body")["hx-headers"]
    token = json.loads(token)["X-CSRF-Token"]
    faults = []
    for view in views:
        if view.permission in {"public", NO_PERMISSION_REQUIRED}:
            continue
        if view.is_api and somebody.headers is None:
            continue
        held = view.permission in somebody.held
        # Nobody is staff in the APP.
        for method in requests_of(view, held=held):
            decisions.clear()
            answer = call(somebody, view, method, token)
            fault = judged(view, answer, decisions, held=held)
            if fault:
                faults.append(f"{view} as {kind} by {method}: {fault}")
    assert faults == []


def call(somebody, view, method, token):
    """One request, in the browser or from the APP."""
    send = getattr(somebody.browser, method.lower())
    if view.is_api:
        send = somebody.browser.app
        request = Request.blank(view.path, method=method, headers=somebody.headers)
        request.host, request.environ["REMOTE_ADDR"] = "127.0.0.1:6543", "127.0.0.1"
        request.content_type = "application/json"
        return request.get_response(send)
    options = {"headers": {"X-CSRF-Token": token}, "expect_errors": True}
    return send(view.path, **options)


def judged(view, answer, decisions, *, held):
    """What is wrong with an answer, or None."""
    if (view.permission, held) not in decisions or (view.permission, not held) in decisions:
        return f"the policy said {decisions}"
    if held:
        may_miss = "{" in view.pattern or view.route in UNLIMITED
        bad = {401, 403} if may_miss else {401, 403, 404}
        return answer.status if answer.status_int in bad else None
    if view.is_api:
        return None if answer.status_int in {401, 403} else answer.status
    refused = answer.status_int in {303, 403, 404}
    return None if refused else answer.status


def test_members_see_no_back_office(market, views):
    browser = signed_in(market)
    faults = [
        f"{view}: {answer.status}"
        for view in views
        if view.pattern.startswith("/admin") and "GET" in view.methods
        for answer in [browser.get(view.path, expect_errors=True)]
        if answer.status_int != 404
    ]
    assert faults == []


def signed_in(market):
    """A browser in which the demonstration's member C is signed in."""
    account, browser = market.account("member-c"), market.browser()
    form = next(f for f in browser.get("/sign-in").forms.values() if "address" in f.fields)
    form["address"], form["password"] = account["address"], account["password"]
    assert form.submit().status_int == 303
    return browser


def test_odd_methods_are_refused(market, views):
    faults = []
    for path in sorted({view.path for view in views}):
        for method in ODD:
            answer = ask(market, method, path)
            if answer.status_int != 405:
                faults.append(f"{method} {path}: {answer.status}")
    assert faults == []


def test_methods_that_a_route_lacks_are_refused(market, views):
    taken = {}
    for view in views:
        taken.setdefault(view.path, set()).update(view.methods)
    faults = []
    for path, methods in taken.items():
        for method in METHODS:
            if method in methods or (method == "GET" and "HEAD" in methods):
                continue
            answer = ask(market, method, path, **{"Content-Type": "application/json"})
            if answer.status_int not in {404, 405}:
                faults.append(f"{method} {path}: {answer.status}")
    assert faults == []


def test_forms_without_their_token_are_refused(market, views):
    browser = signed_in(market)
    faults = []
    for view in views:
        if view.is_api or "POST" not in view.methods or view.route in WITHOUT_CSRF:
            continue
        answer = browser.post(view.path, {"a": "b"}, expect_errors=True)
        refused = answer.status_int == 400 or (
            answer.status_int == 404 and view.pattern.startswith("/admin")
        )
        if not refused:
            faults.append(f"{view}: {answer.status}")
    assert faults == []


def test_forms_from_another_site_are_refused(market):
    browser = signed_in(market)
    page = browser.get("/me/profile")
    form = next(f for f in page.forms.values() if "real_name" in f.fields)
    sent = {name: fields[0].value or "" for name, fields in form.fields.items() if name}
    over_https = {"wsgi.url_scheme": "https"}
    for headers in ({"Origin": "https://evil.example"}, {"Referer": "https://evil.example/a"}, {}):
        answer = browser.post(
            "/me/profile", sent, headers=headers, extra_environ=over_https, expect_errors=True
        )
        assert answer.status_int == 400, headers
    own = {"Origin": "https://127.0.0.1:6543"}
    answer = browser.post("/me/profile", sent, headers=own, extra_environ=over_https)
    assert answer.status_int == 303


def test_the_api_takes_no_cookies(market):
    browser = signed_in(market)
    assert browser.get("/me").status_int == 200
    assert browser.get("/api/v1/me", expect_errors=True).status_int == 401


def test_strange_addresses_are_answered(market):
    for path in ("/%00", "/%ff%fe", "/products/%E4%BD", "/?q=%ff", "/orders/../../etc/passwd"):
        assert ask(market, "GET", path).status_int in {200, 303, 400, 404}, path


def test_every_page_carries_its_headers(market, views):
    for view in views:
        if view.permission == "public" and "GET" in view.methods and not view.is_api:
            headers = ask(market, "GET", view.path).headers
            policy = headers["Content-Security-Policy"]
            assert "unsafe" not in policy, view
            assert "frame-ancestors 'none'" in policy, view
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Request-Id"]
