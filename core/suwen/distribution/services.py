"""Distribution for members: links, joining, team, commissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from suwen.catalog.models import Product
from suwen.distribution.binding import Bindings
from suwen.distribution.errors import OldTerms
from suwen.distribution.models import Binding, CommissionLine, Distributor, ShareLink
from suwen.distribution.reversal import reward_line
from suwen.distribution.rewards import Rewards
from suwen.distribution.steps import active_among, step
from suwen.kernel import clock, ids
from suwen.kernel.db import take_turns
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.kernel.plugins.isolation import isolated
from suwen.kernel.upsert import insert_once
from suwen.ledger.accounts import member_account
from suwen.ledger.services import ledger
from suwen.messaging.services import messaging

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.reward import RewardScheme
    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import TypedRegistry
    from suwen.ledger.services import LedgerService

TERMS_VERSION = "2026-11"
PAGE = 20


@dataclass(frozen=True, slots=True)
class Commission:
    """A commission as its owner sees it: never which test, which order or which buyer."""

    id: str
    state: str
    level: int
    amount_fen: int
    day: str
    rate_bp: int
    scheme_version: str
    explanation: str


class DistributionService:
    """What members do with distribution."""

    def __init__(
        self,
        db: Session,
        schemes: TypedRegistry[RewardScheme],
        ledger: LedgerService,
    ) -> None:
        """Read and write ``db``."""
        self._db = db
        self._schemes = schemes
        self._ledger = ledger
        self.bindings = Bindings(db)

    def share(self, member_id: int, product_slug: str) -> ShareLink:
        """The member's link to a published product, made at the first wish.

        Raises ``NotFound`` for an unknown product.
        """
        known = select(Product.id).where(Product.slug == product_slug, Product.state == "published")
        if self._db.scalar(known) is None:
            raise NotFound
        values = {
            "id": ids.new_id(),
            "code": ids.code(10),
            "member_id": member_id,
            "product_slug": product_slug,
            "visits": 0,
            "created_at": clock.now(),
        }
        insert_once(self._db, ShareLink, values, "member_id", "product_slug")
        query = select(ShareLink).where(
            ShareLink.member_id == member_id, ShareLink.product_slug == product_slug
        )
        return self._db.scalars(query).one()

    def visit(self, code: str) -> ShareLink:
        """Count a visit of a link; nothing of the visitor is kept. Raises ``NotFound``."""
        link = self.bindings.link(code)
        if link is None:
            raise NotFound
        self._db.execute(
            update(ShareLink).where(ShareLink.id == link.id).values(visits=ShareLink.visits + 1),
            execution_options={"synchronize_session": False},
        )
        return link

    def links(self, member_id: int) -> Sequence[ShareLink]:
        """The member's links, newest first."""
        query = select(ShareLink).where(ShareLink.member_id == member_id)
        return self._db.scalars(query.order_by(ShareLink.id.desc()).limit(50)).all()

    def distributor(self, member_id: int) -> Distributor | None:
        """The member as distributor."""
        return self._db.get(Distributor, member_id)

    def join(self, member_id: int, accept_version: str) -> Distributor:
        """Become a distributor, free; what was held for the member becomes frozen.

        Raises ``OldTerms`` unless the present terms are accepted.
        """
        if accept_version != TERMS_VERSION:
            raise OldTerms(fields={"accept_version": OldTerms.message})
        # The second of two clicks waits for the first.
        take_turns(self._db, f"{Distributor.__tablename__}:{member_id}")
        found = self._db.get(Distributor, member_id)
        if found is None:
            found = Distributor(member_id=member_id, joined_at=clock.now())
            self._db.add(found)
        if found.state in (None, "closed"):
            found.state, found.terms_version = "active", accept_version
            found.closed_at = None
        self._db.flush()
        self._unhold(member_id)
        return found

    def _unhold(self, member_id: int) -> None:
        query = select(CommissionLine).where(
            CommissionLine.beneficiary_id == member_id, CommissionLine.state == "held"
        )
        for line in self._db.scalars(query.with_for_update()).all():
            self._freeze(line)
        self._db.flush()

    def _freeze(self, line: CommissionLine) -> None:
        """What was held for somebody who has joined is his, once it is free."""
        self._ledger.post(
            "commission_joined",
            str(line.id),
            [
                ("commission_held", line.standing_fen),
                (member_account(line.beneficiary_id, "frozen"), -line.standing_fen),
            ],
            memo=_("推荐返现"),
        )
        step(self._db, line, "frozen", line.standing_fen, "joined")
        line.held_until = None

    def leave(self, member_id: int) -> None:
        """Stop being a distributor; what was earned stays."""
        found = self._db.get(Distributor, member_id)
        if found is not None and found.state == "active":
            found.state, found.closed_at = "closed", clock.now()
            self._db.flush()

    def expire_held(self, limit: int = 500) -> int:
        """Give held commissions whose time is over back to the house; how many were looked at.

        Whoever joined in the very moment of the payment keeps his.
        """
        query = select(CommissionLine).where(
            CommissionLine.state == "held", CommissionLine.held_until <= clock.now()
        )
        lines = self._db.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()
        joined = active_among(self._db, (line.beneficiary_id for line in lines))
        for line in lines:
            if line.beneficiary_id in joined:
                self._freeze(line)
            else:
                self._lapse(line)
        self._db.flush()
        return len(lines)

    def _lapse(self, line: CommissionLine) -> None:
        self._ledger.post(
            "commission_lapsed",
            str(line.id),
            [
                ("commission_held", line.standing_fen),
                ("commission_expense", -line.standing_fen),
            ],
            memo=_("返现逾期未领"),
        )
        step(self._db, line, "reversed", line.standing_fen, "not_joined")
        line.standing_fen = 0

    def commissions(
        self, member_id: int, locale: str, cursor: str | None = None, limit: int = PAGE
    ) -> tuple[list[Commission], str | None]:
        """The member's commissions, newest first, and the cursor of the next page."""
        query = select(CommissionLine).where(CommissionLine.beneficiary_id == member_id)
        if cursor is not None:
            query = query.where(CommissionLine.id < (ids.parse(cursor) or 0))
        rows = self._db.scalars(query.order_by(CommissionLine.id.desc()).limit(limit + 1)).all()
        shown = [self._shown(row, locale) for row in rows[:limit]]
        return shown, shown[-1].id if len(rows) > limit else None

    def _shown(self, line: CommissionLine, locale: str) -> Commission:
        item = self._schemes.find(line.scheme)
        explanation = (
            isolated(
                item.plugin, "explain", lambda: item.obj.explain(reward_line(line), locale), ""
            )
            if item
            else ""
        )
        return Commission(
            id=str(line.id),
            state=line.state,
            level=line.level,
            amount_fen=line.standing_fen,
            day=line.created_at.astimezone(clock.SHANGHAI).date().isoformat(),
            rate_bp=line.rate_bp,
            scheme_version=line.scheme_version,
            explanation=explanation,
        )

    def team(self, member_id: int, limit: int = 100) -> dict[str, Any]:
        """How many members stand below, per level, and the days the direct ones came."""
        direct = select(Binding.member_id, Binding.bound_at).where(Binding.sponsor_id == member_id)
        rows = self._db.execute(direct.order_by(Binding.bound_at.desc()).limit(limit)).all()
        below = select(func.count()).where(
            Binding.sponsor_id.in_(select(Binding.member_id).where(Binding.sponsor_id == member_id))
        )
        count = self._db.scalar(
            select(func.count()).select_from(Binding).where(Binding.sponsor_id == member_id)
        )
        return {
            "direct": count or 0,
            "second": self._db.scalar(below) or 0,
            "items": [(row.member_id, row.bound_at) for row in rows],
        }


def distribution(house: House, db: Session) -> DistributionService:
    """The service of one unit of work."""
    return DistributionService(db, house.host.schemes, ledger(house, db))


def rewards(house: House, db: Session) -> Rewards:
    """The service that hears orders."""
    return Rewards(db, house.switch, house.regions, ledger(house, db), messaging(house, db))
