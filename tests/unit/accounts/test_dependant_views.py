"""Pages and operations of dependants."""

import json

import pytest
from webtest import TestApp

from suwen.accounts.services import accounts
from suwen.kernel.sessions import Device


@pytest.fixture
def app(site):
    """A browser in which somebody is signed in."""
    made = TestApp(site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    made.site, made.member = site, site.member("13911130001")
    token = site.run(
        lambda db: accounts(site.house, db).open_browser_session(made.member, Device())
    )
    made.set_cookie("dev-session", token)
    return made


def add(app, relation, name, born):
    """Fill the form in."""
    form = next(f for f in app.get("/me/dependants/new").forms.values() if "relation" in f.fields)
    form["relation"], form["name"], form["birth_date"] = relation, name, born
    return form.submit(expect_errors=True)


def test_a_child_leads_to_the_guardians_consents(app):
    answer = add(app, "child", "王小满", "2019-05-06")
    assert "/me/consents?subject=" in answer.location
    page = app.get("/me/dependants")
    assert "需要监护人同意" in page.text
    consents = answer.follow()
    give = next(
        f
        for f in consents.forms.values()
        if f.fields.get("purpose", [None])[0] is not None and f["purpose"].value == "guardian"
    )
    give.submit()
    assert "监护人已同意" in app.get("/me/dependants").text


def test_an_adult_gets_a_link_and_no_consents(app):
    assert add(app, "parent", "王建国", "1960-01-02").location.endswith("/me/dependants")
    page = app.get("/me/dependants")
    assert "等待本人同意" in page.text
    page = page.click("资料与关联")
    subject = page.request.path.rpartition("/")[2]
    link = next(f for f in page.forms.values() if f.fields.get("act") and f["act"].value == "link")
    assert "/me/dependants/links/" in link.submit().text
    token = page.html.select_one("input[name=csrf_token]")["value"]
    refused = app.post(
        "/me/consents",
        {"csrf_token": token, "subject": subject, "purpose": "testing"},
        expect_errors=True,
    )
    assert refused.status_int == 409


def test_faults_stand_beside_their_fields(app):
    answer = add(app, "child", "", "2999-01-01")
    assert answer.status_int == 422
    assert answer.html.select_one("#f-name-error")
    assert answer.html.select_one("#f-birth_date-error")


def test_removing_needs_a_tick(app):
    add(app, "child", "王小满", "2019-05-06")
    page = app.get("/me/dependants").click("资料", href="/me/dependants/\\d+")
    form = next(f for f in page.forms.values() if "sure" in f.fields)
    assert form.submit(expect_errors=True).status_int == 422
    form["sure"] = True
    assert "已移除家人" in form.submit().follow().text


def test_another_members_dependant_does_not_exist(app, site):
    add(app, "child", "王小满", "2019-05-06")
    page = app.get("/me/dependants").click("资料", href="/me/dependants/\\d+")
    stranger = site.member("13911130002")
    token = site.run(lambda db: accounts(site.house, db).open_browser_session(stranger, Device()))
    other = TestApp(site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    other.set_cookie("dev-session", token)
    assert other.get(page.request.path, expect_errors=True).status_int == 404
    assert other.get("/me/dependants/links/nothing", expect_errors=True).status_int == 404


def test_the_operations(app, site):
    headers = {**site.token(app.member), "Content-Type": "application/json"}

    def call(method, path, body=None, who=headers):
        data = json.dumps(body).encode() if body else b""
        return site.app.request(
            f"/api/v1{path}", method=method, headers=who, body=data, expect_errors=True
        )

    body = {"relation": "child", "name": "王小满", "birth_date": "2019-05-06"}
    made = call("POST", "/me/dependants", body)
    assert made.status_int == 201
    assert made.json["is_minor"]
    path = f"/me/dependants/{made.json['subject_id']}"
    changed = call("PATCH", path, {"sex": "female"})
    assert (changed.json["name"], changed.json["sex"]) == ("王小满", "female")
    assert call("POST", "/me/dependants", {**body, "relation": "self"}).status_int == 422
    stranger = {**site.token(site.member("13911130003")), "Content-Type": "application/json"}
    for method, more in (("PATCH", {"sex": "male"}), ("DELETE", None)):
        assert call(method, path, more, stranger).status_int == 404
    assert call("DELETE", path).status_int == 204
    assert call("GET", "/me/dependants").json["items"] == []
