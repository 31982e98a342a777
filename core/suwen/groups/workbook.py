"""Reading an uploaded Excel sheet: inspected before anything is parsed, then row by row.

A sheet comes from anywhere. What could run, reach out or grow is refused with its reason: formulas,
macros, links to other files, encryption, entities, archives that unpack to far more than a roster
needs. The reading itself holds one row at a time, so a sheet of a million rows costs no more than
the refusal.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any, Final, TypeAlias

from defusedxml.common import DefusedXmlException

from suwen.groups.errors import SheetRefused
from suwen.kernel.i18n import _

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_ROWS: Final = 20_000
"""People on one sheet; the refusals below say the number."""
MAX_UNPACKED: Final = 32 * 1024 * 1024
MAX_PART: Final = 2 * 1024 * 1024
"""Of parts that are read as a whole: styles, theme, list of sheets."""
MAX_ENTRIES: Final = 500
MAX_XML_ROWS: Final = 60_000
MAX_COLUMNS: Final = 30
CELL_LENGTH: Final = 200

TOO_LONG: Final = _("一次最多导入 20,000 人，请把表格拆分后分次导入")
NOT_A_SHEET: Final = _("这不是 .xlsx 表格，请用模板填写，另存为 Excel 工作簿（.xlsx）")
ENCRYPTED: Final = _("表格设有密码或是旧的 .xls 格式，请去掉密码并另存为 .xlsx")
MACROS: Final = _("表格中含有宏或控件，请另存为不含宏的 .xlsx")
LINKS: Final = _("表格引用了其他文件或数据源，请断开链接后再上传")
FORMULAS: Final = _("表格中含有公式，请复制后选择性粘贴为数值再上传")
TOO_LARGE: Final = _("文件过大：不超过 8 MB，一次最多导入 20,000 人")
DAMAGED: Final = _("表格已损坏，无法读取，请用 Excel 打开后另存一份")
EMPTY: Final = _("表格里没有人员，请从第 2 行起每行填写一人")

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ROW: Final = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CHUNK: Final = 256 * 1024
_OVERLAP: Final = 64
_WHOLE: Final = ("xl/worksheets/", "xl/sharedstrings.xml", "xl/media/")
"""Parts that are streamed or never opened; all others are parsed as a whole."""

Row: TypeAlias = tuple[int, Sequence[Any]]


def open_rows(file: IO[bytes]) -> Iterator[Row]:
    """``(row number, cells)`` of the first sheet's rows that hold anything; raises ``SheetRefused``.

    Refusals of the file as a whole come with this call, those of a row as it is reached.
    """
    _inspect(file)
    file.seek(0)
    return _rows(file)


def _inspect(file: IO[bytes]) -> None:
    """Judge the archive without unpacking it to memory."""
    file.seek(0, 2)
    if file.tell() > MAX_BYTES:
        raise SheetRefused(TOO_LARGE)
    file.seek(0)
    if file.read(len(_OLE)) == _OLE:
        raise SheetRefused(ENCRYPTED)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            _inspect_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise SheetRefused(NOT_A_SHEET) from error


def _inspect_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = [part.filename.lower() for part in parts]
    if len(parts) > MAX_ENTRIES or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise SheetRefused(TOO_LARGE)
    if any(part.flag_bits & 1 for part in parts):
        raise SheetRefused(ENCRYPTED)
    if "[content_types].xml" not in names or not any(n.startswith("xl/worksheets/") for n in names):
        raise SheetRefused(NOT_A_SHEET)
    if len(set(names)) != len(names):
        raise SheetRefused(DAMAGED)
    for part, name in zip(parts, names, strict=True):
        _inspect_part(archive, part, name)


def _inspect_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    if name.endswith(("vbaproject.bin", "vbadata.xml")) or name.startswith(
        ("xl/activex/", "xl/ctrlprops/", "xl/embeddings/", "xl/macrosheets/", "customui/")
    ):
        raise SheetRefused(MACROS)
    if name.startswith(("xl/externallinks/", "xl/connections", "xl/querytables/", "xl/model/")):
        raise SheetRefused(LINKS)
    if not name.startswith(_WHOLE) and part.file_size > MAX_PART:
        raise SheetRefused(TOO_LARGE)
    if name == "[content_types].xml" and b"macroenabled" in archive.read(part).lower():
        raise SheetRefused(MACROS)
    if name.startswith("xl/worksheets/") and name.endswith(".xml"):
        formulas, rows = _count(archive, part)
        if formulas:
            raise SheetRefused(FORMULAS)
        if rows > MAX_XML_ROWS:
            raise SheetRefused(TOO_LONG)


def _count(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """Formulas and rows of a sheet's XML, read in pieces that overlap."""
    formulas = rows = 0
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            text = tail + chunk
            formulas += len(_FORMULA.findall(text))
            rows += len(_ROW.findall(text)) - len(_ROW.findall(tail))
            tail = text[-_OVERLAP:]
            if formulas or rows > MAX_XML_ROWS:
                break
    return formulas, rows


def _rows(file: IO[bytes]) -> Iterator[Row]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        try:
            yield from _cells(book)
        finally:
            book.close()
    except SheetRefused:
        raise
    except DefusedXmlException as error:
        raise SheetRefused(LINKS) from error
    except (InvalidFileException, zipfile.BadZipFile, EOFError, *_BROKEN) as error:
        raise SheetRefused(DAMAGED) from error


_BROKEN: Final = (KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, OSError)
"""What openpyxl raises for a book that contradicts itself; ``SyntaxError`` is XML's."""


def _cells(book: Any) -> Iterator[Row]:
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    found = 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
        if any(getattr(cell, "data_type", "") == "f" for cell in cells):
            raise SheetRefused(FORMULAS)
        values = [cell.value for cell in cells]
        if all(value is None or value == "" for value in values):
            continue
        found += 1
        if found > MAX_ROWS + 1:
            raise SheetRefused(TOO_LONG)
        yield number, values


def text_of(value: Any) -> str:
    """A cell as people read it; what Excel made a number or a date comes back as it was typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()[: CELL_LENGTH + 1]


def heading_of(
    cells: Sequence[Any], known: Callable[[str], str | None], required: Sequence[str]
) -> dict[str, int]:
    """Place of each column by its name; raises ``SheetRefused`` for a heading that does not fit.

    ``known`` gives the name of a column for what stands in the heading.
    """
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        title = text_of(cell)
        if not title:
            continue
        name = known(title)
        if name is None:
            text = _(
                "第 1 行有不认识的列“${title}”，请使用模板的标题", mapping={"title": title[:20]}
            )
            raise SheetRefused(text)
        if name in places:
            text = _("第 1 行的列“${title}”重复了", mapping={"title": title[:20]})
            raise SheetRefused(text)
        places[name] = place
    missing = [name for name in required if name not in places]
    if missing:
        text = _("第 1 行必须是标题，并至少有“姓名”和“出生日期”两列，请使用模板")
        raise SheetRefused(text)
    return places
