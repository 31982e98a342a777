"""The back office's own pages."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from suwen.kernel import clock
from suwen.kernel.audit import AuditEvent
from suwen.kernel.plugins.models import RegionPlugin
from suwen.kernel.regions import Region

pytest_plugins = ["tests.fixtures_surfaces"]

SECRET = "s3cret-key"
SETTINGS = "/admin/plugins/dummy_disabled/4306/settings/push/dummy_disabled"


def configure(app, **changes):
    form = app.get(SETTINGS).forms["settings"]
    for name, value in {"sender": "a@example.com", "api_key": SECRET, **changes}.items():
        form[name] = value
    return form.submit("save", status="*")


def switch(app, state, region="4306", status=303):
    page = app.get(f"/admin/plugins/dummy_disabled/{region}?to={state}")
    form = next(form for form in page.forms.values() if "state" in form.fields)
    return form.submit(status=status)


def state(house, region="4306", plugin="dummy_disabled"):
    with house.database.snapshot() as session:
        row = session.get(RegionPlugin, (region, plugin))
        return row.state if row else None


def events(house):
    with house.database.snapshot() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        return [(row.action, row.object_id, row.region, house.audit.details(row)) for row in rows]


def test_the_dashboard_is_silent_about_other_peoples_areas(site):
    page = site(("catalog", "*")).get("/admin")

    assert "待办甲" not in page.text
    assert "隔离" not in page.text


def test_the_dashboard_counts_what_awaits_the_person(app):
    page = app.get("/admin")

    assert re.search(r"待办甲.*?>3<", page.text, re.DOTALL)
    assert "有 1 个插件已被隔离" in page.text


def test_the_matrix_shows_every_plugin_and_the_cause_of_quarantine(app):
    page = app.get("/admin/plugins")

    rows = {row.find("small").text: row for row in page.html.select("#plugins tbody tr")}
    assert set(rows) == {"dummy_disabled", "dummy_slow", "dummy_wrong_version"}
    assert "needs suwen" in rows["dummy_wrong_version"].text
    assert [cell["data-label"] for cell in rows["dummy_slow"].find_all("td")][3:] == [
        "全国",
        "岳阳市",
    ]


def test_a_plugin_whose_package_is_gone_is_still_shown(app, house):
    with house.database.transaction() as session:
        row = {"config": {}, "updated_at": clock.now(), "state": "enabled"}
        session.add(RegionPlugin(region="4306", plugin="payment_gone", **row))

    assert "插件包已卸载" in app.get("/admin/plugins").text


def test_staff_of_one_region_see_and_switch_that_one(site, house):
    app = site(("administrator", "4306"))

    assert "岳阳市" in app.get("/admin/plugins").html.select_one("#plugins").text
    assert "全国" not in app.get("/admin/plugins").html.select_one("#plugins").text
    app.get("/admin/plugins/dummy_slow/4306")
    app.get("/admin/plugins/dummy_slow/100000", status=404)
    app.get("/admin/plugins/dummy_slow/999999", status=404)
    app.get("/admin/plugins/nothing/4306", status=404)


def test_others_are_refused(site):
    app = site(("finance", "*"))

    for path in ("/admin/plugins", "/admin/regions", "/admin/audit", SETTINGS):
        app.get(path, status=403)


def test_the_preview_names_what_is_missing_and_blocks(app, house):
    page = app.get("/admin/plugins/dummy_disabled/4306?to=enabled")

    assert "消息可以经“停用通道”发送" in page.text
    assert "插件自己的页面在本地区可见" in page.text
    assert "此插件会把数据传到境外" in page.text
    assert page.html.select_one("form button[disabled]")
    assert "发件人 请填写此项" in page.html.select_one("#content").text

    switch(app, "enabled", status=409)
    assert state(house) is None


def test_settings_then_switch_then_the_page_is_there(app, house):
    app.get("/dummy-disabled/page", status=404)
    assert app.get("/dummy-disabled/callback").text == "dummy"

    assert configure(app).status_code == 303
    assert switch(app, "enabled", region="4306").status_code == 303
    app.set_cookie("region", "4306")
    assert app.get("/dummy-disabled/page").text == "dummy"

    switch(app, "draining")
    assert app.get("/dummy-disabled/page").text == "dummy"
    page = app.get("/admin/plugins/dummy_disabled/4306?to=disabled")
    assert "插件自己的页面在本地区不再可见" in page.text
    switch(app, "disabled")
    app.get("/dummy-disabled/page", status=404)
    assert app.get("/dummy-disabled/callback").text == "dummy"


def test_every_change_is_recorded_without_its_secrets(app, house):
    configure(app)
    switch(app, "enabled")

    first, second = events(house)
    assert first[:3] == ("plugin.settings", "dummy_disabled", "4306")
    assert first[3]["secrets_entered"] == ["api_key"]
    assert first[3]["changed"]["sender"] == [None, "a@example.com"]
    assert SECRET not in str(first[3])
    assert second[0] == "plugin.state"
    assert second[3] == {"before": "disabled", "after": "enabled"}


def test_a_stored_secret_never_comes_back(app):
    configure(app)

    page = app.get(SETTINGS)

    assert SECRET not in page.text
    assert page.forms["settings"]["api_key"].value == ""
    assert page.forms["settings"]["sender"].value == "a@example.com"


def test_an_empty_secret_keeps_the_stored_one(app, house):
    configure(app)
    configure(app, api_key="", sender="b@example.com")

    item = house.host.channels.get("dummy_disabled")
    with house.database.snapshot() as session:
        assert house.switch.settings(session, "4306", item)["api_key"] == SECRET


def test_bad_settings_stay_on_the_page_beside_their_field(app):
    response = configure(app, per_hour="many")

    assert response.status_code == 422
    assert response.forms["settings"]["sender"].value == "a@example.com"
    assert SECRET not in response.text


def test_a_failing_self_test_refuses_the_switch_and_bad_changes_later(app, house):
    configure(app, sender="wrong")
    refused = switch(app, "enabled", status=409)
    assert "发件人不存在" in refused.text

    configure(app)
    switch(app, "enabled")
    assert configure(app, sender="wrong").status_code == 409
    item = house.host.channels.get("dummy_disabled")
    with house.database.snapshot() as session:
        assert house.switch.settings(session, "4306", item)["sender"] == "a@example.com"


def test_a_self_test_that_raises_is_a_finding(app):
    configure(app, sender="explode")

    page = app.get("/admin/plugins/dummy_disabled/4306")

    assert "自检出错：RuntimeError" in page.text
    assert "secret inside" not in page.text


def test_open_items_are_counted_by_the_domains(app, house):
    house.ports["open_items"] = [lambda db, region, plugin: [("未完成的付款", 2), ("无", 0)]]
    configure(app)
    switch(app, "enabled")

    page = app.get("/admin/plugins/dummy_disabled/4306?to=disabled")

    assert "未完成的付款" in page.text
    assert ">无 <" not in page.text


def test_a_quarantined_plugin_cannot_be_enabled(app):
    page = app.get("/admin/plugins/dummy_wrong_version/4306?to=enabled")

    assert page.html.select_one("form button[disabled]")
    form = next(form for form in page.forms.values() if "state" in form.fields)
    assert "已被隔离" in form.submit(status=409).text


def test_an_unknown_state_is_404(app):
    page = app.get("/admin/plugins/dummy_slow/4306?to=enabled")
    form = next(form for form in page.forms.values() if "state" in form.fields)
    form["state"].force_value("half")

    form.submit(status=404)


def add_region(app, status=303, **values):
    form = next(f for f in app.get("/admin/regions").forms.values() if "clone_from" in f.fields)
    for name, value in values.items():
        form[name] = value
    return form.submit(status=status)


def test_a_region_is_added_as_a_copy_and_named(app, house):
    configure(app)
    switch(app, "enabled")

    add_region(app, code="430100", name=" 长沙  市 ", clone_from="4306")

    assert state(house, "4301") == "enabled"
    with house.database.snapshot() as session:
        region = session.get(Region, "4301")
        assert (region.name, region.prefixes) == ("长沙 市", ["4301"])
    form = next(f for f in app.get("/admin/regions").forms.values() if f.action.endswith("/4301"))
    form["name"] = "长沙市"
    form.submit(status=303)
    assert events(house)[-1][0] == "region.rename"
    assert "长沙市" in app.get("/admin/plugins").text


def test_a_new_region_without_a_copy_starts_with_what_is_for_everybody(app, house):
    add_region(app, code="4301", name="长沙市")

    assert state(house, "4301", "dummy_slow") == "enabled"
    assert state(house, "4301", "dummy_disabled") is None


@pytest.mark.parametrize(
    ("values", "status", "says"),
    [
        ({"code": "4306", "name": "又一个"}, 409, "已有地区使用这个代码"),
        ({"code": "430600", "name": "又一个"}, 409, "已有地区使用这个代码"),
        ({"code": "43x", "name": "长沙市"}, 422, "行政区划代码"),
        ({"code": "4301", "name": "  "}, 422, "请填写名称"),
    ],
)
def test_bad_regions_are_explained_beside_the_field(app, values, status, says):
    page = add_region(app, status=status, **values)

    assert says in page.html.select_one(".field-error").text
    assert page.html.select_one("#f-code")["value"] == values["code"]


def test_staff_of_one_region_add_none(site):
    app = site(("administrator", "4306"))
    page = app.get("/admin/regions")
    assert not any("clone_from" in form.fields for form in page.forms.values())

    token = page.forms[0]["csrf_token"].value
    app.post("/admin/regions", {"csrf_token": token, "code": "4301", "name": "x"}, status=404)
    app.post("/admin/regions/100000", {"csrf_token": token, "name": "x"}, status=404)
