"""Freezing rewards when an order is placed, posting them when it is paid, undoing them by refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import colander
import structlog
from sqlalchemy import insert, literal, select
from sqlalchemy.exc import SQLAlchemyError

from suwen.distribution.binding import PAID_LEVELS, Bindings
from suwen.distribution.errors import RewardRefused
from suwen.distribution.models import Binding, CommissionLine, RewardSnapshot
from suwen.distribution.reversal import reversal_postings, standing_of
from suwen.distribution.steps import active_among, step
from suwen.hookspecs.reward import LineFact, RewardFacts, RewardLine
from suwen.kernel import clock, ids
from suwen.kernel.i18n import _
from suwen.ledger.accounts import member_account
from suwen.messaging.services import Note

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.lifecycle import Event
    from suwen.hookspecs.reward import RewardScheme
    from suwen.kernel.plugins.registry import Registered
    from suwen.kernel.plugins.switch import Switch
    from suwen.kernel.regions import Regions
    from suwen.ledger.services import LedgerService
    from suwen.messaging.services import MessagingService

log = structlog.get_logger(__name__)

HELD_DAYS = 30
"""How long a commission waits for a sharer to accept the terms."""


class BadScheme(ValueError):
    """A scheme gave lines that break its contract."""


class Rewards:
    """Commissions of orders."""

    def __init__(
        self,
        db: Session,
        switch: Switch,
        regions: Regions,
        ledger: LedgerService,
        messaging: MessagingService,
    ) -> None:
        """Work in the transaction of the order."""
        self._db = db
        self._switch = switch
        self._regions = regions
        self._ledger = ledger
        self._messaging = messaging
        self.bindings = Bindings(db)

    def freeze(self, kind: str, ref_id: int, event: Event) -> None:
        """Keep what an order (or intent) will earn, by the bindings and rates of this moment.

        An order that comes of an intent takes the intent's snapshot.
        """
        intent_id = event.data.get("intent_id") if kind == "order" else None
        if intent_id is not None:
            self._adopt(intent_id, ref_id, event.data["lines"])
            return
        uplines = self.bindings.uplines(event.data["member_id"])
        item = self._scheme(event.region) if uplines else None
        if item is None:
            return
        lines = [_line_fact(row, item.code) for row in event.data["lines"]]
        facts = RewardFacts(event.region, event.data["member_id"], tuple(lines), tuple(uplines))
        computed = self._compute(item, facts)
        if computed is not None and computed[1]:
            self._keep(kind, ref_id, facts, item, computed)

    def _scheme(self, region: str) -> Registered[RewardScheme] | None:
        offered = self._switch.offering(self._db, region).of(self._switch.host.schemes)
        return offered[0] if offered else None

    def _compute(
        self, item: Registered[RewardScheme], facts: RewardFacts
    ) -> tuple[Mapping[str, Any], Sequence[RewardLine]] | None:
        try:
            settings = self._switch.settings(self._db, facts.region, item)
            lines = list(item.obj.compute(facts, settings))
            check_lines(facts, lines)
        except SQLAlchemyError:
            # Not the scheme's: the transaction itself is lost.
            raise
        except Exception as error:
            # A scheme is a stranger's code: whatever it raises is one of two decisions.
            log.error("reward.failed", scheme=item.code, error=type(error).__name__)  # noqa: TRY400
            if self._refuses(facts.region) and not isinstance(error, colander.Invalid):
                raise RewardRefused from error
            return None
        return settings, lines

    def _refuses(self, region: str) -> bool:
        settings = self._regions.by_code(self._db, region).settings
        return settings.get("reward_failure") == "refuse"

    def _keep(
        self,
        kind: str,
        ref_id: int,
        facts: RewardFacts,
        item: Registered[RewardScheme],
        computed: tuple[Mapping[str, Any], Sequence[RewardLine]],
    ) -> None:
        settings, lines = computed
        positions = {line.line_id: index for index, line in enumerate(facts.lines)}
        states = {upline.member_id: upline.state for upline in facts.uplines}
        self._db.add(
            RewardSnapshot(
                kind=kind,
                ref_id=ref_id,
                buyer_id=facts.buyer_id,
                region=facts.region,
                scheme=item.code,
                scheme_version=item.obj.info.version,
                settings=dict(settings),
                lines=[
                    {
                        **asdict(line),
                        "reason_codes": list(line.reason_codes),
                        "line_id": str(line.line_id),
                        "beneficiary_id": str(line.beneficiary_id or ""),
                        "position": positions[line.line_id],
                        "joined": states.get(line.beneficiary_id or 0) == "joined",
                    }
                    for line in lines
                ],
            )
        )
        self._db.flush()

    def _adopt(self, intent_id: int, order_id: int, lines: Sequence[Mapping[str, Any]]) -> None:
        snapshot = self._snapshot("intent", intent_id)
        if snapshot is not None:
            snapshot.kind, snapshot.ref_id = "order", order_id
            snapshot.lines = [
                {**line, "line_id": str(lines[line["position"]]["line_id"])}
                for line in snapshot.lines
            ]
            self._db.flush()

    def _snapshot(self, kind: str, ref_id: int) -> RewardSnapshot | None:
        query = select(RewardSnapshot).where(
            RewardSnapshot.kind == kind, RewardSnapshot.ref_id == ref_id
        )
        return self._db.scalars(query).first()

    def earn(self, order_id: int, buyer_id: int) -> None:
        """What a paid order means: its buyer's sponsor is fixed, and its frozen rewards are booked.

        The order is locked; twice changes nothing.
        """
        asked = select(
            literal(order_id).label("order"), literal(buyer_id).label("buyer")
        ).subquery()
        booked = select(CommissionLine.id).where(CommissionLine.order_id == asked.c.order).exists()
        query = (
            select(RewardSnapshot, Binding.member_id, booked)
            .select_from(asked)
            .outerjoin(
                RewardSnapshot,
                (RewardSnapshot.kind == "order") & (RewardSnapshot.ref_id == asked.c.order),
            )
            .outerjoin(
                Binding, (Binding.member_id == asked.c.buyer) & Binding.permanent_at.is_(None)
            )
        )
        found: Any = self._db.execute(query).one()
        snapshot, loose, done = found
        if loose is not None:
            self.bindings.make_permanent(buyer_id)
        if snapshot is not None and not done:
            self._book(snapshot, order_id)

    def _book(self, snapshot: RewardSnapshot, order_id: int) -> None:
        rows = self._commissions(snapshot, order_id)
        if not rows:
            return
        total = sum(row["amount_fen"] for row in rows)
        postings = [("commission_expense", total)]
        postings += [(account_of(row), -row["amount_fen"]) for row in rows]
        if self._ledger.post("commission", str(order_id), postings, memo=_("推荐返现")) is None:
            return
        lines: Any = CommissionLine.__table__
        self._db.execute(insert(lines).returning(lines.c.id), rows).all()
        notes = [
            Note(row["beneficiary_id"], "commission_frozen", {}, f"commission:{row['id']}")
            for row in rows
        ]
        self._messaging.tell(notes, region=snapshot.region)

    def _commissions(self, snapshot: RewardSnapshot, order_id: int) -> list[dict[str, Any]]:
        """Amounts are those of the order's moment; who has joined since need not join again."""
        earned = [
            line for line in snapshot.lines if line["beneficiary_id"] and line["amount_fen"] > 0
        ]
        waiting = (int(line["beneficiary_id"]) for line in earned if not line["joined"])
        since = active_among(self._db, waiting)
        return [
            _commission(
                snapshot,
                order_id,
                line,
                joined=line["joined"] or int(line["beneficiary_id"]) in since,
            )
            for line in earned
        ]

    def reverse(self, refund_number: str, remaining: Mapping[int, int]) -> None:
        """Take back what no longer stands; ``remaining`` is fen left of each order line."""
        query = select(CommissionLine).where(CommissionLine.order_line_id.in_(remaining))
        lines = self._db.scalars(query.with_for_update().order_by(CommissionLine.id)).all()
        postings: list[tuple[str, int]] = []
        for line in lines:
            left = standing_of(self._switch.host.schemes, line, remaining[line.order_line_id])
            back = line.standing_fen - left
            if back <= 0:
                continue
            postings += reversal_postings(self._ledger, line, back)
            step(self._db, line, line.state if left else "reversed", back, "refund")
            line.standing_fen = left
        if postings:
            self._ledger.post("commission_reversed", refund_number, postings, memo=_("返现收回"))
        self._db.flush()


