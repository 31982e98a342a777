"""What generated sales earn for those who recommended, computed by the region's own scheme."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from suwen.demo.market import YUEYANG
from suwen.distribution.binding import PAID_LEVELS
from suwen.distribution.models import (
    Binding,
    CommissionLine,
    CommissionStep,
    Distributor,
    RewardSnapshot,
)
from suwen.distribution.rewards import HELD_DAYS, account_of
from suwen.hookspecs.reward import LineFact, RewardFacts, RewardLine, UplineFact
from suwen.kernel import clock, ids

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.demo.volume.books import Books
    from suwen.demo.volume.receipts import Rows, Sale
    from suwen.kernel.house import House


class Chains:
    """Who stands above whom, and the scheme with its settings, read once."""

    def __init__(self, house: House, db: Session, categories: Mapping[int, Sequence[int]]) -> None:
        """``categories`` holds category ids by product."""
        self.categories = categories
        self._sponsors = {
            row.member_id: row.sponsor_id
            for row in db.execute(select(Binding.member_id, Binding.sponsor_id))
        }
        active = select(Distributor.member_id).where(Distributor.state == "active")
        self._joined = set(db.scalars(active))
        offered = house.switch.offering(db, YUEYANG).of(house.host.schemes)
        self.scheme = offered[0] if offered else None
        self.settings = house.switch.settings(db, YUEYANG, offered[0]) if offered else {}

    def above(self, member_id: int) -> tuple[UplineFact, ...]:
        """The paid levels above a member."""
        found: list[UplineFact] = []
        sponsor = self._sponsors.get(member_id)
        while sponsor is not None and len(found) < PAID_LEVELS:
            found.append(UplineFact(len(found) + 1, sponsor, self.state(sponsor)))
            sponsor = self._sponsors.get(sponsor)
        return tuple(found)

    def state(self, member_id: int) -> str:
        """As the scheme is told it."""
        return "joined" if member_id in self._joined else "not_joined"


def earned(chains: Chains, sale: Sale, books: Books) -> Rows:
    """Snapshot, commission lines and their first steps; the entry goes to ``books``."""
    uplines = chains.above(sale.buyer)
    if chains.scheme is None or not uplines:
        return {}
    facts = RewardFacts(YUEYANG, sale.buyer, tuple(_facts(chains, sale)), uplines)
    lines = chains.scheme.obj.compute(facts, chains.settings)
    rows = [_line(chains, sale, line) for line in lines if line.beneficiary_id and line.amount_fen]
    if not rows:
        return {}
    amounts: dict[str, int] = defaultdict(int)
    for row in rows:
        amounts["commission_expense"] += row["amount_fen"]
        amounts[account_of(row)] -= row["amount_fen"]
    books.add("commission", str(sale.order_id), dict(amounts), "推荐返现", sale.paid_at)
    return {
        RewardSnapshot: [_snapshot(chains, sale, lines)],
        CommissionLine: rows,
        CommissionStep: [_step(sale, row) for row in rows],
    }


def _facts(chains: Chains, sale: Sale) -> list[LineFact]:
    return [
        LineFact(
            line_id=row["id"],
            sku_id=line.sku_id,
            product_id=line.product_id,
            quantity=line.quantity,
            base_fen=line.amount_fen,
            category_ids=tuple(chains.categories.get(line.product_id, ())),
            overrides=line.overrides,
        )
        for row, line in zip(sale.line_rows, sale.lines, strict=True)
    ]


def _line(chains: Chains, sale: Sale, line: RewardLine) -> dict[str, Any]:
    joined = chains.state(line.beneficiary_id or 0) == "joined"
    return {
        "id": ids.new_id(),
        "order_id": sale.order_id,
        "order_line_id": line.line_id,
        "level": line.level,
        "beneficiary_id": line.beneficiary_id,
        "region": YUEYANG,
        "scheme": _code(chains),
        "scheme_version": _version(chains),
        "base_fen": line.base_fen,
        "rate_bp": line.rate_bp,
        "flat_fen": line.flat_fen,
        "amount_fen": line.amount_fen,
        "standing_fen": line.amount_fen,
        "remainder": line.remainder,
        "reason_codes": list(line.reason_codes),
        "state": "frozen" if joined else "held",
        "created_at": sale.paid_at,
        # From now on, or the next run of the jobs would take all old ones back.
        "held_until": None if joined else clock.now() + timedelta(days=HELD_DAYS),
    }


def _snapshot(chains: Chains, sale: Sale, lines: Sequence[RewardLine]) -> dict[str, Any]:
    positions = {row["id"]: row["position"] for row in sale.line_rows}
    return {
        "id": ids.new_id(),
        "kind": "order",
        "ref_id": sale.order_id,
        "buyer_id": sale.buyer,
        "region": YUEYANG,
        "scheme": _code(chains),
        "scheme_version": _version(chains),
        "settings": dict(chains.settings),
        "lines": [
            {
                **asdict(line),
                "reason_codes": list(line.reason_codes),
                "line_id": str(line.line_id),
                "beneficiary_id": str(line.beneficiary_id or ""),
                "position": positions[line.line_id],
                "joined": chains.state(line.beneficiary_id or 0) == "joined",
            }
            for line in lines
        ],
        "created_at": sale.moment,
    }


def _step(sale: Sale, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "line_id": row["id"],
        "at": sale.paid_at,
        "source": "",
        "target": row["state"],
        "amount_fen": row["amount_fen"],
        "reason": "order_paid",
    }


def _code(chains: Chains) -> str:
    return chains.scheme.code if chains.scheme else ""


def _version(chains: Chains) -> str:
    return chains.scheme.obj.info.version if chains.scheme else ""
