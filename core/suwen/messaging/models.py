"""What there is to tell a member, and every way in which it was tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, WithId
from suwen.kernel.states import machine

DELIVERY: Final = machine(
    "delivery",
    pending="leased suppressed expired",
    leased="pending sending suppressed expired rejected",
    sending="pending accepted delivered rejected uncertain dead",
    accepted="delivered rejected",
    uncertain="pending accepted delivered rejected dead",
)
"""Delivery (投递). ``uncertain`` means: it may have been sent, and nobody can ask."""


class Message(WithId, Base):
    """One thing to tell (消息). ``dedupe_key`` comes from the business event: told once.

    ``payload`` holds plain values such as numbers and links; ``secret`` is the sealed one-time code,
    wiped once it was sent or is of no more use.
    """

    __tablename__ = "message"

    dedupe_key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(20))
    member_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    region: Mapped[str] = mapped_column(String(12))
    locale: Mapped[str] = mapped_column(String(10), default="zh_CN")
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]


class MessageDelivery(WithId, Base):
    """One message on one channel to one address (投递). Its id is the idempotency key."""

    __tablename__ = "message_delivery"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(60))
    address: Mapped[bytes] = mapped_column(LargeBinary)
    address_index: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12), default="pending")
    reason: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_token: Mapped[str | None] = mapped_column(String(50))
    lease_until: Mapped[datetime | None]
    first_sent_at: Mapped[datetime | None]
    provider_id: Mapped[str] = mapped_column(String(120), default="")
    last_code: Mapped[str] = mapped_column(String(60), default="")
    fallback_of: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        UniqueConstraint("message_id", "channel", "address_index"),
        Index(None, "address_index"),
        Index(None, "state", "updated_at"),
        Index(None, "channel", "provider_id"),
    )


class MessageAttempt(WithId, Base):
    """One try of a delivery (投递尝试); append-only."""

    __tablename__ = "message_attempt"

    delivery_id: Mapped[int] = mapped_column(ForeignKey("message_delivery.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    code: Mapped[str] = mapped_column(String(60), default="")
    detail: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (UniqueConstraint("delivery_id", "number"),)


class ConsoleMessage(WithId, Base):
    """What a console channel showed instead of sending; written in development only."""

    __tablename__ = "console_message"

    channel: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(default=clock.now)
