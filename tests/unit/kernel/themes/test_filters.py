from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from suwen.kernel.themes.filters import fen, fen_plain, localdate, localtime, mask_phone


@pytest.mark.parametrize(
    ("amount", "shown", "plain"),
    [
        (129900, "¥1,299.00", "1299.00"),
        (0, "¥0.00", "0.00"),
        (5, "¥0.05", "0.05"),
        (-500, "-¥5.00", "-5.00"),
        (123456789012, "¥1,234,567,890.12", "1234567890.12"),
    ],
)
def test_money(amount, shown, plain):
    assert fen(amount) == shown
    assert fen_plain(amount) == plain


def test_time_is_shown_in_shanghai():
    moment = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)
    assert localtime(moment) == "2026-11-23 00:05"
    assert localdate(moment) == "2026-11-23"
    assert localdate(date(2026, 1, 2)) == "2026-01-02"
    assert localtime(None) == localdate(None) == ""


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "+86138****5678"),
        ("12345", "*****"),
        (None, ""),
    ],
)
def test_phone_numbers_are_masked(phone, shown):
    assert mask_phone(phone) == shown
