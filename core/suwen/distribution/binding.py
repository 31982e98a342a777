"""Who recommended whom: a forest that only grows, one sponsor a member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from suwen.accounts.people.merging import final_target
from suwen.distribution.models import Binding, Distributor, ShareLink
from suwen.hookspecs.reward import UplineFact
from suwen.kernel import clock
from suwen.kernel.db import take_turns
from suwen.kernel.upsert import insert_once

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

MAX_DEPTH = 200
"""A chain longer than this is not walked to its root: the binding is refused."""

PAID_LEVELS = 2

_STATES = {"active": "joined"}


class Bindings:
    """Binds members to sponsors and reads the chain above a member."""

    def __init__(self, db: Session) -> None:
        """Work in ``db``."""
        self._db = db

    def bind(self, member_id: int, code: str | None) -> bool:
        """Bind a member who has no sponsor to the owner of a share code.

        Unknown codes, oneself, cycles and closed distributors bind nobody; the reason is logged.
        Two at once: one wins, the other changes nothing.
        """
        link = self.link(code)
        if link is None:
            return False
        # The link of an account that was merged into another binds to that one.
        sponsor_id = final_target(self._db, link.member_id)
        reason = self._refusal(member_id, sponsor_id)
        if reason:
            log.info("binding.refused", member=member_id, reason=reason)
            return False
        values = {
            "member_id": member_id,
            "sponsor_id": sponsor_id,
            "link_id": link.id,
            "bound_at": clock.now(),
        }
        return insert_once(self._db, Binding, values, "member_id")

    def link(self, code: str | None) -> ShareLink | None:
        """The link of a share code."""
        if not code:
            return None
        return self._db.scalars(select(ShareLink).where(ShareLink.code == code)).first()

    def _refusal(self, member_id: int, sponsor_id: int) -> str:
        if member_id == sponsor_id:
            return "self"
        if self._db.get(Binding, member_id) is not None:
            return "bound"
        distributor = self._db.get(Distributor, sponsor_id)
        if distributor is not None and distributor.state in ("suspended", "closed"):
            return distributor.state
        # Two who recommend each other at one moment would each see no circle yet.
        take_turns(self._db, Binding.__tablename__)
        return self._cycle(member_id, sponsor_id)

    def _cycle(self, member_id: int, sponsor_id: int) -> str:
        seen, current = {member_id}, sponsor_id
        for _step in range(MAX_DEPTH):
            if current in seen:
                return "cycle"
            seen.add(current)
            above = self._db.scalar(select(Binding.sponsor_id).where(Binding.member_id == current))
            if above is None:
                return ""
            current = above
        return "too_deep"

    def make_permanent(self, member_id: int) -> None:
        """The first paid order fixes the sponsor."""
        self._db.execute(
            update(Binding)
            .where(Binding.member_id == member_id, Binding.permanent_at.is_(None))
            .values(permanent_at=clock.now()),
            execution_options={"synchronize_session": False},
        )

    def uplines(self, member_id: int) -> Sequence[UplineFact]:
        """The paid levels above a member with the state each has now, in one statement."""
        second = aliased(Binding)
        states = [aliased(Distributor) for _level in range(PAID_LEVELS)]
        query = (
            select(Binding.sponsor_id, states[0].state, second.sponsor_id, states[1].state)
            .outerjoin(second, second.member_id == Binding.sponsor_id)
            .outerjoin(states[0], states[0].member_id == Binding.sponsor_id)
            .outerjoin(states[1], states[1].member_id == second.sponsor_id)
            .where(Binding.member_id == member_id)
        )
        row = self._db.execute(query).first()
        pairs: list[tuple[int | None, str | None]]
        pairs = [] if row is None else [(row[0], row[1]), (row[2], row[3])]
        return [
            UplineFact(level, sponsor, _STATES.get(state or "", state or "not_joined"))
            for level, (sponsor, state) in enumerate(pairs, start=1)
            if sponsor is not None
        ]
