"""Archive types (档案类型) and the test types (检测类型) that lead to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, runtime_checkable

from suwen import hookspec
from suwen.hookspecs.common import PluginContext, Problem


@dataclass(frozen=True, slots=True)
class ArchiveTypeInfo:
    """``media_types`` are what a document of this type may be; sizes are bytes."""

    code: str
    title: str
    media_types: tuple[str, ...]
    max_bytes: int = 20 * 1024 * 1024
    entered_by: str = "staff"
    """``staff``, ``member`` or ``both``."""
    needs_step_up: bool = True


@dataclass(frozen=True, slots=True)
class ReportCategory:
    """A category of the laboratory's reports, for example 药物基因."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class TestType:
    """What a product sells: which specimen is taken, which archive its result becomes.

    ``lead_days`` are working days from receipt of the specimen. ``questionnaires`` are form codes
    that the buyer is asked to answer.
    """

    code: str
    title: str
    specimen: str
    specimen_title: str
    archive_type: str
    categories: tuple[str, ...]
    lead_days: int
    questionnaires: tuple[str, ...] = ()
    collection_methods: tuple[str, ...] = ("on_site", "mail")
    minors_allowed: bool = False
    __test__ = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A document as received. ``file_name`` is only a label and never a path."""

    file_name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Inspection:
    """What looking at an upload gave: clean bytes to store and what could be read from them.

    ``parsed`` may hold ``barcode``, ``name``, ``birth_date``, ``report_no``, ``report_date``,
    ``test_code``; a key that could not be read is absent.
    """

    media_type: str
    content: bytes
    pages: int
    parsed: Mapping[str, str] = field(default_factory=dict)


class UploadRefused(Exception):
    """The document is not acceptable; ``reason`` is shown beside the field."""

    def __init__(self, reason_code: str, reason: str) -> None:
        """Keep the reason for machines and the one for people."""
        super().__init__(reason)
        self.reason_code = reason_code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as its type is asked to present it; ``facts`` are the validated metadata."""

    title: str
    facts: Mapping[str, Any]
    issued_on: date | None = None


@runtime_checkable
class ArchiveType(Protocol):
    """One kind of health record."""

    info: ArchiveTypeInfo
    settings_schema: type
    record_schema: type
    """colander schema of the metadata that is entered with a record of this type."""

    def categories(self) -> Sequence[ReportCategory]:
        """Report categories, in display order."""
        ...

    def test_types(self) -> Sequence[TestType]:
        """Test types whose result becomes a record of this type; may be empty."""
        ...

    def inspect(self, ctx: PluginContext, upload: Upload) -> Inspection:
        """Look into a document with bounded time and memory; raises ``UploadRefused``."""
        ...

    def present(self, record: RecordView, locale: str) -> Sequence[tuple[str, str]]:
        """Labelled facts to show beside the document, in order."""
        ...

    def check(self, ctx: PluginContext) -> Sequence[Problem]:
        """Self-test of the settings."""
        ...


@hookspec
def suwen_archive_types() -> Sequence[ArchiveType]:  # type: ignore[empty-body]
    """Register archive types and their test types. Called once at start-up."""
