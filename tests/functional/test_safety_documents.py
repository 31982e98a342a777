"""Documents: what staff do with them is logged, and their names are only names."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import text

from suwen.accounts.services import accounts
from suwen.archives.matching import NEEDED_CONSENTS
from suwen.archives.services import archives, importing
from suwen.hookspecs.archive import Upload
from suwen.kernel.audit import Actor

if TYPE_CHECKING:
    from tests.fixtures_shop import Shop

LABORATORY = Actor("staff", 700, region="100000")
SECOND = Actor("staff", 701, region="100000")


def document() -> bytes:
    """A small PDF that names nobody."""
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(80, 700, "report")
    canvas.save()
    return out.getvalue()


def released(shop: Shop, file_name: str) -> tuple[int, str]:
    """Import, confirm and release a document; the member and the record's address."""
    member = shop.member("13900000001")
    order = shop.buy(member)

    def take(db: Any) -> Any:
        people = accounts(shop.house, db)
        for purpose in NEEDED_CONSENTS:
            people.consents.give(people.subject_of(member), purpose, Actor("member", member))
        service = importing(shop.house, db)
        upload = Upload(file_name, document())
        record = service.import_report(service.target(order.number, None), upload, LABORATORY)
        service.confirm(record, SECOND, "the order names the kit")
        service.release(record, SECOND)
        return record

    return member, shop.run(take).public_id


@pytest.mark.sqlite
def test_every_step_is_in_the_log_of_the_records_region(shop: Shop) -> None:
    """The import too: whoever imports a report has seen it."""
    released(shop, "report.pdf")
    query = text("SELECT action, region FROM audit_event WHERE object_kind = 'archive_record'")
    rows = shop.run(lambda db: db.execute(query).all())
    assert sorted(map(tuple, rows)) == [
        ("report.import", "4306"),
        ("report.matched", "4306"),
        ("report.released", "4306"),
    ]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/报告.pdf", "报告.pdf"),
        ("C:\\我的\\报告.pdf", "报告.pdf"),
        ("报告\u202efdp.exe", "报告fdp.exe"),
        ("a\r\nX: b.pdf", "aX: b.pdf"),
        ("x" * 500 + ".pdf", "x" * 116 + ".pdf"),
        ("/", "report.pdf"),
    ],
)
def test_a_document_keeps_only_a_plain_name(shop: Shop, given: str, kept: str) -> None:
    """It is shown to people and goes into a header."""
    member, public_id = released(shop, given)
    opened = shop.run(
        lambda db: archives(shop.house, db).open(
            member, public_id, Actor("member", member), "zh_CN"
        )
    )
    assert [found.file_name for found in opened.documents] == [kept]
