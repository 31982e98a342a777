"""Yuan at the edges, fen everywhere else."""

from __future__ import annotations

import re

from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

# \d would accept full-width digits, and float("19.99") * 100 is 1998.9999999999998.
_YUAN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?", re.ASCII)


class BadAmount(Invalid):
    """Not an amount of money."""

    code = "bad_amount"
    message = _("请填写金额，例如 1299 或 1299.00")


def parse_yuan(text: str, field: str = "amount") -> int:
    """Fen of an amount written in yuan; raises ``BadAmount`` at ``field``."""
    match = _YUAN.fullmatch(text.strip())
    if match is None:
        raise BadAmount(fields={field: BadAmount.message})
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def format_yuan(fen: int) -> str:
    """Yuan with two decimals of a whole number of fen."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
