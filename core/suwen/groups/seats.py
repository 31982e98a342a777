"""Seats (席位): who acts for a group. Invited by an owner, accepted by whom the invitation names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from suwen.accounts import contacts
from suwen.accounts.models import INDIVIDUAL, Member
from suwen.groups.access import OWNER, ROLES
from suwen.groups.errors import InvitationOver, LastOwner, NotYourself
from suwen.groups.models import GroupSeat
from suwen.kernel import clock, ids
from suwen.kernel.db import locked, take_turns
from suwen.kernel.errors import Conflict, Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.kernel.ratelimit import Limit
from suwen.kernel.sessions import digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from suwen.accounts.logins import Logins
    from suwen.groups.access import Acting
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault
    from suwen.kernel.ratelimit import Limiter
    from suwen.messaging.services import MessagingService

LASTS: Final = timedelta(days=7)
MAX_SEATS: Final = 50
PER_DAY: Final = Limit("groups.invite", 30, 86400)


class TooManySeats(Conflict):
    """As many people as may act for one group."""

    code = "too_many_seats"
    message = _("一个单位最多有 50 个席位，请先移除不再需要的")


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat as its group sees it. ``who`` is a masked name, or the address that was invited."""

    id: int
    who: str
    role: str
    state: str
    created_at: datetime
    expires_at: datetime | None
    is_over: bool


class Seats:
    """Seats of the group that ``acting`` acts for."""

    def __init__(
        self,
        db: Session,
        vault: Vault,
        audit: AuditLog,
        limiter: Limiter,
        messages: MessagingService,
        acting: Acting,
    ) -> None:
        """Only an owner may construct it; raises ``NotFound``."""
        acting.require_owner()
        self._db = db
        self._vault = vault
        self._audit = audit
        self._limiter = limiter
        self._messages = messages
        self._acting = acting

    def all(self) -> Sequence[Seat]:
        """Active and invited ones; the group's own account is an owner beside them."""
        query = (
            select(GroupSeat, Member.display_name)
            .outerjoin(Member, Member.id == GroupSeat.member_id)
            .where(GroupSeat.group_id == self._acting.group_id, GroupSeat.state != "ended")
            .order_by(GroupSeat.id)
            .limit(2 * MAX_SEATS)
        )
        return [self._seat(row, name) for row, name in self._db.execute(query)]

    def _seat(self, row: GroupSeat, name: str | None) -> Seat:
        invited = row.state == "invited"
        who = _open(self._vault, row).masked if invited else name or ""
        over = invited and row.expires_at is not None and row.expires_at <= clock.now()
        return Seat(row.id, who, row.role, row.state, row.created_at, row.expires_at, over)

    def invite(self, address: str, role: str, actor: Actor, *, region: str, locale: str) -> str:
        """Invite an address; the link's token, which is shown this once.

        Raises ``BadAddress``, ``TooManySeats`` or ``TooMany``.
        """
        contact, moment = contacts.parse(address), clock.now()
        _check_role(role)
        self._limiter.hit(self._db, PER_DAY, str(self._acting.group_id))
        take_turns(self._db, f"seats:{self._acting.group_id}")
        if self._count() >= MAX_SEATS:
            raise TooManySeats
        token, seat_id = ids.token(), ids.new_id()
        row = GroupSeat(
            id=seat_id,
            group_id=self._acting.group_id,
            role=role,
            state="invited",
            claim_hash=digest(token),
            sealed=self._vault.house.seal(contact.value, f"group_seat:sealed:{seat_id}"),
            invited_by=self._acting.member_id,
            created_at=moment,
            expires_at=moment + LASTS,
        )
        self._db.add(row)
        self._db.flush()
        self._log("group.seat.invite", row, actor, {"after": {"role": role}})
        self._messages.write_to(
            contact.kind,
            contact.value,
            "group_seat",
            key=f"group_seat:{seat_id}",
            region=region,
            locale=locale,
            secret=token,
        )
        return token

    def _count(self) -> int:
        query = select(func.count()).where(
            GroupSeat.group_id == self._acting.group_id, GroupSeat.state != "ended"
        )
        return self._db.scalar(query) or 0

    def change(self, seat_id: int, role: str, actor: Actor) -> None:
        """Make a seat another role's; raises ``NotFound``."""
        _check_role(role)
        row = self._row(seat_id)
        before, row.role = row.role, role
        self._db.flush()
        values = {"before": {"role": before}, "after": {"role": role}}
        self._log("group.seat.change", row, actor, values)

    def remove(self, seat_id: int, actor: Actor) -> None:
        """End a seat or take an invitation back, at once; raises ``NotFound``."""
        row = self._row(seat_id)
        before = row.state
        row.state, row.claim_hash, row.expires_at = "ended", None, None
        self._db.flush()
        values = {"before": {"state": before, "role": row.role}, "after": {"state": "ended"}}
        self._log("group.seat.remove", row, actor, values)

    def _row(self, seat_id: int) -> GroupSeat:
        if seat_id == self._acting.group_id:
            raise LastOwner
        row = locked(self._db, GroupSeat, seat_id)
        if row is None or row.group_id != self._acting.group_id or row.state == "ended":
            raise NotFound
        return row

    def _log(
        self, action: str, row: GroupSeat, actor: Actor, details: Mapping[str, object]
    ) -> None:
        self._audit.write(self._db, actor, action, "group_seat", row.id, details=details)


