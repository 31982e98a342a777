"""Reading a report's text layer: whose it is, its number and its day.

Tolerant of spaces inside Chinese labels, full-width signs and any usual way to write a date. What
stands in a document with two different values is left out: better keyed by hand than guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "barcode": (
        "样本条形码", "样本条码", "样品条码", "样本编号", "样品编号", "样本号", "条形码", "条码号",
        "条码", "sample barcode", "sample id", "barcode",
    ),
    "name": (
        "受检者姓名", "受检人姓名", "受检者", "受检人", "送检人", "姓名", "patient name", "name",
    ),
    "birth_date": ("出生日期", "出生年月日", "出生年月", "生日", "date of birth", "birth date", "dob"),
    "report_no": ("检测报告编号", "报告编号", "报告号", "report number", "report no.", "report no"),
    "report_date": ("报告日期", "报告时间", "签发日期", "出具日期", "report date", "date of report"),
    "test_code": ("检测项目代码", "检测项目编码", "项目代码", "项目编码", "test code"),
}  # fmt: skip
_VALUES: Final[Mapping[str, str]] = {
    "barcode": r"[A-Za-z0-9][A-Za-z0-9-]{5,39}",
    "name": r"[\u4e00-\u9fff·]{2,20}|[A-Za-z][A-Za-z'.-]*(?: [A-Za-z][A-Za-z'.-]*){0,4}",
    "birth_date": r"\d{4} ?[-/.年] ?\d{1,2} ?[-/.月] ?\d{1,2}|\d{8}",
    "report_no": r"[A-Za-z0-9][A-Za-z0-9/_-]{2,39}",
    "report_date": r"\d{4} ?[-/.年] ?\d{1,2} ?[-/.月] ?\d{1,2}|\d{8}",
    "test_code": r"[a-z][a-z0-9_]{1,39}",
}
_DATE: Final = re.compile(r"(\d{4})\D*(\d\d?)\D*(\d\d?)", re.ASCII)
_ALL_LABELS: Final = {word for words in _WORDS.values() for word in words} | {"性别", "年龄"}


def _spaced(word: str) -> str:
    """A label between whose Chinese characters spaces may stand, as in 姓  名."""
    if word.isascii():
        return re.escape(word)
    return r"[ ]{0,4}".join(map(re.escape, word))


def _pattern(field: str) -> re.Pattern[str]:
    words = "|".join(_spaced(word) for word in sorted(_WORDS[field], key=len, reverse=True))
    return re.compile(
        rf"(?<![A-Za-z\u4e00-\u9fff])(?i:{words})[ ]{{0,4}}[:：]?\s{{0,8}}"
        rf"(?P<value>{_VALUES[field]})(?![A-Za-z0-9])"
    )


_PATTERNS: Final = {field: _pattern(field) for field in _WORDS}


def parse(text: str) -> dict[str, str]:
    """What could be read without doubt; dates as ``YYYY-MM-DD``."""
    plain = re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFKC", text))
    found: dict[str, str] = {}
    for field, pattern in _PATTERNS.items():
        clean = _CLEANERS.get(field, str.strip)
        values = {clean(match["value"]) for match in pattern.finditer(plain)} - {""}
        if len(values) == 1:
            found[field] = values.pop()
    return found


def _clean_name(value: str) -> str:
    return "" if value.lower() in _ALL_LABELS else value.strip()


def _clean_date(value: str) -> str:
    match = _DATE.fullmatch(value) if not value.isdigit() else None
    parts = match.groups() if match else (value[:4], value[4:6], value[6:])
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        return ""


_CLEANERS: Final[Mapping[str, Callable[[str], str]]] = {
    "barcode": str.upper,
    "name": _clean_name,
    "birth_date": _clean_date,
    "report_date": _clean_date,
}
