"""Two accounts of one person become one: the source moves into the target and is closed for ever.

What there is to move is known by the domains: each puts a ``Merger`` into the port ``member_merge``.
All of it is one transaction under the locks of both members. Something that a request was writing
for the source at that very moment, or that a frozen reward brings later, is moved after it by a job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.accounts.models import ACTIVE, Member
from suwen.accounts.people.errors import MergeRefused, NotConfirmed, NotYourself
from suwen.accounts.people.rules import given_reason, staff_among
from suwen.accounts.people.wanted import LOCKED, MERGED
from suwen.accounts.staffing.rights import turn as staff_turn
from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock, outbox
from suwen.kernel.errors import Message, NotFound
from suwen.kernel.i18n import _
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import sessions
from suwen.messaging.services import messaging

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House

PORT: Final = "member_merge"
KIND: Final = "members.merged"
AGAIN: Final = (
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)
"""When the job looks once more whether anything stands with the source."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would move, as (title, number or amount), and why it must not; titles are message ids."""

    moves: Sequence[tuple[Message, int | str]] = ()
    blocks: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class Merger:
    """What a domain does when two accounts become one.

    ``look(db, source_id, target_id)`` changes nothing. ``move(db, source_id, target_id, actor)`` moves
    everything that is the source's, may be called again later, and then moves what has come since.
    """

    name: str
    look: Callable[[Session, int, int], Outlook]
    move: Callable[[Session, int, int, Actor], None]
    order: int = 100


@dataclass(frozen=True, slots=True)
class Preview:
    """Both accounts and what merging them means."""

    source: Member
    target: Member
    moves: Sequence[tuple[Message, int | str]] = field(default=())
    blocks: Sequence[Message] = field(default=())


