"""Orders, intents and payments of two accounts that become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import String, cast, exists, func, literal, select, update

from suwen.accounts.people.merging import Merger, Outlook
from suwen.kernel.i18n import _
from suwen.orders.models import Intent, Order
from suwen.payments.models import PaymentAttempt, Refund
from suwen.payments.states import OPEN, OPEN_REFUND

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.errors import Message

_QUIET: Final = {"synchronize_session": False}


def merger() -> Merger:
    """For the port of accounts."""
    return Merger("orders", look, move)


def look(db: Session, source_id: int, target_id: int) -> Outlook:
    """Orders and intents; nothing may be on its way, with either of them."""
    moves = [
        (_("订单"), _count(db, Order, source_id)),
        (_("付款意向"), _count(db, Intent, source_id)),
        (_("付款记录"), _count(db, PaymentAttempt, source_id)),
    ]
    return Outlook(moves, _blocks(db, (source_id, target_id)))


def _count(db: Session, model: Any, member_id: int) -> int:
    query = select(func.count()).select_from(model).where(model.member_id == member_id)
    return db.scalar(query) or 0


def _blocks(db: Session, members: tuple[int, int]) -> list[Message]:
    refunding = (
        select(Refund.id)
        .join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
        .where(PaymentAttempt.member_id.in_(members), Refund.state.in_(OPEN_REFUND))
    )
    open_things = (
        (_("有待付款的订单，请先付款或取消"), Order, "pending_payment"),
        (_("有待确认的付款意向，请先办理或取消"), Intent, "waiting"),
    )
    found = [
        text
        for text, model, state in open_things
        if db.scalar(select(exists().where(model.member_id.in_(members), model.state == state)))
    ]
    paying = PaymentAttempt.member_id.in_(members) & PaymentAttempt.state.in_(OPEN)
    if db.scalar(select(exists().where(paying))):
        found.append(_("有进行中的支付，请等待其结束"))
    if db.scalar(select(refunding.exists())):
        found.append(_("有处理中的退款，请等待其结束"))
    return found


def move(db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG001
    """Move them. Submissions of both stay unique to whoever owns them now."""
    models: tuple[Any, ...] = (Order, Intent)
    for model in models:
        taken = select(model.submission).where(model.member_id == target_id)
        db.execute(
            update(model)
            .where(model.member_id == source_id, model.submission.in_(taken))
            .values(submission=literal("merged:") + cast(model.id, String)),
            execution_options=_QUIET,
        )
    for model in (*models, PaymentAttempt):
        db.execute(
            update(model).where(model.member_id == source_id).values(member_id=target_id),
            execution_options=_QUIET,
        )