def account_of(row: Mapping[str, Any]) -> str:
    """The ledger account that a new commission is credited to."""
    if row["state"] == "held":
        return "commission_held"
    return member_account(row["beneficiary_id"], "frozen")


def _commission(
    snapshot: RewardSnapshot, order_id: int, line: Mapping[str, Any], *, joined: bool
) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "order_id": order_id,
        "order_line_id": int(line["line_id"]),
        "level": line["level"],
        "beneficiary_id": int(line["beneficiary_id"]),
        "region": snapshot.region,
        "scheme": snapshot.scheme,
        "scheme_version": snapshot.scheme_version,
        "base_fen": line["base_fen"],
        "rate_bp": line["rate_bp"],
        "flat_fen": line["flat_fen"],
        "amount_fen": line["amount_fen"],
        "standing_fen": line["amount_fen"],
        "remainder": line["remainder"],
        "reason_codes": line["reason_codes"],
        "state": "frozen" if joined else "held",
        "created_at": clock.now(),
        "held_until": None if joined else clock.now() + timedelta(days=HELD_DAYS),
    }


def _line_fact(row: Mapping[str, Any], scheme: str) -> LineFact:
    return LineFact(
        line_id=row["line_id"],
        sku_id=row["sku_id"],
        product_id=row["product_id"],
        quantity=row["quantity"],
        base_fen=row["base_fen"],
        category_ids=tuple(row["category_ids"]),
        overrides=row["overrides"].get(scheme, {}),
    )


def check_lines(facts: RewardFacts, lines: Sequence[RewardLine]) -> None:
    """Refuse lines that a broken scheme gave: money fails closed. Raises ``BadScheme``."""
    bases = {line.line_id: line.base_fen for line in facts.lines}
    people = {upline.member_id for upline in facts.uplines}
    totals: dict[int, int] = {}
    for line in lines:
        amounts = (line.amount_fen, line.base_fen, line.rate_bp, line.remainder, line.flat_fen)
        if any(type(amount) is not int or amount < 0 for amount in amounts):
            raise BadScheme("an amount is not a whole number of fen")
        if line.line_id not in bases or not 1 <= line.level <= PAID_LEVELS:
            raise BadScheme("an unknown line or level")
        if line.beneficiary_id is not None and line.beneficiary_id not in people:
            raise BadScheme("somebody outside the chain")
        totals[line.line_id] = totals.get(line.line_id, 0) + line.amount_fen
    if any(total > bases[line_id] for line_id, total in totals.items()):
        raise BadScheme("more than the base")
