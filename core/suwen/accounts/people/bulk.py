"""One action on many members: begun once however often the button is pressed, done in steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from suwen.accounts.models import Member
from suwen.accounts.people.changing import ACTIONS, Changes, clean_tag
from suwen.accounts.people.errors import NothingChosen
from suwen.accounts.people.listing import Line, People
from suwen.accounts.people.models import MemberBulk
from suwen.accounts.people.rules import given_reason
from suwen.accounts.people.schemas import FilterIn
from suwen.accounts.people.scope import Scope
from suwen.accounts.people.wanted import Wanted
from suwen.accounts.staffing.rights import rights_of
from suwen.forms.schemas import validated
from suwen.kernel import clock, ids, outbox
from suwen.kernel.audit import Actor
from suwen.kernel.db import locked
from suwen.kernel.errors import NotFound
from suwen.kernel.outbox import Later
from suwen.kernel.upsert import insert_once

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

STEP: Final = 200
"""Members of one transaction; as many are done while one waits, more by a job."""
MOST_CHOSEN: Final = 500
KIND: Final = "members.bulk"
RIGHT: Final = "staff.members.edit"
_STEPS_A_TURN: Final = 20
"""So that a turn of the worker ends long before its lease does."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: to the ``chosen``, or without any to all that fit ``query``."""

    action: str
    submission: str
    chosen: Sequence[int] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    everyone: bool = False
    tag: str = ""
    reason: str = ""


class Bulk:
    """Begins bulk actions and carries them out, step by step."""

    def __init__(self, house: House, db: Session, scope: Scope) -> None:
        """Within ``scope``: that of whoever begins, or as the action keeps it."""
        self._house, self._db, self._scope = house, db, scope

    def people(self) -> People:
        """The members that can be reached."""
        return People(self._db, self._house.vault, self._house.regions.all(self._db), self._scope)

    def size(self, order: Order) -> int:
        """How many members it means. All that fit are counted: a person has to confirm the number."""
        if not order.everyone:
            return len(self.people().among(order.chosen[:MOST_CHOSEN]))
        conditions = [*self._conditions(_wanted(order.query))]
        return self._db.scalar(select(func.count()).select_from(Member).where(*conditions)) or 0

    def _conditions(self, wanted: Wanted) -> list[Any]:
        markets = self._house.regions.all(self._db)
        return [*self._scope.conditions(markets), *wanted.conditions(markets)]

    def first(self, order: Order, limit: int) -> Sequence[Line]:
        """The first of all that fit, to be named on the page that asks."""
        return self.people().page(_wanted(order.query), limit=limit).items

    def begin(self, order: Order, actor: Actor) -> MemberBulk:
        """Write it down, or find what the first click wrote. Few members are done at once.

        Raises ``NothingChosen``, ``BadTag`` or ``ReasonNeeded``.
        """
        values = self._checked(order, actor)
        if insert_once(self._db, MemberBulk, values, "submission") and values["total"] > STEP:
            outbox.put(self._db, KIND, f"{KIND}:{values['id']}", id=values["id"])
        query = select(MemberBulk).where(
            MemberBulk.submission == order.submission, MemberBulk.staff_id == actor.id
        )
        found = self._db.scalars(query).first()
        if found is None:
            raise NotFound
        if found.total <= STEP:
            self.step(found.id)
        return found

    def _checked(self, order: Order, actor: Actor) -> dict[str, Any]:
        if order.action not in ACTIONS or not 1 <= len(order.submission) <= 64:
            raise NotFound
        tagging = order.action in {"tag", "untag"}
        tag = clean_tag(order.tag) if tagging else ""
        reason = "" if tagging else given_reason(order.reason)
        inside = [] if order.everyone else [line.id for line in self._chosen(order)]
        total = self.size(order) if order.everyone else len(inside)
        if not total:
            raise NothingChosen
        return {
            "id": ids.new_id(),
            "submission": order.submission,
            "staff_id": actor.id,
            "action": order.action,
            "tag": tag,
            "reason": reason,
            "query": dict(order.query),
            "chosen": [str(key) for key in sorted(inside)],
            "scope": {**self._scope.to_store(), "region": actor.region},
            "state": "running",
            "total": total,
            "done": 0,
            "skipped": 0,
            "position": 0,
            "created_at": clock.now(),
        }

    def _chosen(self, order: Order) -> Sequence[Any]:
        return self.people().among(order.chosen[:MOST_CHOSEN])

    def step(self, bulk_id: int) -> bool:
        """Do the next members of a bulk action; whether there may be more."""
        run = locked(self._db, MemberBulk, bulk_id)
        if run is None or run.state != "running":
            return False
        actor = Actor("staff", run.staff_id, region=run.scope.get("region"))
        if not self._stands(actor):
            self._end(run, "stopped")
            return False
        following = self._following(run)
        if following:
            changes = Changes(self._db, self._house.audit)
            changed = changes.apply(run.action, following, actor, tag=run.tag, why=run.reason)
            run.done += len(following)
            run.skipped += len(following) - changed
            run.position = following[-1]
        if len(following) < STEP:
            self._end(run, "done")
        self._db.flush()
        return run.state == "running"

    def _stands(self, actor: Actor) -> bool:
        """Whether who began it still has the right to, exactly where he had it then."""
        now = Scope.given(rights_of(self._db, actor).grants, RIGHT)
        return now.to_store() == self._scope.to_store()

    def _end(self, run: MemberBulk, state: str) -> None:
        run.state, run.finished_at = state, clock.now()
        self._db.flush()

    def _following(self, run: MemberBulk) -> list[int]:
        if run.chosen:
            rest = [key for key in map(int, run.chosen) if key > run.position]
            return rest[:STEP]
        wanted = _wanted(run.query)
        return self.people().ids_after(wanted, run.position, run.created_at, STEP)

    def get(self, bulk_id: int | None, staff_id: int) -> MemberBulk:
        """One's own bulk action; raises ``NotFound``."""
        found = self._db.get(MemberBulk, bulk_id) if bulk_id else None
        if found is None or found.staff_id != staff_id:
            raise NotFound
        return found

    def stop(self, bulk_id: int | None, staff_id: int) -> None:
        """Leave the rest undone; what was done stays. Raises ``NotFound``."""
        run = locked(self._db, MemberBulk, self.get(bulk_id, staff_id).id)
        if run is not None and run.state == "running":
            self._end(run, "stopped")


def _wanted(query: Mapping[str, str]) -> Wanted:
    return Wanted.of(validated(FilterIn(), query))


def carry_out(house: House, payload: Mapping[str, Any]) -> None:
    """Handler of the outbox: go on with a bulk action, every step in a transaction of its own."""
    for _turn in range(_STEPS_A_TURN):
        with house.database.transaction() as db:
            run = db.get(MemberBulk, payload["id"])
            if run is None or not Bulk(house, db, Scope.stored(run.scope)).step(run.id):
                return
    raise Later(0.1)
