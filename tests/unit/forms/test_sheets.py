import io
from datetime import UTC, datetime

import openpyxl
import pytest

from suwen.forms.sheets import Money, sheet


def cells(*rows, headers=("a", "b")):
    book = openpyxl.load_workbook(io.BytesIO(sheet("记录", headers, rows)))
    return [list(row) for row in book["记录"].iter_rows()]


def test_money_moments_numbers_and_gaps():
    moment = datetime(2026, 11, 24, 16, 5, tzinfo=UTC)
    head, first, second = cells((Money(-129_907), moment), (3, None))
    assert [cell.value for cell in head] == ["a", "b"]
    assert (first[0].value, first[0].number_format) == (-1299.07, "#,##0.00")
    assert first[1].value == datetime(2026, 11, 25, 0, 5)  # noqa: DTZ001 - sheets know no zones
    assert [cell.value for cell in second] == [3, None]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "1e5", "http://x.example/"])
def test_text_stays_text(text):
    cell = cells((text, ""))[1][0]
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.hyperlink is None
