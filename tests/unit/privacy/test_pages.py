"""The pages and operations, as a member and as staff."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from webtest import TestApp

from suwen.accounts.services import accounts
from suwen.kernel.sessions import Device
from suwen.privacy.models import PrivacyRequest
from suwen.privacy.receipts import receipt_number

from .conftest import NAME, add_child, release_report

V1 = "/api/v1"


def signed_in(life, member_id, *, elevated=True):
    """A browser of a member, who has just proved himself where asked."""
    browser = TestApp(life.site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})

    def act(db):
        service = accounts(life.house, db)
        row, token = service.sessions.open(member_id, Device())
        if elevated:
            service.sessions.elevate(row.id, 10)
        return token

    browser.set_cookie("dev-session", life.site.run(act))
    return browser


def form_with(page, name):
    return next(form for form in page.forms.values() if name in form.fields)


def form_to(page, path):
    return next(form for form in page.forms.values() if form.action.endswith(path))


@pytest.fixture
def web(life):
    return signed_in(life, life.member)


@pytest.fixture
def staff(life):
    """Somebody who may write texts and see requests."""

    def act(db):
        from suwen.accounts.models import Member
        from suwen.accounts.staffing.models import Role, StaffGrant
        from suwen.kernel import clock

        member = db.get_one(Member, life.sponsor)
        member.totp_confirmed_at = clock.now()
        role = Role(
            code="r1",
            title="隐私",
            permissions=["staff.consents", "staff.privacy"],
            owner_id=member.id,
        )
        db.add_all([role, StaffGrant(member_id=member.id, role="r1", region="*")])

    life.site.run(act)
    return signed_in(life, life.sponsor)


PAGES = (
    "/me/privacy",
    "/me/privacy/export",
    "/me/privacy/erasure",
    "/me/consents",
    "/me/consents/testing",
)
STAFF_PAGES = (
    "/admin/privacy",
    "/admin/privacy?state=failed",
    "/admin/consents",
    "/admin/consents/testing",
)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_page_opens(life, web, staff, language):
    for browser, pages in ((web, PAGES), (staff, STAFF_PAGES)):
        browser.set_cookie("lang", language)
        for path in pages:
            page = browser.get(path)
            assert page.text.count("<h1") == 1, path
            assert "${" not in page.text, path
            if language == "en":
                main = page.html.find("main") or page.html
                plain = main.get_text()
                assert "撤回" not in plain, path


def test_export_by_page_wants_a_step_up(life):
    browser = signed_in(life, life.member, elevated=False)
    for path in ("/me/privacy/export", "/me/privacy/erasure", "/me/privacy/export/1/download"):
        assert "/step-up?" in browser.get(path, status=303).location


def test_export_by_page(life, web):
    form = form_to(web.get("/me/privacy/export"), "/me/privacy/export")
    page = form.submit(status=303).follow()
    assert "等待处理" in page.text
    assert web.get("/me/privacy/export/status").json["done"] is False
    form.submit(status=303)
    life.house.outbox.drain()
    assert web.get("/me/privacy/export/status").json["done"] is True
    page = web.get("/me/privacy/export")
    answer = page.click(href="/download$")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''suwen-")
    assert answer.headers["Cache-Control"] == "no-store, private"
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert NAME in archive.read("data/accounts.json").decode()
    other = signed_in(life, life.sponsor)
    other.get(re.search(r"/me/privacy/export/\d+/download", page.text)[0], status=404)


def test_erasure_by_page_lists_what_is_open_and_says_what_stays(life, web):
    page = web.get("/me/privacy/erasure")
    assert f"/orders/{life.order.number}" in page.text
    assert "处理完上面的事项后才能注销" in page.text
    assert "《电子商务法》第三十一条" in page.text
    release_report(life)
    form = form_with(web.get("/me/privacy/erasure"), "confirm")
    form["confirm"] = "好的"
    page = form.submit(status=422)
    assert "请在输入框中准确填写确认文字" in page.text
    form["confirm"] = "注销"
    receipt = form.submit(status=303).follow()
    assert "等待处理" in receipt.text
    life.house.outbox.drain()
    web.get("/me/privacy", status=303)
    page = web.get(receipt.request.path)
    assert "已完成" in page.text
    assert web.get(f"{receipt.request.path}/status").json["done"] is True
    assert NAME not in page.text


def test_erasure_can_be_cancelled_by_page(life, web, staff):
    release_report(life)
    page = staff.get("/admin/privacy")
    rule = form_to(page, "/rules/erasure_grace_days")
    rule["days"] = "3"
    rule.submit(status=303)
    form = form_with(web.get("/me/privacy/erasure"), "confirm")
    assert "提交后 3 天内可以取消" in web.get("/me/privacy/erasure").text
    form["confirm"] = "注销"
    form.submit(status=303)
    assert "之后注销" in web.get("/me/privacy").text
    web_form = form_to(web.get("/me/privacy/erasure"), "/cancel")
    assert "已取消" in web_form.submit(status=303).follow().text


def test_pushes_are_switched_off_and_on(life, web):
    def is_on():
        return life.site.run(
            lambda db: accounts(life.house, db).consents.marketing_allowed(life.member)
        )

    assert is_on()
    form = next(
        form
        for form in web.get("/me/privacy").forms.values()
        if "purpose" in form.fields and form["purpose"].value == "marketing"
    )
    assert form["on"].value == "0"
    form.submit(status=303)
    assert not is_on()
    web.post(
        "/me/privacy/pushes",
        {"purpose": "terms", "on": "0", "csrf_token": form["csrf_token"].value},
        status=404,
    )


def test_consents_of_another_person_do_not_exist(life, web):
    theirs = life.site.run(lambda db: accounts(life.house, db).subject_of(life.sponsor))
    web.get(f"/me/consents?subject={theirs}", status=404)
    web.get(f"/me/consents/testing?subject={theirs}", status=404)
    web.get("/me/consents/nothing", status=404)


def test_a_dependant_s_consents_are_his_own(life, web):
    child = add_child(life)
    page = web.get(f"/me/consents?subject={child}")
    assert "监护人同意" in page.text
    assert "用户协议" not in page.text.split("<main")[1].split("</main>")[0]
    form = next(
        form
        for form in page.forms.values()
        if "purpose" in form.fields and form["purpose"].value == "guardian"
    )
    form.submit(status=303)
    has = life.site.run(lambda db: accounts(life.house, db).consents.has(child, "guardian"))
    assert has
    assert not life.site.run(
        lambda db: accounts(life.house, db).consents.has(life.subject, "guardian")
    )


def test_the_api_makes_a_copy_and_hands_it_over(life):
    app, headers = life.site.app, life.site.token(life.member)
    refused = app.post_json(f"{V1}/me/export", headers=headers, status=403)
    assert refused.json["code"] == "step_up_required"
    elevate(life)
    asked = app.post_json(f"{V1}/me/export", headers=headers, status=202).json
    assert (asked["kind"], asked["state"]) == ("export", "waiting")
    life.house.outbox.drain()
    path = f"{V1}/me/privacy-requests/{asked['id']}"
    told = app.get(path, headers=headers).json
    assert (told["state"], told["progress"]) == ("ready", 100)
    body = app.get(f"{path}/file", headers=headers).body
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
    other = life.site.token(life.sponsor)
    app.get(path, headers=other, status=404)
    app.get(f"{path}/file", headers=other, expect_errors=True, status=403)


def elevate(life):
    """All sessions of the member have just been proved."""

    def act(db):
        service = accounts(life.house, db)
        for row in service.sessions.of(life.member):
            service.sessions.elevate(row.id, 10)

    life.site.run(act)


def test_the_api_erases(life):
    app, headers = life.site.app, life.site.token(life.member)
    elevate(life)
    body = {"confirm": "ERASE"}
    open_ones = app.post_json(f"{V1}/me/erasure", body, headers=headers, status=409)
    assert open_ones.json["code"] == "erasure_open_items"
    release_report(life)
    wrong = app.post_json(f"{V1}/me/erasure", {"confirm": "no"}, headers=headers, status=422)
    assert wrong.json["errors"][0]["pointer"] == "/confirm"
    asked = app.post_json(f"{V1}/me/erasure", body, headers=headers, status=202).json
    assert asked["receipt_url"].endswith(receipt_number(life.house, int(asked["id"])))
    life.house.outbox.drain()
    app.get(f"{V1}/me/privacy-requests/{asked['id']}", headers=headers, status=401)
    assert "已完成" in app.get(asked["receipt_url"]).text


def test_consents_by_the_api(life):
    app, headers = life.site.app, life.site.token(life.member)
    found = app.get(f"{V1}/me/consents", headers=headers).json["items"]
    research = next(one for one in found if one["purpose"] == "research")
    assert (research["given"], research["required"]) == (False, False)
    body = {"purpose": "research", "version": research["version"]}
    given = app.post_json(f"{V1}/me/consents", body, headers=headers, status=201).json
    assert given["given"] is True
    assert given["subject_id"] == str(life.subject)
    app.delete(f"{V1}/me/consents/research", headers=headers, status=204)
    history = life.site.run(
        lambda db: accounts(life.house, db).consents.history(life.subject, "research")
    )
    assert [(one.channel, one.withdrawn_at is not None) for one in history] == [("api", True)]
    theirs = life.site.run(lambda db: accounts(life.house, db).subject_of(life.sponsor))
    body["subject_id"] = str(theirs)
    app.post_json(f"{V1}/me/consents", body, headers=headers, status=404)


def test_staff_draft_compare_and_publish_a_text(life, web, staff):
    page = staff.get("/admin/consents").click(href="/admin/consents/testing$")
    form = form_with(page, "text_en")
    form["version"] = "bad version"
    assert "版本号只能用" in form.submit(status=422).text
    form["version"] = "2027-01"
    form["text"] = "我了解检测的目的、范围、局限与可能的结果，样本保存六个月。"
    page = form.submit(status=303).follow()
    assert "<ins>" in page.text
    assert "<del>" in page.text
    assert "1 人" in page.text
    web.get("/me/consents")
    form_to(page, "/publish").submit(status=303)
    page = web.get("/me/consents")
    assert "文本已更新，请重新确认" in page.text
    assert "样本保存六个月" in page.text
    history = web.get("/me/consents/testing")
    assert "2026-11" in history.text
    assert "停留在旧版本" in staff.get("/admin/consents/testing").text


def test_publishing_wants_a_step_up(life, staff):
    page = form_with(staff.get("/admin/consents/research"), "text_en")
    page["version"], page["text"] = "2027-01", "另一份文本"
    draft = page.submit(status=303).follow()
    weak = signed_in(life, life.sponsor, elevated=False)
    form = form_to(weak.get(draft.request.path), "/publish")
    assert "/step-up" in form.submit(status=303).location
    gone = form_to(staff.get(draft.request.path), "/discard").submit(status=303).follow()
    assert "草稿已删除" in gone.text


def test_staff_see_failures_and_retry_but_no_names(life, staff, monkeypatch):
    def broken(self, db, member_id):
        raise RuntimeError(NAME)

    with monkeypatch.context() as fault:
        fault.setattr("suwen_push_inbox.reading.PersonalData.export", broken)
        row = life.export()
    page = staff.get("/admin/privacy?state=failed")
    assert "plugin.push_inbox: RuntimeError" in page.text
    assert NAME not in page.text
    form_to(page, f"/requests/{row.id}/retry").submit(status=303)
    life.house.outbox.drain()
    assert life.row(row.id).state == "ready"
    assert isinstance(life.row(row.id), PrivacyRequest)


def test_rules_refuse_less_than_the_floor(life, staff):
    form = form_to(staff.get("/admin/privacy"), "/rules/messages")
    form["days"] = "3"
    assert "不能少于最低要求" in form.submit(status=422).text
    form["days"] = "x"
    form.submit(status=422)


def test_who_holds_neither_permission_sees_neither_page(life, web):
    for path in ("/admin/privacy", "/admin/consents"):
        web.get(path, status=404)
