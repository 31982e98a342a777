"""Share links, bindings, distributors and commission lines."""

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
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, Fen, WithId


class ShareLink(WithId, Base):
    """A member's link to a product (分享链接). Its code is random and names nobody."""

    __tablename__ = "share_link"

    code: Mapped[str] = mapped_column(String(16), unique=True)
    member_id: Mapped[int] = mapped_column(BigInteger)
    product_slug: Mapped[str] = mapped_column(String(80))
    visits: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (UniqueConstraint("member_id", "product_slug"),)


class Binding(Base):
    """Who recommended a member (绑定关系): one sponsor, fixed by the first paid order."""

    __tablename__ = "binding"

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sponsor_id: Mapped[int] = mapped_column(BigInteger, index=True)
    link_id: Mapped[int | None] = mapped_column(BigInteger)
    bound_at: Mapped[datetime] = mapped_column(default=clock.now)
    permanent_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("member_id <> sponsor_id", name="not_self"),)


class Distributor(Base):
    """A member who accepted the terms (分销商)."""

    __tablename__ = "distributor"

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(12))
    terms_version: Mapped[str] = mapped_column(String(20))
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]


class RewardSnapshot(WithId, Base):
    """What an order or intent will earn for whom, frozen when it was made (返现快照)."""

    __tablename__ = "reward_snapshot"

    kind: Mapped[str] = mapped_column(String(10))
    ref_id: Mapped[int] = mapped_column(BigInteger)
    buyer_id: Mapped[int] = mapped_column(BigInteger)
    region: Mapped[str] = mapped_column(String(12))
    scheme: Mapped[str] = mapped_column(String(60))
    scheme_version: Mapped[str] = mapped_column(String(20))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Reward lines; ``position`` is that of the order line."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (UniqueConstraint("kind", "ref_id"),)


class CommissionLine(WithId, Base):
    """One commission (返现明细): who earns how much, by which rule, and how it stands."""

    __tablename__ = "commission_line"

    order_id: Mapped[int] = mapped_column(BigInteger, index=True)
    order_line_id: Mapped[int] = mapped_column(BigInteger, index=True)
    level: Mapped[int] = mapped_column(Integer)
    beneficiary_id: Mapped[int] = mapped_column(BigInteger)
    region: Mapped[str] = mapped_column(String(12))
    scheme: Mapped[str] = mapped_column(String(60))
    scheme_version: Mapped[str] = mapped_column(String(20))
    base_fen: Mapped[int] = mapped_column(Fen)
    rate_bp: Mapped[int] = mapped_column(Integer)
    flat_fen: Mapped[int] = mapped_column(Fen, default=0)
    amount_fen: Mapped[int] = mapped_column(Fen)
    standing_fen: Mapped[int] = mapped_column(Fen)
    """What is left of the amount after refunds."""
    remainder: Mapped[int] = mapped_column(Integer, default=0)
    reason_codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    held_until: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "beneficiary_id", "id"),
        Index(None, "state", "held_until"),
        UniqueConstraint("order_line_id", "level"),
        CheckConstraint("standing_fen >= 0 AND standing_fen <= amount_fen", name="standing"),
    )


class CommissionStep(WithId, Base):
    """A change of a commission line after it was made (返现记录)."""

    __tablename__ = "commission_step"

    line_id: Mapped[int] = mapped_column(ForeignKey("commission_line.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int] = mapped_column(Fen)
    reason: Mapped[str] = mapped_column(Text, default="")
