"""Orders, their lines and history, and the intents that precede orders paid over a counter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
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
from suwen.kernel.db import Base, Fen, WithId


class Collection:
    """How the specimen is taken, and where it or the kit goes. The address is sealed."""

    collection_method: Mapped[str] = mapped_column(String(10))
    point_id: Mapped[int | None] = mapped_column(BigInteger)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Order(WithId, Collection, Base):
    """A purchase (订单). Its service region decides gateways, rewards and staff."""

    __tablename__ = "order"

    number: Mapped[str] = mapped_column(String(32), unique=True)
    member_id: Mapped[int] = mapped_column(BigInteger)
    submission: Mapped[str] = mapped_column(String(64))
    """Made with the form, so that a second click finds the first order."""
    state: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(12))
    total_fen: Mapped[int] = mapped_column(Fen)
    payable_fen: Mapped[int] = mapped_column(Fen)
    gateway: Mapped[str] = mapped_column(String(60))
    """The gateway chosen at checkout; the attempts say which one really took the money."""
    intent_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("member_id", "submission"),
        Index(None, "member_id", "id"),
        Index(None, "state", "expires_at"),
        CheckConstraint("total_fen >= 0 AND payable_fen >= 0", name="amounts"),
    )


class OrderLine(WithId, Base):
    """One SKU of an order, with everything frozen at the moment of ordering (订单行)."""

    __tablename__ = "order_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    sku_id: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[int] = mapped_column(BigInteger)
    product_name: Mapped[str] = mapped_column(String(120))
    sku_name: Mapped[str] = mapped_column(String(80))
    test_type: Mapped[str] = mapped_column(String(60))
    quantity: Mapped[int] = mapped_column(Integer)
    price_fen: Mapped[int] = mapped_column(Fen)
    amount_fen: Mapped[int] = mapped_column(Fen)
    refunded_fen: Mapped[int] = mapped_column(Fen, default=0)

    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint("refunded_fen >= 0 AND refunded_fen <= amount_fen", name="refunded"),
    )


class OrderTransition(WithId, Base):
    """One step of an order: who, when and why (订单记录)."""

    __tablename__ = "order_transition"

    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    event: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(20))
    actor_kind: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, default="")


class OrderRefund(WithId, Base):
    """Which lines a refund of the payments domain gives back (退款明细)."""

    __tablename__ = "order_refund"

    refund_number: Mapped[str] = mapped_column(String(32), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """``[{"line_id": str, "amount_fen": int}]``"""
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Intent(WithId, Collection, Base):
    """A wish to pay over the counter (付款意向): in no order list and no statistic.

    Price and binding are frozen; stock is checked when a cashier confirms.
    """

    __tablename__ = "order_intent"

    code: Mapped[str] = mapped_column(String(12), unique=True)
    member_id: Mapped[int] = mapped_column(BigInteger, index=True)
    submission: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(12))
    region: Mapped[str] = mapped_column(String(12))
    gateway: Mapped[str] = mapped_column(String(60))
    total_fen: Mapped[int] = mapped_column(Fen)
    payable_fen: Mapped[int] = mapped_column(Fen)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    instructions: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, default="")
    receipt_no: Mapped[str | None] = mapped_column(String(40))
    order_number: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (
        UniqueConstraint("member_id", "submission"),
        UniqueConstraint("region", "receipt_no"),
        Index(None, "state", "expires_at"),
    )
