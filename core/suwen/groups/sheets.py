"""Writing Excel sheets: every text stays text, whatever it begins with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any, Final

from suwen.groups.people import COLUMNS, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Callable

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_IN_MEMORY: Final = 1024 * 1024


def write(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A sheet in a temporary file, one row in memory at a time; the caller closes it."""
    import xlsxwriter

    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, {**options, "strings_to_numbers": False})
    sheet = book.add_worksheet()
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(headings) - 1, 18, text)
    for column, title in enumerate(headings):
        sheet.write_string(0, column, title, bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, int) and not isinstance(value, bool):
                sheet.write_number(number, column, value)
            elif value:
                sheet.write_string(number, column, str(value), text)
    book.close()
    file.seek(0)
    return file


def template() -> IO[bytes]:
    """An empty roster with its headings and one example, which says that it is one."""
    headings = [
        f"{titles[0]}*" if name in REQUIRED else titles[0] for name, titles in COLUMNS.items()
    ]
    return write(headings, ())


def translated(titles: Sequence[str], translate: Callable[[str], str]) -> list[str]:
    """Headings in the reader's language."""
    return [translate(title) for title in titles]
