"""Collection points (采集点)."""

from __future__ import annotations

from sqlalchemy import Float, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel.db import Base, WithId


class CollectionPoint(WithId, Base):
    """A place where a specimen is taken (采集点). Coordinates are GCJ-02."""

    __tablename__ = "collection_point"

    name: Mapped[str] = mapped_column(String(120))
    region_code: Mapped[str] = mapped_column(String(6), index=True)
    """GB/T 2260 division code without trailing zeros."""
    address: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(String(40))
    hours: Mapped[str] = mapped_column(String(120), default="")
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    state: Mapped[str] = mapped_column(String(10), default="open")
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)
