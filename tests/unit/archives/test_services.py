import io

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import text

from suwen.accounts.errors import ConsentRequired
from suwen.accounts.services import accounts
from suwen.archives.errors import (
    DocumentRefused,
    DuplicateDocument,
    SecondPersonNeeded,
    WrongOrder,
)
from suwen.archives.matching import NEEDED_CONSENTS
from suwen.archives.models import ArchiveDocument, ArchiveRecord
from suwen.archives.services import archives, importing
from suwen.hookspecs.archive import Upload
from suwen.kernel.audit import Actor
from suwen.kernel.crypto import SubjectKeyDestroyed
from suwen.kernel.errors import Conflict, IllegalTransition, NotFound

STAFF, OTHER = Actor("staff", 700), Actor("staff", 701)


def report(name="王小明", birth="1990-05-06", extra="a"):
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setFont("STSong-Light", 12)
    for row, line in enumerate(
        (f"姓名：{name}", f"出生日期：{birth}", "报告编号：R2026001", extra)
    ):
        canvas.drawString(80, 700 - 30 * row, line)
    canvas.save()
    return Upload("报告.pdf", out.getvalue())


class Scene:
    def __init__(self, shop):
        self.shop, self.house = shop, shop.house
        self.member = shop.member("13800008001")
        self.order = shop.buy(self.member)

        def fill(db):
            people = accounts(self.house, db)
            people.profiles.update(self.member, {"real_name": "王小明", "birth_date": "1990-05-06"})
            subject = people.subject_of(self.member)
            for purpose in NEEDED_CONSENTS:
                people.consents.give(subject, purpose, Actor("member", self.member))
            return subject

        self.subject = shop.run(fill)

    def take(self, upload=None, actor=STAFF, order=None):
        def act(db):
            service = importing(self.house, db)
            target = service.target(order or self.order.number, None)
            return service.import_report(target, upload or report(), actor)

        return self.shop.run(act)

    def step(self, record, name, actor=STAFF, *more):
        def act(db):
            service = importing(self.house, db)
            getattr(service, name)(service.get(record.id), actor, *more)

        self.shop.run(act)

    def open(self, member, record):
        return self.shop.run(
            lambda db: archives(self.house, db).open(
                member, record.public_id, Actor("member", member), "zh_CN"
            )
        )

    def released(self):
        record = self.take()
        self.step(record, "release")
        return record


@pytest.fixture
def scene(shop):
    return Scene(shop)


def test_a_matching_report_is_told_released_and_read(scene):
    record = scene.released()
    opened = scene.open(scene.member, record)
    assert opened.title == "营养代谢基因检测"
    found, content = scene.shop.run(
        lambda db: archives(scene.house, db).document(
            scene.member, record.public_id, opened.documents[0].id, Actor("member", scene.member)
        )
    )
    assert found.file_name == "报告.pdf"
    assert content.startswith(b"%PDF-")


def test_nothing_is_seen_before_the_release(scene):
    record = scene.take()
    assert record.state == "matched"
    with pytest.raises(NotFound):
        scene.open(scene.member, record)
    assert scene.shop.run(lambda db: archives(scene.house, db).page(scene.member))[0] == []


def test_others_records_do_not_exist(scene):
    record = scene.released()
    stranger = scene.shop.member("13800008002")
    with pytest.raises(NotFound):
        scene.open(stranger, record)


@pytest.mark.parametrize(
    "upload", [report(name="李四"), report(birth="1991-05-06"), report(name="", birth="")]
)
def test_what_does_not_match_is_quarantined_and_needs_a_second_person(scene, upload):
    record = scene.take(upload)
    assert record.state == "quarantined"
    with pytest.raises(IllegalTransition):
        scene.step(record, "release")
    with pytest.raises(SecondPersonNeeded):
        scene.step(record, "confirm", STAFF, "核对过")
    scene.step(record, "confirm", OTHER, "电话核实")
    scene.step(record, "release", OTHER)
    scene.open(scene.member, record)


