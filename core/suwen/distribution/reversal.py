"""How much of a commission stands after a refund, and where the rest is taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.hookspecs.reward import RewardLine
from suwen.ledger.accounts import member_account

if TYPE_CHECKING:
    from suwen.distribution.models import CommissionLine
    from suwen.hookspecs.reward import RewardScheme
    from suwen.kernel.plugins.registry import TypedRegistry
    from suwen.ledger.services import LedgerService


def reward_line(line: CommissionLine) -> RewardLine:
    """The line as its scheme computed it."""
    return RewardLine(
        line_id=line.order_line_id,
        level=line.level,
        beneficiary_id=line.beneficiary_id,
        base_fen=line.base_fen,
        rate_bp=line.rate_bp,
        amount_fen=line.amount_fen,
        remainder=line.remainder,
        flat_fen=line.flat_fen,
        reason_codes=tuple(line.reason_codes),
    )


def standing_of(
    schemes: TypedRegistry[RewardScheme], line: CommissionLine, remaining_fen: int
) -> int:
    """Fen that still stand; by the frozen rate when the scheme's package is gone.

    A scheme never raises what stands, whatever it answers.
    """
    item = schemes.find(line.scheme)
    if item is None:
        left = remaining_fen * line.rate_bp // 10_000
    else:
        left = item.obj.standing(reward_line(line), remaining_fen)
    return max(0, min(left, line.standing_fen))


def reversal_postings(
    ledger: LedgerService, line: CommissionLine, back_fen: int
) -> list[tuple[str, int]]:
    """Postings that take ``back_fen`` back: from where the line lies, the shortfall as debt."""
    if line.state == "held":
        return [("commission_held", back_fen), ("commission_expense", -back_fen)]
    if line.state in ("frozen", "releasable"):
        return [
            (member_account(line.beneficiary_id, "frozen"), back_fen),
            ("commission_expense", -back_fen),
        ]
    there = min(back_fen, ledger.member(line.beneficiary_id).available_fen)
    postings = [("commission_expense", -back_fen)]
    if there:
        postings.append((member_account(line.beneficiary_id, "available"), there))
    if back_fen > there:
        postings.append((member_account(line.beneficiary_id, "debt"), back_fen - there))
    return postings
