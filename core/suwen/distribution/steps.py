"""Steps of commission lines: those that the table allows, and each on record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select

from suwen.distribution.models import CommissionLine, CommissionStep, Distributor
from suwen.distribution.states import COMMISSION

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def step(db: Session, line: CommissionLine, target: str, amount_fen: int, reason: str) -> None:
    """Take a step, or with the present state as ``target`` note that a part went back.

    Raises ``IllegalTransition``.
    """
    if target != line.state:
        COMMISSION.check(line.state, target)
    db.add(
        CommissionStep(
            line_id=line.id,
            source=line.state,
            target=target,
            amount_fen=amount_fen,
            reason=reason,
        )
    )
    line.state = target


def active_among(db: Session, member_ids: Iterable[int]) -> set[int]:
    """Those of the members who are distributors now; asks nothing when there are none."""
    asked = set(member_ids)
    if not asked:
        return set()
    query = select(Distributor.member_id).where(
        Distributor.member_id.in_(asked), Distributor.state == "active"
    )
    return set(db.scalars(query))
