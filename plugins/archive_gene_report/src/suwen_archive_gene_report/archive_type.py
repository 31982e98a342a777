"""The archive type: settings, metadata, inspection, presentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import colander

from suwen.hookspecs.archive import (
    ArchiveTypeInfo,
    Inspection,
    RecordView,
    ReportCategory,
    TestType,
    Upload,
)
from suwen.hookspecs.common import PluginContext, Problem
from suwen_archive_gene_report import offer, sandbox, surface
from suwen_archive_gene_report.i18n import _

DEFAULT_PAGES: Final = 200
_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "test_code": ("检测项目", "Test"),
    "report_no": ("报告编号", "Report number"),
    "report_date": ("报告日期", "Report date"),
    "laboratory": ("检测机构", "Laboratory"),
}


class SettingsSchema(colander.Schema):
    """检查限制."""

    max_pages = colander.SchemaNode(
        colander.Integer(strict=True),
        missing=DEFAULT_PAGES,
        default=DEFAULT_PAGES,
        title=_("最多页数"),
        description=_("超过这个页数的报告会被拒收"),
        validator=colander.Range(1, 1000, _("最少 1 页"), _("最多 1000 页")),
    )


class RecordSchema(colander.Schema):
    """报告信息."""

    test_code = colander.SchemaNode(
        colander.String(),
        title=_("检测项目"),
        validator=colander.OneOf([test.code for test in offer.TEST_TYPES]),
    )
    report_no = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("报告编号"),
        validator=colander.Length(max=40),
    )
    report_date = colander.SchemaNode(colander.Date(), title=_("报告日期"))
    laboratory = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("检测机构"),
        validator=colander.Length(max=80),
    )


class GeneReport:
    """A laboratory's report as PDF (基因检测报告)."""

    info = ArchiveTypeInfo(
        code=offer.ARCHIVE_TYPE,
        title=_("基因检测报告"),
        media_types=(surface.MEDIA_TYPE,),
    )
    settings_schema: type = SettingsSchema
    record_schema: type = RecordSchema

    def categories(self) -> Sequence[ReportCategory]:
        """What the laboratory reports on."""
        return offer.CATEGORIES

    def test_types(self) -> Sequence[TestType]:
        """What can be ordered."""
        return offer.TEST_TYPES

    def inspect(self, ctx: PluginContext, upload: Upload) -> Inspection:
        """Look into a report, at most five seconds; raises ``UploadRefused`` with a named reason.

        The bytes are kept as they are, so that a signature of the laboratory stays valid.
        """
        surface.check(upload.content, self.info.max_bytes)
        finding = sandbox.look(upload.content, ctx.settings.get("max_pages", DEFAULT_PAGES))
        return Inspection(
            media_type=surface.MEDIA_TYPE,
            content=upload.content,
            pages=finding.pages,
            parsed=finding.parsed,
        )

    def present(self, record: RecordView, locale: str) -> Sequence[tuple[str, str]]:
        """Test, number, day and laboratory, in Chinese or English; what is unknown is left out."""
        english = locale.lower().startswith("en")
        facts = {name: str(value) for name, value in record.facts.items() if value}
        code = facts.get("test_code", "")
        if code:
            titles: Mapping[str, str] = offer.ENGLISH if english else offer.TITLES
            facts["test_code"] = str(titles.get(code, code))
        if record.issued_on is not None:
            facts.setdefault("report_date", record.issued_on.isoformat())
        return [(_LABELS[name][english], facts[name]) for name in _LABELS if facts.get(name)]

    def check(self, ctx: PluginContext) -> Sequence[Problem]:  # noqa: ARG002
        """Nothing can be set wrong."""
        return ()
