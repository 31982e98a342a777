"""Excel sheets made by tests, good ones and bad ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

HEADINGS = ("姓名*", "出生日期*", "性别", "手机号", "邮箱", "部门", "工号")


def workbook(rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> io.BytesIO:
    """A sheet of one page; a text that begins with = is a formula."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for column, title in enumerate(headings):
        sheet.write_string(0, column, title)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    book.close()
    file.seek(0)
    return file


def person(number: int, **changes: Any) -> list[Any]:
    """A row that is right, different for every number."""
    values = {
        "name": f"员工{_chinese(number)}",
        "birth_date": f"19{60 + number % 40}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "sex": "女" if number % 2 else "男",
        "phone": f"138{number:08d}",
        "email": "",
        "department": f"第{number % 7}部",
        "number": f"N{number:05d}",
    }
    return list({**values, **changes}.values())


def _chinese(number: int) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in str(number))


def repacked(file: io.BytesIO, parts: Mapping[str, bytes | None]) -> io.BytesIO:
    """The same archive with parts replaced, added or, with None, left out."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(file) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            if item.filename not in parts:
                target.writestr(item.filename, source.read(item))
        for name, content in parts.items():
            if content is not None:
                target.writestr(name, content)
    made.seek(0)
    return made


def part(file: io.BytesIO, name: str) -> bytes:
    """One part of the archive."""
    with zipfile.ZipFile(file) as source:
        return source.read(name)
