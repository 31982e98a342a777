"""What each region has switched on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel.db import Base

STATES = ("enabled", "draining", "disabled")


class RegionPlugin(Base):
    """State and settings of one plugin in one region. No row means disabled.

    ``config`` maps an object's code to its plain settings; ``secrets`` is the sealed JSON of the
    same shape with the secret ones.
    """

    __tablename__ = "region_plugin"

    region: Mapped[str] = mapped_column(ForeignKey("region.code"), primary_key=True)
    plugin: Mapped[str] = mapped_column(String(60), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="disabled")
    position: Mapped[int] = mapped_column(Integer, default=100)
    config: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    secrets: Mapped[bytes | None] = mapped_column(LargeBinary)
    updated_by: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime]
