"""Reports as a laboratory would print them."""

import io
from collections.abc import Callable, Sequence

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

MakeReport = Callable[..., bytes]
FONT = "STSong-Light"
LINES = (
    "药物基因检测报告",
    "报告编号：GR-2026-0001",
    "姓  名：张三        性别：男",
    "出生日期：1990年5月1日",
    "样本条码：sw1234567890",
    "检测项目代码：drug_response",
    "报告日期：2026-11-20",
)


@pytest.fixture(scope="session")
def make_report() -> MakeReport:
    """``make_report(lines, pages=1)`` prints the lines on each page."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))

    def make(lines: Sequence[str] = LINES, pages: int = 1) -> bytes:
        buffer = io.BytesIO()
        canvas = Canvas(buffer)
        for _ in range(pages):
            canvas.setFont(FONT, 12)
            for row, line in enumerate(lines):
                canvas.drawString(72, 780 - 20 * row, line)
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()

    return make
