from __future__ import annotations

import io
import json
import zipfile

import pytest

from suwen.kernel.errors import NotFound
from suwen.kernel.outbox import Later
from suwen.privacy import exporting, working
from suwen.privacy.requests import requests

from .conftest import EMAIL, NAME, PHONE, STREET, release_report


def opened(life, row):
    copy = life.ask(lambda s: s.hand_over(life.member, row.id, life.me))
    content = b"".join(copy.pieces)
    assert len(content) == copy.size
    return zipfile.ZipFile(io.BytesIO(content))


def test_the_copy_holds_everything_in_readable_chinese(life):
    pdf = release_report(life)
    row = life.export()
    assert (row.state, row.progress, row.open_key) == ("ready", 100, None)
    archive = opened(life, row)
    assert archive.testzip() is None
    names = archive.namelist()
    assert "README.txt" in names
    assert {f"data/{name}.json" for name in ("accounts", "orders", "archives", "ledger")} <= set(
        names
    )
    assert "data/plugin.push_inbox.json" in names
    everything = archive.read("data.json").decode()
    for word in (NAME, STREET, EMAIL, f"+86{PHONE}", life.order.number):
        assert word in everything, word
    (report,) = [name for name in names if name.startswith("reports/")]
    assert report.endswith("报告.pdf")
    assert archive.read(report) == pdf


def test_it_says_nothing_about_anybody_else(life):
    below = life.site.member("13800007002", referral_code=life.site.share(life.member))
    bought = life.site.buy(below)
    archive = opened(life, life.export())
    text = archive.read("data.json").decode()
    for word in ("13800007001", "13800007002", bought.number, str(below), str(life.sponsor)):
        assert word not in text, word


def test_nothing_of_it_lies_open(life):
    row = life.export()
    folder = life.house.settings.path("files")
    stored = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert stored
    assert all(NAME.encode() not in blob and blob[:2] != b"PK" for blob in stored)
    life.house.vault.destroy(life.subject)
    with pytest.raises(Exception, match=str(life.subject)):
        life.ask(lambda s: s.hand_over(life.member, row.id, life.me))


def test_a_second_click_finds_the_first_and_only_ones_own_is_there(life):
    first = life.ask(lambda s: s.ask_export(life.member, life.me))
    again = life.ask(lambda s: s.ask_export(life.member, life.me))
    assert first.id == again.id
    with pytest.raises(NotFound):
        life.ask(lambda s: s.hand_over(life.member, first.id, life.me))
    life.house.outbox.drain()
    with pytest.raises(NotFound):
        life.ask(lambda s: s.hand_over(life.sponsor, first.id, life.me))


def test_the_member_is_told_when_it_is_ready(life):
    row = life.export()
    life.house.outbox.drain()
    headers = life.site.token(life.member)
    told = life.site.app.get("/api/v1/me/messages", headers=headers).json["items"]
    assert told[0]["kind"] == "export_ready"
    assert str(row.id) not in json.dumps(told)


def raising(db, member_id):
    raise RuntimeError(f"secret of {member_id}")


def test_a_store_that_raises_fails_the_request_by_name_and_is_tried_again(life, monkeypatch):
    store = "suwen_push_inbox.reading.PersonalData.export"
    with monkeypatch.context() as broken:
        broken.setattr(store, lambda self, db, member_id: raising(db, member_id))
        row = life.export()
    assert (row.state, row.error) == ("failed", "plugin.push_inbox: RuntimeError")
    assert row.open_key is not None
    life.ask(lambda s: s.retry(row.id, life.me))
    life.house.outbox.drain()
    assert life.row(row.id).state == "ready"


def test_a_plugin_that_a_region_has_off_is_asked_too(life):
    life.site.run(
        lambda db: [
            life.house.switch.set_state(db, region, "push_inbox", "disabled")
            for region in ("100000", "4306")
        ]
    )
    assert "data/plugin.push_inbox.json" in opened(life, life.export()).namelist()


def test_a_package_that_is_gone_fails_it_while_its_tables_stand(life, monkeypatch):
    monkeypatch.delitem(life.house.host.plugins, "push_inbox")
    row = life.export()
    assert row.state == "failed"
    assert row.error.startswith("plugin.push_inbox: ")


def test_a_killed_job_is_begun_anew_and_leaves_nothing_behind(life, monkeypatch):
    row = life.ask(lambda s: s.ask_export(life.member, life.me))
    monkeypatch.setattr(exporting, "LAST", 95)
    monkeypatch.setattr("suwen.privacy.parts.PIECE", 64)
    monkeypatch.setattr("suwen.privacy.parts.Parts.__init__.__defaults__", (64,))

    class Killed(BaseException):
        """As SIGKILL: nothing is tidied up."""

    def die(*_arguments, **_named):
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(exporting, "_finish", die)
        with pytest.raises(Killed):
            exporting.export(life.house, {"request": row.id})
    half = life.row(row.id)
    assert half.state == "running"
    assert len(half.parts) > 1
    with pytest.raises(Later):
        exporting.export(life.house, {"request": row.id})
    monkeypatch.setattr(working, "ALIVE", working.ALIVE * 0)
    exporting.export(life.house, {"request": row.id})
    done = life.row(row.id)
    assert done.state == "ready"
    assert not set(half.parts) & set(done.parts)
    assert opened(life, done).testzip() is None
    folder = life.house.settings.path("files")
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert left == set(done.parts)


def test_it_is_deleted_when_its_days_are_over(life, traveller):
    from suwen.privacy import retention

    row = life.export()
    traveller(days=8)
    retention.run_all(life.house)
    gone = life.row(row.id)
    assert (gone.state, gone.parts, gone.file_key) == ("expired", [], None)
    folder = life.house.settings.path("files")
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    with pytest.raises(NotFound):
        life.ask(lambda s: s.hand_over(life.member, row.id, life.me))


def test_five_copies_a_day_are_enough(life):
    from suwen.kernel.errors import TooMany

    for _number in range(5):
        life.export()
    with pytest.raises(TooMany):
        life.ask(lambda s: s.ask_export(life.member, life.me))


def test_the_service_is_made_for_one_unit_of_work(life):
    with life.house.database.snapshot() as db:
        assert requests(life.house, db).latest(life.member, "export") is None
