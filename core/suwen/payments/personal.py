"""What payments keep about a member: attempts and refunds, without any account of his."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from suwen.accounts.personal_data import Erased, OpenItem
from suwen.kernel.i18n import _
from suwen.payments.models import PaymentAttempt, PaymentTransition, Refund, RefundTransition
from suwen.payments.states import OPEN, OPEN_REFUND

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_QUIET = {"synchronize_session": False}


class PaymentData:
    """Attempts to pay, and refunds."""

    name = "payments"
    title = _("支付与退款")

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """Every attempt with its refunds, oldest first."""
        attempts = db.scalars(
            select(PaymentAttempt)
            .where(PaymentAttempt.member_id == member_id)
            .order_by(PaymentAttempt.id)
        ).all()
        refunds: dict[int, list[dict[str, Any]]] = {}
        query = select(Refund).join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
        for row in db.scalars(
            query.where(PaymentAttempt.member_id == member_id).order_by(Refund.id)
        ):
            refunds.setdefault(row.attempt_id, []).append(_refund(row))
        return {"payments": [_attempt(row, refunds.get(row.id, [])) for row in attempts]}

    def open_items(self, db: Session, member_id: int) -> Sequence[OpenItem]:
        """Money that is on its way."""
        mine = PaymentAttempt.member_id == member_id
        attempts = db.scalars(
            select(PaymentAttempt.number).where(mine, PaymentAttempt.state.in_(OPEN))
        ).all()
        refunds = db.scalars(
            select(Refund.number)
            .join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
            .where(mine, Refund.state.in_(OPEN_REFUND))
        ).all()
        found = [
            OpenItem(_("进行中的支付"), len(attempts), "/orders", "payments"),
            OpenItem(_("进行中的退款"), len(refunds), "/orders", "refunds"),
        ]
        return [item for item in found if item.count]

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Forget addresses and free text; numbers and amounts must be kept."""
        mine = select(PaymentAttempt.id).where(PaymentAttempt.member_id == member_id)
        db.execute(
            update(PaymentAttempt)
            .where(PaymentAttempt.member_id == member_id)
            .values(client_ip=None, action=None),
            execution_options=_QUIET,
        )
        refunds = select(Refund.id).where(Refund.attempt_id.in_(mine))
        for written in (
            update(Refund).where(Refund.attempt_id.in_(mine)),
            update(RefundTransition).where(RefundTransition.refund_id.in_(refunds)),
            update(PaymentTransition).where(PaymentTransition.attempt_id.in_(mine)),
        ):
            db.execute(written.values(reason=""), execution_options=_QUIET)
        reason = _("交易信息按《电子商务法》第三十一条自交易完成之日起至少保存三年；只含编号与金额")
        return [
            Erased(_("支付时的网络地址与退款说明"), "erased"),
            Erased(_("支付与退款记录"), "kept", reason),
        ]


def _attempt(row: PaymentAttempt, refunds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": row.number,
        "for": row.payable_number,
        "gateway": row.gateway,
        "amount_fen": row.amount_fen,
        "currency": row.currency,
        "state": row.state,
        "provider_trade_no": row.provider_trade_no,
        "network_address": row.client_ip,
        "created_at": row.created_at.isoformat(),
        "captured_at": row.captured_at.isoformat() if row.captured_at else None,
        "refunds": refunds,
    }


def _refund(row: Refund) -> dict[str, Any]:
    return {
        "number": row.number,
        "amount_fen": row.amount_fen,
        "state": row.state,
        "reason": row.reason,
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
    }
