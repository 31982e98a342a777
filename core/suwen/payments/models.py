"""Attempts to pay, the inbox of what providers said, and refunds."""

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


class PaymentAccount(WithId, Base):
    """A merchant account (商户账户) that attempts were made with.

    ``settings`` are the sealed settings of the gateway as they last were for this merchant, so that
    a refund still goes through it after the region has changed to another one.
    """

    __tablename__ = "payment_account"

    gateway: Mapped[str] = mapped_column(String(60))
    region: Mapped[str] = mapped_column(String(12))
    merchant: Mapped[str] = mapped_column(String(120))
    """What identifies the merchant with the provider; empty where nothing does."""
    settings: Mapped[bytes] = mapped_column(LargeBinary)
    settings_hash: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("gateway", "region", "merchant"),)


class PaymentAttempt(WithId, Base):
    """One attempt to take money (支付尝试), with its own number at the provider."""

    __tablename__ = "payment_attempt"

    number: Mapped[str] = mapped_column(String(32), unique=True)
    payable_kind: Mapped[str] = mapped_column(String(20))
    payable_id: Mapped[int] = mapped_column(BigInteger)
    payable_number: Mapped[str] = mapped_column(String(40))
    member_id: Mapped[int] = mapped_column(BigInteger, index=True)
    gateway: Mapped[str] = mapped_column(String(60))
    plugin: Mapped[str] = mapped_column(String(60))
    region: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[int] = mapped_column(ForeignKey("payment_account.id"))
    environment: Mapped[str] = mapped_column(String(12))
    """``production`` or ``development``: simulated money is never mistaken for real money."""
    amount_fen: Mapped[int] = mapped_column(Fen)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    state: Mapped[str] = mapped_column(String(12), default="created")
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    action: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What the buyer must do next, as the API shows it."""
    provider_state: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    provider_trade_no: Mapped[str | None] = mapped_column(String(80))
    client_ip: Mapped[str | None] = mapped_column(String(45))
    """Some providers want it; forgotten when the attempt is over."""
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    captured_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "payable_kind", "payable_id"),
        Index(None, "gateway", "region"),
        Index(None, "state", "expires_at"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    def flag(self, *names: str) -> None:
        """Mark the attempt for staff."""
        self.flags = sorted({*self.flags, *names})

    def unflag(self, name: str) -> None:
        """Take a mark back."""
        self.flags = [flag for flag in self.flags if flag != name]


class PaymentTransition(WithId, Base):
    """One step of an attempt: who or what caused it, and why (支付记录)."""

    __tablename__ = "payment_transition"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(12))
    cause: Mapped[str] = mapped_column(String(20))
    """``notification``, ``poll``, ``cashier``, ``bill`` or ``request``."""
    actor_kind: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, default="")


class PaymentEvent(WithId, Base):
    """The inbox (收件箱): every fact once. Without an outcome that is final it is tried again."""

    __tablename__ = "payment_event"

    gateway: Mapped[str] = mapped_column(String(60))
    event_id: Mapped[str] = mapped_column(String(200))
    fact: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    out_trade_no: Mapped[str] = mapped_column(String(64), index=True)
    out_refund_no: Mapped[str | None] = mapped_column(String(64))
    amount_fen: Mapped[int | None] = mapped_column(Fen)
    currency: Mapped[str] = mapped_column(String(3))
    provider_trade_no: Mapped[str | None] = mapped_column(String(80))
    raw_sha256: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(20))
    """``applied``, ``ignored``, ``unknown_order`` or ``amount_mismatch``."""

    __table_args__ = (UniqueConstraint("gateway", "event_id"), Index(None, "outcome"))


class Refund(WithId, Base):
    """Money going back (退款), under one number however often it is tried."""

    __tablename__ = "payment_refund"

    number: Mapped[str] = mapped_column(String(64), unique=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"))
    amount_fen: Mapped[int] = mapped_column(Fen)
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text, default="")
    ref: Mapped[str] = mapped_column(String(80))
    """What the refund is for, so that asking twice makes one."""
    region: Mapped[str] = mapped_column(String(12))
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    requested_by: Mapped[int | None] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("attempt_id", "ref"),
        Index(None, "state", "id"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    def flag(self, *names: str) -> None:
        """Mark the refund for staff."""
        self.flags = sorted({*self.flags, *names})

    def unflag(self, *names: str) -> None:
        """Take marks back."""
        self.flags = [flag for flag in self.flags if flag not in names]


class RefundTransition(WithId, Base):
    """One step of a refund: who, when and why (退款记录)."""

    __tablename__ = "payment_refund_transition"

    refund_id: Mapped[int] = mapped_column(ForeignKey("payment_refund.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(12))
    cause: Mapped[str] = mapped_column(String(20))
    actor_kind: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, default="")
