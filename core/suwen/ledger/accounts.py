"""The chart of accounts: which codes there are and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from suwen.kernel.i18n import _
from suwen.ledger.errors import UnknownAccount

HOUSE: Final[Mapping[str, str]] = {
    "receipts": _("待分配收款"),
    "revenue": _("销售收入"),
    "commission_expense": _("返现支出"),
    "commission_held": _("待认领返现"),
    "withdrawals_payable": _("应付提现"),
    "fees": _("手续费"),
    "tax_withheld": _("代扣税款"),
    "forfeited": _("会员放弃的余额"),
}
"""Accounts of the house by code. Beside them every gateway and payout plugin has a
``clearing.<plugin id>``: what the provider holds for us.
"""

MEMBER_KINDS: Final = ("available", "frozen", "debt")

_CLEARING = re.compile(r"clearing\.[a-z][a-z0-9_]{1,59}", re.ASCII)
_MEMBER = re.compile(r"member\.([1-9][0-9]{0,18})\.(available|frozen|debt)", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccountCode:
    """A code taken apart. ``sign`` turns a posting into a change of the cached balance."""

    code: str
    kind: str = "house"
    member_id: int | None = None

    @property
    def sign(self) -> int:
        """+1 for debts (debits), −1 for money that the house owes the member (credits)."""
        return 1 if self.kind == "debt" else -1


def parse(code: str) -> AccountCode:
    """Read a code; raises ``UnknownAccount`` for one that the chart does not have."""
    if code in HOUSE or _CLEARING.fullmatch(code):
        return AccountCode(code)
    match = _MEMBER.fullmatch(code)
    if match is None:
        raise UnknownAccount(code)
    return AccountCode(code, match[2], int(match[1]))


def clearing(plugin: str) -> str:
    """Code of a gateway's or payout provider's clearing account."""
    return f"clearing.{plugin}"


def member_account(member_id: int, kind: str) -> str:
    """Code of a member's account; ``kind`` is available, frozen or debt."""
    return f"member.{member_id}.{kind}"
