"""What messaging keeps about a member: what he was told, when, and at which address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select

from suwen.hookspecs.lifecycle import Erased
from suwen.kernel.i18n import _
from suwen.messaging import texts
from suwen.messaging.models import ConsoleMessage, Message, MessageDelivery
from suwen.messaging.services import Directory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

_QUIET = {"synchronize_session": False}
_BATCH = 1000


class MessagingData:
    """Messages and their deliveries."""

    name = "messaging"
    title = _("消息与投递")

    def __init__(self, house: House) -> None:
        """Addresses are opened with the house's key."""
        self._house = house

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """What was told, oldest first, and where to; codes are never kept that long."""
        rows = db.scalars(
            select(Message).where(Message.member_id == member_id).order_by(Message.id)
        ).all()
        deliveries: dict[int, list[dict[str, Any]]] = {}
        query = (
            select(MessageDelivery)
            .join(Message, Message.id == MessageDelivery.message_id)
            .where(Message.member_id == member_id)
            .order_by(MessageDelivery.id)
        )
        for row in db.scalars(query):
            deliveries.setdefault(row.message_id, []).append(self._delivery(row))
        return {"messages": [_told(row, deliveries.get(row.id, [])) for row in rows]}

    def _delivery(self, row: MessageDelivery) -> dict[str, Any]:
        place = f"message_delivery:address:{row.id}"
        return {
            "channel": row.channel,
            "address": self._house.vault.house.open_text(row.address, place),
            "state": row.state,
            "at": row.updated_at.isoformat(),
        }

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Delete what was told, and what was sent to the member's addresses before he was one."""
        addresses = self._addresses(db, member_id)
        indexes = [self._house.vault.blind_index("delivery address", one) for one in addresses]
        to_him = select(MessageDelivery.message_id).where(
            MessageDelivery.address_index.in_(indexes)
        )
        gone = db.scalars(
            delete(Message)
            .where(or_(Message.member_id == member_id, Message.id.in_(to_him)))
            .returning(Message.id),
            execution_options=_QUIET,
        ).all()
        db.execute(
            delete(ConsoleMessage).where(ConsoleMessage.address.in_(addresses)),
            execution_options=_QUIET,
        )
        return [Erased(_("消息与投递记录"), "erased", count=len(gone))]

    def _addresses(self, db: Session, member_id: int) -> list[str]:
        known = Directory(self._house.ports)
        found = [*known.addresses(db, member_id, "phone"), *known.addresses(db, member_id, "email")]
        national = [address.removeprefix("+86") for address in found]
        return sorted({*found, *national, str(member_id)})


def _told(row: Message, deliveries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rendered = texts.render(row.kind, row.locale, row.payload, "")
    return {
        "kind": row.kind,
        "at": row.created_at.isoformat(),
        "subject": rendered.subject,
        "text": rendered.text,
        "deliveries": deliveries,
    }


def purge_messages(house: House, before: datetime) -> int:
    """Retention: a batch of messages older than ``before``, their deliveries with them."""
    return _purge(house, Message, "created_at", before)


def purge_console(house: House, before: datetime) -> int:
    """Retention: a batch of what development showed instead of sending."""
    return _purge(house, ConsoleMessage, "at", before)


def _purge(house: House, model: Any, moment: str, before: datetime) -> int:
    # Ids are ordered by time: the oldest batch is looked at, never the whole table.
    oldest = select(model.id, getattr(model, moment)).order_by(model.id).limit(_BATCH).subquery()
    batch = select(oldest.c.id).where(oldest.c[moment] < before)
    with house.database.transaction() as db:
        gone = db.scalars(
            delete(model).where(model.id.in_(batch)).returning(model.id),
            execution_options=_QUIET,
        ).all()
    return len(gone)