def _check_role(role: str) -> None:
    if role not in ROLES:
        text = _("请从给出的选项中选择")
        raise Invalid(text, fields={"role": text})


def _open(vault: Vault, row: GroupSeat) -> contacts.Contact:
    text = vault.house.open_text(row.sealed or b"", f"group_seat:sealed:{row.id}")
    return contacts.parse(text)


class Invitations:
    """The other side of a seat: whoever has the link."""

    def __init__(self, db: Session, vault: Vault, audit: AuditLog, logins: Logins) -> None:
        """``logins`` tells whether the invitation is for the one who opened it."""
        self._db = db
        self._vault = vault
        self._audit = audit
        self._logins = logins

    def open(self, token: str) -> tuple[GroupSeat, str]:
        """The invitation and its group's name; raises ``InvitationOver``."""
        query = (
            select(GroupSeat, Member.group_name)
            .join(Member, Member.id == GroupSeat.group_id)
            .where(
                GroupSeat.claim_hash == digest(token),
                GroupSeat.state == "invited",
                GroupSeat.expires_at > clock.now(),
                Member.state == "active",
            )
        )
        row = self._db.execute(query.with_for_update(of=GroupSeat)).first()
        if row is None:
            raise InvitationOver
        return row[0], row[1] or ""

    def is_for(self, seat: GroupSeat, member_id: int) -> bool:
        """Whether the invited address is one of the member's."""
        return _open(self._vault, seat) in self._logins.of(member_id)

    def accept(self, token: str, member_id: int, actor: Actor) -> int:
        """Take the seat; the group's id.

        Raises ``InvitationOver``; ``NotYourself`` for a group's account and for whoever was not
        invited: a link that was passed on opens nothing.
        """
        seat, _name = self.open(token)
        member = self._db.get_one(Member, member_id)
        if member.kind != INDIVIDUAL or not self.is_for(seat, member_id):
            raise NotYourself(_("请用收到邀请的手机号或邮箱登录个人账户后再接受"))
        standing = self._standing(seat.group_id, member_id)
        if standing is not None:
            # One row for a person and a group: an older seat takes the new role up.
            standing.state, standing.role = "active", _higher(standing, seat.role)
            seat.state = "ended"
        else:
            seat.member_id, seat.state = member_id, "active"
        seat.claim_hash = seat.expires_at = None
        self._db.flush()
        self._audit.write(
            self._db,
            actor,
            "group.seat.accept",
            "group_seat",
            seat.id,
            details={"after": {"role": seat.role, "group": seat.group_id}},
        )
        return seat.group_id

    def _standing(self, group_id: int, member_id: int) -> GroupSeat | None:
        query = select(GroupSeat).where(
            GroupSeat.group_id == group_id, GroupSeat.member_id == member_id
        )
        return self._db.scalars(query).first()


def _higher(standing: GroupSeat, role: str) -> str:
    """An owner who accepts an older invitation as staff stays an owner."""
    return OWNER if standing.state == "active" and standing.role == OWNER else role