class Merging:
    """Looks at two accounts and merges them."""

    def __init__(self, house: House, db: Session) -> None:
        """What moves is asked of the domains that filled the house's port."""
        self._house, self._db = house, db

    @property
    def _mergers(self) -> Sequence[Merger]:
        return sorted(self._house.ports.get(PORT, ()), key=lambda merger: merger.order)

    def preview(self, source_id: int, target_id: int, actor: Actor) -> Preview:
        """What would happen; raises ``NotFound`` or ``NotYourself``."""
        source, target = self._both(source_id, target_id, actor, lock=False)
        return self._preview(source, target)

    def _both(
        self, source_id: int, target_id: int, actor: Actor, *, lock: bool
    ) -> tuple[Member, Member]:
        if source_id == target_id:
            raise NotFound
        if actor.id in {source_id, target_id}:
            raise NotYourself
        query = select(Member).where(Member.id.in_((source_id, target_id))).order_by(Member.id)
        if lock:
            # In the order of their ids: two merges of the same pair never wait for each other.
            query = query.with_for_update()
        rows = self._db.scalars(query, execution_options={"populate_existing": lock}).all()
        found = {row.id: row for row in rows}
        if len(found) != len({source_id, target_id}):
            raise NotFound
        return found[source_id], found[target_id]

    def _preview(self, source: Member, target: Member) -> Preview:
        blocks = [*_between(source, target), *self._about_staff(source, target)]
        moves: list[tuple[Message, int | str]] = []
        for merger in self._mergers:
            outlook = merger.look(self._db, source.id, target.id)
            moves += [(title, number) for title, number in outlook.moves if number]
            blocks += outlook.blocks
        return Preview(source, target, moves, blocks)

    def _about_staff(self, source: Member, target: Member) -> list[Message]:
        staff = staff_among(self._db, [source.id, target.id])
        return [_("员工账户不能合并")] if staff else []

    def merge(
        self, source_id: int, target_id: int, reason: str, confirm: str, actor: Actor
    ) -> Member:
        """Merge; the target. ``confirm`` is the target's id as it was typed.

        Raises ``ReasonNeeded``, ``NotConfirmed``, ``NotYourself``, ``NotFound``, or ``MergeRefused``.
        """
        why = given_reason(reason)
        if confirm.strip() != str(target_id):
            raise NotConfirmed
        staff_turn(self._db)  # nobody becomes staff meanwhile
        source, target = self._both(source_id, target_id, actor, lock=True)
        preview = self._preview(source, target)
        if preview.blocks:
            raise MergeRefused(preview.blocks)
        before = source.state
        source.state, source.merged_into = MERGED, target.id
        self._db.flush()
        sessions(self._house.settings, self._db).revoke_all(source.id)
        self.move(source.id, target.id, actor)
        self._close(source)
        self._record(preview, before, why, actor)
        return target

    def move(self, source_id: int, target_id: int, actor: Actor) -> None:
        """Move what stands with the source, floor by floor, the ledger last."""
        for merger in self._mergers:
            merger.move(self._db, source_id, target_id, actor)
        self._db.flush()

    def _close(self, source: Member) -> None:
        # What is left of it is its number: personal data went over or is gone.
        source.profile = source.password_hash = source.name_index = None
        source.totp_secret = source.totp_confirmed_at = None
        source.display_name = f"#{source.id}"
        self._db.flush()

    def _record(self, preview: Preview, before: str, why: str, actor: Actor) -> None:
        source, target = preview.source, preview.target
        moved = {str(title): number for title, number in preview.moves}
        write = self._house.audit.write
        write(
            self._db,
            actor,
            "member.merge",
            "member",
            source.id,
            reason=why,
            details={
                "before": {"state": before},
                "after": {"state": MERGED, "merged_into": target.id},
            },
        )
        details = {"source": source.id, "moved": moved}
        write(self._db, actor, "member.absorb", "member", target.id, reason=why, details=details)
        region = target.region_code or DEFAULT_CODE
        market = self._house.regions.resolve(self._db, region).code
        messaging(self._house, self._db).notify(
            target.id, "accounts_merged", {}, key=f"merged:{source.id}", region=market
        )
        data = {"source_id": source.id, "target_id": target.id}
        key = f"members_merged:{source.id}"
        event = Event("members_merged", key, market, clock.now(), data)
        self._house.events.publish(self._db, event)
        _look_again(self._db, source.id, target.id, 0)


def _between(source: Member, target: Member) -> list[Message]:
    """What forbids it already by the two rows."""
    found: list[Message] = []
    if source.state not in {ACTIVE, LOCKED} or target.state != ACTIVE:
        found.append(_("只能把正常或已禁用的账户并入正常的账户"))
    if source.kind != target.kind:
        found.append(_("个人会员与团体会员不能合并"))
    if source.branch_id != target.branch_id:
        found.append(_("两个账户属于不同的分支机构"))
    return found


def _look_again(db: Session, source_id: int, target_id: int, turn: int) -> None:
    if turn < len(AGAIN):
        due = clock.now() + AGAIN[turn]
        key = f"{KIND}:{source_id}:{turn}"
        outbox.put(db, KIND, key, due_at=due, source=source_id, target=target_id, turn=turn)


def follow_up(house: House, payload: Mapping[str, Any]) -> None:
    """Handler of the outbox: move what has come to the source since, into wherever it is now."""
    from suwen.kernel.audit import SYSTEM

    with house.database.transaction() as db:
        target_id = final_target(db, payload["target"])
        Merging(house, db).move(payload["source"], target_id, SYSTEM)
        _look_again(db, payload["source"], payload["target"], payload["turn"] + 1)


def final_target(db: Session, member_id: int) -> int:
    """The account that a member's belongs to now: his own unless it was merged."""
    seen = {member_id}
    while True:
        query = select(Member.merged_into).where(Member.id == member_id, Member.state == MERGED)
        following = db.scalar(query)
        if following is None or following in seen:
            return member_id
        seen.add(following)
        member_id = following
