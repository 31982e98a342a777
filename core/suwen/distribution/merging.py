"""Recommendations and commissions of two accounts that become one.

One person must not have earned by his own purchases: accounts of which one stands above the other,
or that have earned by each other, are not merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, exists, func, select, update

from suwen.accounts.people.merging import Merger, Outlook
from suwen.distribution.binding import MAX_DEPTH
from suwen.distribution.models import (
    Binding,
    CommissionLine,
    Distributor,
    RewardSnapshot,
    ShareLink,
)
from suwen.kernel.db import take_turns
from suwen.kernel.i18n import _
from suwen.orders.models import Order

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.errors import Message

_QUIET: Final = {"synchronize_session": False}


def merger() -> Merger:
    """For the port of accounts: before orders, whose buyers it compares with its earners."""
    return Merger("distribution", look, move, order=50)


def look(db: Session, source_id: int, target_id: int) -> Outlook:
    """Who was recommended, and what was earned."""
    counted: tuple[tuple[Message, Any, Any], ...] = (
        (_("推荐的会员"), Binding, Binding.sponsor_id),
        (_("返现明细"), CommissionLine, CommissionLine.beneficiary_id),
        (_("分享链接"), ShareLink, ShareLink.member_id),
    )
    moves = [
        (title, db.scalar(select(func.count()).select_from(model).where(owner == source_id)) or 0)
        for title, model, owner in counted
    ]
    return Outlook(moves, _blocks(db, source_id, target_id))


def _blocks(db: Session, source_id: int, target_id: int) -> list[Message]:
    found: list[Message] = []
    if target_id in _above(db, source_id) or source_id in _above(db, target_id):
        found.append(_("一个账户在另一个的推荐链上，合并后会成为自己的推荐人"))
    elif _earned_by_each_other(db, (source_id, target_id)):
        found.append(_("一个账户从另一个的订单得过返现，合并后等于自己给自己返现"))
    suspended = select(
        exists().where(
            Distributor.member_id.in_((source_id, target_id)), Distributor.state == "suspended"
        )
    )
    if db.scalar(suspended):
        found.append(_("有账户的分销资格被暂停，请先处理"))
    return found


def _above(db: Session, member_id: int) -> set[int]:
    """Everybody on the chain above a member."""
    found: set[int] = set()
    current: int | None = member_id
    while current is not None and len(found) < MAX_DEPTH:
        current = db.scalar(select(Binding.sponsor_id).where(Binding.member_id == current))
        if current is None or current in found:
            break
        found.add(current)
    return found


def _earned_by_each_other(db: Session, both: tuple[int, int]) -> bool:
    lines = (
        select(CommissionLine.id)
        .join(Order, Order.id == CommissionLine.order_id)
        .where(CommissionLine.beneficiary_id.in_(both), Order.member_id.in_(both))
    )
    return bool(db.scalar(select(lines.exists())))


def move(db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG001
    """Move them. A link whose product the target shares too stays, and binds to the target."""
    # Somebody may be binding to one of them: circles are looked for one at a time.
    take_turns(db, Binding.__tablename__)
    _move_binding(db, source_id, target_id)
    _move_distributor(db, source_id, target_id)
    shared = select(ShareLink.product_slug).where(ShareLink.member_id == target_id)
    for model, owner, more in (
        (Binding, "sponsor_id", []),
        (ShareLink, "member_id", [ShareLink.product_slug.not_in(shared)]),
        (CommissionLine, "beneficiary_id", []),
        (RewardSnapshot, "buyer_id", []),
    ):
        column: Any = getattr(model, owner)
        db.execute(
            update(model).where(column == source_id, *more).values({owner: target_id}),
            execution_options=_QUIET,
        )


def _move_binding(db: Session, source_id: int, target_id: int) -> None:
    """The target keeps its own sponsor; without one it takes the source's."""
    mine = Binding.member_id == source_id
    if db.get(Binding, target_id) is None:
        db.execute(
            update(Binding).where(mine).values(member_id=target_id), execution_options=_QUIET
        )
    else:
        db.execute(delete(Binding).where(mine), execution_options=_QUIET)


def _move_distributor(db: Session, source_id: int, target_id: int) -> None:
    """One who had joined with either has joined."""
    mine = Distributor.member_id == source_id
    standing, source = db.get(Distributor, target_id), db.get(Distributor, source_id)
    if source is None:
        return
    if standing is None:
        db.execute(
            update(Distributor).where(mine).values(member_id=target_id), execution_options=_QUIET
        )
    else:
        if source.state == "active" and standing.state == "closed":
            standing.state, standing.closed_at = "active", None
            standing.terms_version = source.terms_version
        db.execute(delete(Distributor).where(mine), execution_options=_QUIET)
    db.flush()
