"""What stands on the floors below accounts and goes over when two accounts become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from suwen.accounts.people.merging import Merger, Outlook
from suwen.forms.money import format_yuan
from suwen.kernel import ids
from suwen.kernel.i18n import _
from suwen.ledger.accounts import MEMBER_KINDS, member_account, parse
from suwen.ledger.models import LedgerAccount
from suwen.ledger.services import ledger
from suwen.messaging.models import Message

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House

ENTRY: Final = "member_merge"
_QUIET: Final = {"synchronize_session": False}


class Money:
    """Balances: one entry that moves each kind of account and sums to zero."""

    def __init__(self, house: House) -> None:
        """Post to the ledger of ``house``."""
        self._house = house

    def merger(self) -> Merger:
        """For the port: last, when every domain has moved what will post to these accounts."""
        return Merger("ledger", self.look, self.move, order=900)

    def look(self, db: Session, source_id: int, target_id: int) -> Outlook:  # noqa: ARG002
        """The balances in yuan, by kind."""
        titles = {"available": _("可用余额"), "frozen": _("冻结余额"), "debt": _("欠款")}
        held = self._held(db, source_id).items()
        return Outlook([(titles[kind], f"¥{format_yuan(fen)}") for kind, fen in held if fen])

    def _held(self, db: Session, member_id: int) -> dict[str, int]:
        balance = ledger(self._house, db).member(member_id)
        return {kind: getattr(balance, f"{kind}_fen") for kind in MEMBER_KINDS}

    def move(self, db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG002
        """Move what is there; nothing for somebody without money."""
        both = select(LedgerAccount.id).where(LedgerAccount.member_id.in_((source_id, target_id)))
        # Held in the order of their codes, as the ledger does: nobody posts between look and post.
        db.execute(both.order_by(LedgerAccount.code).with_for_update()).all()
        postings: list[tuple[str, int]] = []
        for kind, amount in self._held(db, source_id).items():
            code = parse(member_account(source_id, kind))
            change = -code.sign * amount
            postings += [(code.code, change), (member_account(target_id, kind), -change)]
        if any(amount for _code, amount in postings):
            ref = f"{source_id}.{ids.new_id()}"
            ledger(self._house, db).post(ENTRY, ref, postings, memo=_("账户合并"))


def messages() -> Merger:
    """What was told to the source is read by the target."""

    def look(db: Session, source_id: int, target_id: int) -> Outlook:  # noqa: ARG001
        query = select(func.count()).select_from(Message).where(Message.member_id == source_id)
        return Outlook([(_("消息"), db.scalar(query) or 0)])

    def move(db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG001
        db.execute(
            update(Message).where(Message.member_id == source_id).values(member_id=target_id),
            execution_options=_QUIET,
        )

    return Merger("messaging", look, move, order=20)
