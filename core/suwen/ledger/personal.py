"""What the books say about a member. They stay: entries are never changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from suwen.forms.money import format_yuan
from suwen.hookspecs.lifecycle import Erased, OpenItem
from suwen.kernel.i18n import _
from suwen.ledger.accounts import member_account
from suwen.ledger.services import ledger

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

BALANCE = "balance"
"""Code of the one open item that a member can give up."""
_PAGE = 100


class LedgerData:
    """Balances and entries of a member's accounts."""

    name = "ledger"
    title = _("账户余额与明细")

    def __init__(self, house: House) -> None:
        """Read through the ledger of ``house``."""
        self._house = house

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """The statement as the member's own pages show it, newest first."""
        service = ledger(self._house, db)
        balance = service.member(member_id)
        entries: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page, cursor = service.entries(member_id, cursor, _PAGE)
            entries += [
                {
                    "kind": entry.kind,
                    "account": entry.account,
                    "memo": entry.memo,
                    "amount_fen": entry.amount_fen,
                    "occurred_at": entry.occurred_at.isoformat(),
                }
                for entry in page
            ]
            if cursor is None:
                break
        return {
            "available_fen": balance.available_fen,
            "frozen_fen": balance.frozen_fen,
            "debt_fen": balance.debt_fen,
            "entries": entries,
        }

    def open_items(self, db: Session, member_id: int) -> Sequence[OpenItem]:
        """Money that is the member's: he withdraws it, or says that he does without it."""
        amount = ledger(self._house, db).member(member_id).available_fen
        if not amount:
            return ()
        what = _(
            "账户余额 ¥${amount}，请先提现，或勾选放弃", mapping={"amount": format_yuan(amount)}
        )
        return [OpenItem(what, 1, "/account/balance", BALANCE)]

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """What is left was given up. The books hold numbers under a member's number, no name."""
        service = ledger(self._house, db)
        amount = service.member(member_id).available_fen
        if amount:
            mine = member_account(member_id, "available")
            postings = [(mine, amount), ("forfeited", -amount)]
            service.post("balance_forfeited", str(member_id), postings, memo=_("注销时放弃余额"))
        reason = _(
            "账目按《会计档案管理办法》第十四条保存，最长 30 年；只含编号与金额，不含姓名和联系方式"
        )
        return [Erased(_("账户明细"), "kept", reason)]
