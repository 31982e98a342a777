"""Each planted fault fails the test of the suite that names it."""

from __future__ import annotations

import inspect
import time
from dataclasses import replace

import colander
import pytest

from suwen.hookspecs.archive import (
    ArchiveTypeInfo,
    Inspection,
    ReportCategory,
    Upload,
    UploadRefused,
)
from suwen.hookspecs.archive import TestType as OrderedTest
from suwen.hookspecs.common import Problem
from suwen.testing import archive
from suwen.testing.archive import ArchiveTypeContract, context
from suwen.testing.documents import HostileDocument, document, hostile_pdfs

GOOD = Upload("good.txt", b"good")
HOSTILE = [
    HostileDocument("bad", b"bad", frozenset({"bad"})),
    HostileDocument("worse", b"worse", frozenset({"worse"})),
]


class Good:
    info = ArchiveTypeInfo("notes", "笔记", ("text/plain",), max_bytes=100)
    settings_schema = colander.Schema
    record_schema = colander.Schema
    test = OrderedTest("a", "甲", "swab", "拭子", "notes", ("c",), 3)

    def categories(self):
        return [ReportCategory("c", "类")]

    def test_types(self):
        return [self.test]

    def inspect(self, ctx, upload):
        if len(upload.content) > self.info.max_bytes:
            raise UploadRefused("too_large", "太大")
        if upload.content != b"good":
            raise UploadRefused(upload.content.decode(), "不收")
        return Inspection("text/plain", upload.content, 1, {"birth_date": "1990-05-01"})

    def present(self, record, locale):
        return []

    def check(self, ctx):
        return []


class Shouting(Good):
    info = replace(Good.info, code="NOTES")


class Astray(Good):
    test = replace(Good.test, categories=("d",))


class Twice(Good):
    def test_types(self):
        return [self.test, self.test]


class Guessing(Good):
    def inspect(self, ctx, upload):
        return replace(super().inspect(ctx, upload), parsed={"birth_date": "1990-5-1"})


class Trusting(Good):
    def inspect(self, ctx, upload):
        if upload.content == b"worse":
            return Inspection("text/plain", b"worse", 1)
        return super().inspect(ctx, upload)


class Mumbling(Good):
    def inspect(self, ctx, upload):
        if upload.content == b"worse":
            raise UploadRefused("bad", "不收")
        return super().inspect(ctx, upload)


class Slow(Good):
    def inspect(self, ctx, upload):
        time.sleep(0.05)
        return super().inspect(ctx, upload)


class Hungry(Good):
    def inspect(self, ctx, upload):
        return Inspection("text/plain", upload.content, 1)


class Superstitious(Good):
    def inspect(self, ctx, upload):
        if not upload.file_name.endswith(".txt"):
            raise UploadRefused("bad", "不收")
        return super().inspect(ctx, upload)


class Blank(Good):
    def present(self, record, locale):
        return [("日期", "")]


class Complaining(Good):
    def check(self, ctx):
        return [Problem("error", "不行")]


FAULTS = [
    (Shouting, "test_the_info_can_be_shown_and_stored"),
    (Astray, "test_test_types_refer_to_what_exists"),
    (Twice, "test_codes_are_unique"),
    (Guessing, "test_good_documents_are_accepted"),
    (Slow, "test_good_documents_are_accepted"),
    (Trusting, "test_hostile_documents_are_refused_by_name_and_in_time"),
    (Mumbling, "test_hostile_documents_are_refused_by_name_and_in_time"),
    (Slow, "test_hostile_documents_are_refused_by_name_and_in_time"),
    (Hungry, "test_too_many_bytes_are_refused"),
    (Superstitious, "test_the_file_name_decides_nothing"),
    (Blank, "test_nothing_is_told_of_records_that_hold_nothing"),
    (Complaining, "test_check_answers_without_sending"),
]
TESTS = sorted(name for name in dir(ArchiveTypeContract) if name.startswith("test_"))


def run(archive_type, name):
    fixtures = {
        "archive_type": archive_type,
        "ctx": context(archive_type),
        "good_uploads": [GOOD],
        "hostile_uploads": HOSTILE,
    }
    test = getattr(ArchiveTypeContract(), name)
    wanted = inspect.signature(test).parameters
    test(**{key: value for key, value in fixtures.items() if key in wanted})


@pytest.mark.parametrize("name", TESTS)
def test_a_good_type_passes(name):
    run(Good(), name)


@pytest.mark.parametrize(
    ("fault", "name"), FAULTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_planted_fault_fails(fault, name, monkeypatch):
    monkeypatch.setattr(archive, "LONGEST_S", 0.05 if fault is Slow else 5.0)
    with pytest.raises((AssertionError, ValueError, UploadRefused)):
        run(fault(), name)


def test_the_corpus_names_every_document_once():
    names = [hostile.name for hostile in hostile_pdfs()]
    assert len(set(names)) == len(names) > 40
    assert document() not in {hostile.content for hostile in hostile_pdfs()}
