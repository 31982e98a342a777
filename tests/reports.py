"""A laboratory's report as PDF, made anew for each person."""

from __future__ import annotations

import io
import secrets

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"


def report(name: str, birth_date: str, title: str = "基因检测报告") -> bytes:
    """One page that names the person; no two are the same."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    lines = (
        title,
        f"报告编号：R{secrets.token_hex(6)}",
        f"姓名：{name}",
        f"出生日期：{birth_date}",
        "报告日期：2026-11-20",
        "本报告为测试数据。",
    )
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.setFont(FONT, 12)
    for row, line in enumerate(lines):
        canvas.drawString(72, 780 - 22 * row, line)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()
