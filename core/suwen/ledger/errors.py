"""Named errors of the ledger."""

from __future__ import annotations

from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _


class UnbalancedEntry(ValueError):
    """A programming error: the postings do not sum to zero, or move nothing."""


class UnknownAccount(ValueError):
    """A programming error: the chart of accounts has no account of this code."""


class InsufficientFunds(Conflict):
    """A member's account would fall below zero. Nothing was posted."""

    code = "insufficient_funds"
    message = _("余额不足")

    def __init__(self, account: str, balance_fen: int, needed_fen: int) -> None:
        """Name the account, what it holds and what was wanted of it."""
        super().__init__()
        self.account, self.balance_fen, self.needed_fen = account, balance_fen, needed_fen


class BadCursor(Invalid):
    """The cursor of a list was not made by us."""

    status = 400
    code = "bad_cursor"
    message = _("列表位置无效，请从头开始")
