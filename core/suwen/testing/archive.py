"""Contract suite of the archive family.

Subclass it in the tests of an archive plugin::

    class TestContract(ArchiveTypeContract):
        @pytest.fixture
        def archive_type(self) -> ArchiveType:
            return MyType()

        @pytest.fixture
        def good_uploads(self) -> Sequence[Upload]:
            return [Upload("report.pdf", make_report())]

A type that takes PDF is given ``suwen.testing.documents.hostile_pdfs()`` as well; the reason codes
that stand there are part of the contract.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Final, TypeVar

import pytest

from suwen.hookspecs.archive import ArchiveType, RecordView, Upload, UploadRefused
from suwen.hookspecs.common import PluginContext
from suwen.testing.documents import HostileDocument, hostile_pdfs
from suwen.testing.http import WsgiTransport

T = TypeVar("T")

LOCALES: Final = ("zh_CN", "en")
LONGEST_CODE: Final = 60
LONGEST_S: Final = 5.0
PARSED_KEYS: Final = frozenset(
    {"barcode", "name", "birth_date", "report_no", "report_date", "test_code"}
)
ENTERED_BY: Final = frozenset({"staff", "member", "both"})
COLLECTION_METHODS: Final = frozenset({"on_site", "mail"})
PATHS: Final = ("../../etc/passwd", "/etc/passwd", "C:\\x.pdf", "报告\x00.pdf", "x" * 5000)


def context(archive_type: ArchiveType) -> PluginContext:
    """What a call is given in a region that chose nothing; it leads nowhere outside."""
    return PluginContext(
        region="4306",
        settings=archive_type.settings_schema().deserialize({}),
        now=lambda: datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
        transport=WsgiTransport({}),
    )


class ArchiveTypeContract:
    """What every archive type must do. Give ``archive_type`` and ``good_uploads``."""

    @pytest.fixture
    def archive_type(self) -> ArchiveType:
        """The type under test."""
        raise NotImplementedError("a subclass gives the archive type")

    @pytest.fixture
    def good_uploads(self) -> Sequence[Upload]:
        """Documents that must be accepted."""
        raise NotImplementedError("a subclass gives documents to accept")

    @pytest.fixture
    def hostile_uploads(self, archive_type: ArchiveType) -> Sequence[HostileDocument]:
        """Documents that must be refused, each with its reason."""
        return hostile_pdfs() if "application/pdf" in archive_type.info.media_types else ()

    @pytest.fixture
    def ctx(self, archive_type: ArchiveType) -> PluginContext:
        """The context of all calls."""
        return context(archive_type)

    def test_the_info_can_be_shown_and_stored(self, archive_type: ArchiveType) -> None:
        info = archive_type.info
        assert info.code.isidentifier()
        assert info.code == info.code.lower()
        assert info.title
        assert info.media_types
        assert all("/" in media_type for media_type in info.media_types)
        assert info.max_bytes > 0
        assert info.entered_by in ENTERED_BY

    def test_test_types_refer_to_what_exists(self, archive_type: ArchiveType) -> None:
        categories = {category.code for category in archive_type.categories()}
        for test in archive_type.test_types():
            assert test.archive_type == archive_type.info.code
            assert test.categories
            assert categories.issuperset(test.categories)
            assert test.lead_days > 0
            assert test.collection_methods
            assert COLLECTION_METHODS.issuperset(test.collection_methods)
            assert test.title
            assert test.specimen_title

    def test_codes_are_unique(self, archive_type: ArchiveType) -> None:
        for codes in (
            [category.code for category in archive_type.categories()],
            [test.code for test in archive_type.test_types()],
        ):
            assert len(set(codes)) == len(codes)
            assert all(code.isidentifier() and len(code) <= LONGEST_CODE for code in codes)

    def test_good_documents_are_accepted(
        self, archive_type: ArchiveType, ctx: PluginContext, good_uploads: Sequence[Upload]
    ) -> None:
        assert good_uploads
        for upload in good_uploads:
            seen = timed(partial(archive_type.inspect, ctx, upload))
            assert seen.media_type in archive_type.info.media_types
            assert seen.content
            assert seen.pages >= 1
            assert PARSED_KEYS.issuperset(seen.parsed)
            assert all(seen.parsed.values())
            for key in {"birth_date", "report_date"} & set(seen.parsed):
                assert date.fromisoformat(seen.parsed[key]).isoformat() == seen.parsed[key]

    def test_hostile_documents_are_refused_by_name_and_in_time(
        self,
        archive_type: ArchiveType,
        ctx: PluginContext,
        hostile_uploads: Sequence[HostileDocument],
    ) -> None:
        for hostile in hostile_uploads:
            upload = Upload("report.pdf", hostile.content)
            refused = timed(partial(refusal_of, archive_type, ctx, upload))
            assert refused is not None, f"{hostile.name} was accepted"
            assert refused.reason_code in hostile.reasons, (hostile.name, refused.reason_code)
            assert refused.reason.strip()

    def test_too_many_bytes_are_refused(
        self, archive_type: ArchiveType, ctx: PluginContext, good_uploads: Sequence[Upload]
    ) -> None:
        start = good_uploads[0].content
        content = start + bytes(archive_type.info.max_bytes + 1 - len(start))
        refused = timed(lambda: refusal_of(archive_type, ctx, Upload("x.pdf", content)))
        assert refused is not None
        assert refused.reason_code == "too_large"

    def test_the_file_name_decides_nothing(
        self, archive_type: ArchiveType, ctx: PluginContext, good_uploads: Sequence[Upload]
    ) -> None:
        content = good_uploads[0].content
        expected = archive_type.inspect(ctx, good_uploads[0])
        for name in PATHS:
            assert archive_type.inspect(ctx, Upload(name, content)) == expected

    def test_nothing_is_told_of_records_that_hold_nothing(self, archive_type: ArchiveType) -> None:
        for locale in LOCALES:
            for label, value in archive_type.present(RecordView("标题", {}), locale):
                assert label
                assert value

    def test_stored_settings_are_read_again_unchanged(self, archive_type: ArchiveType) -> None:
        values = archive_type.settings_schema().deserialize({})
        stored = json.loads(json.dumps(values))
        assert archive_type.settings_schema().deserialize(stored) == values

    def test_check_answers_without_sending(
        self, archive_type: ArchiveType, ctx: PluginContext
    ) -> None:
        assert [one for one in archive_type.check(ctx) if one.level == "error"] == []
        assert ctx.transport.sent == []  # type: ignore[attr-defined]


def refusal_of(
    archive_type: ArchiveType, ctx: PluginContext, upload: Upload
) -> UploadRefused | None:
    """Why a document is refused; None when it is accepted."""
    try:
        archive_type.inspect(ctx, upload)
    except UploadRefused as refused:
        return refused
    return None


def timed(call: Callable[[], T]) -> T:
    """The result of a call that must end within five seconds."""
    started = time.monotonic()
    result = call()
    assert time.monotonic() - started < LONGEST_S
    return result
