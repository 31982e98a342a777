"""Template filters: how money, time and phone numbers are shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


def fen(amount: int) -> str:
    """129900 fen as ``¥1,299.00``; negative amounts as ``-¥5.00``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}¥{fen_plain(abs(amount), grouped=True)}"


def fen_plain(amount: int, *, grouped: bool = False) -> str:
    """129900 fen as ``1299.00``, the way it is typed into a field."""
    sign = "-" if amount < 0 else ""
    yuan, rest = divmod(abs(amount), 100)
    return f"{sign}{yuan:,}.{rest:02d}" if grouped else f"{sign}{yuan}.{rest:02d}"


def localtime(moment: datetime | None) -> str:
    """An aware moment as ``2026-11-22 14:05`` in Asia/Shanghai; empty for None."""
    return "" if moment is None else moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def localdate(day: date | None) -> str:
    """A day, or the Shanghai day of an aware moment, as ``2026-11-22``; empty for None."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = day.astimezone(SHANGHAI)
    return day.strftime("%Y-%m-%d")


def mask_phone(phone: str | None) -> str:
    """``13812345678`` as ``138****5678``; a number too short to mask is hidden entirely."""
    if not phone:
        return ""
    if len(phone) < 8:
        return "*" * len(phone)
    return f"{phone[:-8]}****{phone[-4:]}"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "fen": fen,
    "fen_plain": fen_plain,
    "localtime": localtime,
    "localdate": localdate,
    "mask_phone": mask_phone,
}
