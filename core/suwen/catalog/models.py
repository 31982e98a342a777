"""What is sold: categories, products and their SKUs."""

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

FACETS = ("series", "purpose", "audience")
STATES = ("draft", "published", "archived")


class Category(WithId, Base):
    """A node in one of three facets: by series, by purpose, by audience (分类)."""

    __tablename__ = "category"

    facet: Mapped[str] = mapped_column(String(10))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    position: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (UniqueConstraint("facet", "slug"),)


class Product(WithId, Base):
    """A test on offer (产品). ``test_type`` is a code of the extension registry."""

    __tablename__ = "product"

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    description_html: Mapped[str] = mapped_column(Text, default="")
    """Cleaned when it is saved."""
    test_type: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="draft")
    rank: Mapped[int] = mapped_column(BigInteger)
    """Higher stands further in front; the id unless staff sort by hand."""
    lead_days: Mapped[int] = mapped_column(Integer, default=10)
    faq: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    reward_overrides: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Settings of reward schemes for this product, by scheme code."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "state", "rank"),)


class ProductCategory(Base):
    """Membership of a product in a category."""

    __tablename__ = "product_category"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    category_id: Mapped[int] = mapped_column(
        ForeignKey("category.id"), primary_key=True, index=True
    )


class ProductTag(Base):
    """A short word on a product (标签)."""

    __tablename__ = "product_tag"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(30), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


class Sku(WithId, Base):
    """A specification of a product that can be ordered (规格). ``stock`` None is unlimited."""

    __tablename__ = "sku"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    price_fen: Mapped[int] = mapped_column(Fen)
    struck_price_fen: Mapped[int | None] = mapped_column(Fen)
    stock: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="on")
    position: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (
        CheckConstraint("price_fen >= 0", name="price"),
        CheckConstraint("stock IS NULL OR stock >= 0", name="stock"),
    )
