"""Lists as an Excel file: text stays text, so that nothing typed by anybody runs as a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from suwen.kernel.clock import SHANGHAI

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPTIONS: Final = {
    "constant_memory": True,
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


@dataclass(frozen=True, slots=True)
class Money:
    """A cell of yuan and fen."""

    fen: int


def sheet(name: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """An Excel file of one sheet. Cells are text, whole numbers, ``Money``, moments or None."""
    target = io.BytesIO()
    import xlsxwriter

    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        formats = {
            "head": book.add_format({"bold": True}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        page = book.add_worksheet(name)
        page.set_column(0, max(0, len(headers) - 1), 22)
        page.freeze_panes(1, 0)
        for column, header in enumerate(headers):
            page.write_string(0, column, header, formats["head"])
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                _write(page, (number, column), value, formats)
    return target.getvalue()


def _write(page: Worksheet, at: tuple[int, int], value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Money):
        page.write_number(*at, Decimal(value.fen) / 100, formats["money"])
    elif isinstance(value, datetime):
        local = value.astimezone(SHANGHAI).replace(tzinfo=None)
        page.write_datetime(*at, local, formats["moment"])
    elif isinstance(value, int):
        page.write_number(*at, value)
    else:
        page.write_string(*at, str(value))