def rows(scene, table):
    return scene.shop.run(lambda db: db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def files(scene):
    return [path for path in scene.house.settings.path("files").rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7 nothing", b"<html>%PDF-1.4</html>"])
def test_a_pdf_that_is_none_is_refused_at_its_field_and_nothing_is_kept(scene, content):
    with pytest.raises(DocumentRefused) as refused:
        scene.take(Upload("x.pdf", content))
    assert "file" in refused.value.fields
    assert rows(scene, "archive_record") == 0
    assert files(scene) == []


def test_the_same_file_twice_is_refused(scene):
    upload = report()
    scene.take(upload)
    with pytest.raises(DuplicateDocument):
        scene.take(upload)
    assert rows(scene, "archive_record") == 1


def test_without_consent_nothing_is_imported(scene):
    def withdraw(db):
        accounts(scene.house, db).consents.withdraw(
            scene.subject, "sensitive_data", Actor("member", scene.member)
        )

    record = scene.take()
    scene.shop.run(withdraw)
    with pytest.raises(ConsentRequired):
        scene.take(report(extra="other"))
    with pytest.raises(ConsentRequired):
        scene.step(record, "release")


@pytest.mark.parametrize("order", ["SW0", ""])
def test_an_unknown_order_is_refused_at_its_field(scene, order):
    with pytest.raises(WrongOrder) as refused:
        scene.take(order=order or " ")
    assert "order" in refused.value.fields


def test_an_unpaid_order_gets_no_report(scene):
    unpaid = scene.shop.place(scene.member)
    with pytest.raises(WrongOrder):
        scene.take(order=unpaid.number)


def test_a_newer_version_supersedes_and_the_old_one_stays_readable(scene):
    first = scene.released()
    second = scene.take(report(extra="amended"))
    assert second.version == 2
    scene.step(second, "release")
    assert scene.open(scene.member, first).record.state == "superseded"
    assert scene.open(scene.member, second).record.state == "released"


def test_every_read_is_logged_and_shown_to_the_subject(scene):
    record = scene.released()
    scene.open(scene.member, record)
    entries, _cursor = scene.shop.run(lambda db: archives(scene.house, db).accesses(scene.member))
    assert [entry.action for entry in entries[:2]] == ["record.read", "report.released"]
    assert entries[0].who == "self"


def test_old_reports_stay_readable_when_the_plugin_is_off_or_gone(scene):
    record = scene.released()
    scene.shop.run(
        lambda db: scene.house.switch.set_state(db, "4306", "archive_gene_report", "disabled")
    )
    scene.open(scene.member, record)
    scene.house.host.archive_types.discard("archive_gene_report")
    opened = scene.open(scene.member, record)
    assert opened.title == "营养代谢基因检测"


def test_the_database_and_the_file_store_hold_no_plain_word(scene):
    scene.released()
    marker = "营养代谢基因检测".encode()
    with scene.house.database.snapshot() as db:
        sealed = bytes(db.query(ArchiveRecord).one().sealed)
        name = bytes(db.query(ArchiveDocument).one().file_name)
    assert marker not in sealed
    assert "报告".encode() not in name
    assert all(b"%PDF" not in path.read_bytes() for path in files(scene))


def test_destroying_the_subjects_key_destroys_the_record(scene):
    record = scene.released()
    scene.house.vault.destroy(scene.subject)
    with pytest.raises(SubjectKeyDestroyed):
        scene.open(scene.member, record)


def test_an_older_version_never_takes_the_place_of_a_newer_one(scene):
    first, second = scene.take(), scene.take(report(extra="b"))
    assert (first.version, second.version) == (1, 2)
    scene.step(second, "release")
    with pytest.raises(Conflict):
        scene.step(first, "release")
    scene.open(scene.member, second)
    with pytest.raises(NotFound):
        scene.open(scene.member, first)


def test_a_list_asks_for_a_subjects_key_once(scene, monkeypatch):
    for extra in "abc":
        scene.step(scene.take(report(extra=extra)), "release")
    asked = []
    vault = scene.house.vault
    known = vault.subject
    monkeypatch.setattr(type(vault), "subject", lambda _vault, who: asked.append(who) or known(who))
    items, _cursor = scene.shop.run(lambda db: archives(scene.house, db).page(scene.member))
    assert len(items) == 3
    assert asked == [scene.subject]
