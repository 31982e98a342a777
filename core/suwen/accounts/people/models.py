"""What staff do to many members at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, WithId


class MemberBulk(WithId, Base):
    """One action on many members (批量操作), carried out in steps.

    On the members ``chosen``, or without any on all that fit ``query`` and had registered when it
    was begun; always within ``scope``, that of the one who began it.
    """

    __tablename__ = "member_bulk"

    submission: Mapped[str] = mapped_column(String(64), unique=True)
    """Made with the form, so that a second click finds the first one's."""
    staff_id: Mapped[int] = mapped_column(BigInteger, index=True)
    action: Mapped[str] = mapped_column(String(10))
    """``tag``, ``untag``, ``disable`` or ``enable``."""
    tag: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    query: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    chosen: Mapped[list[str]] = mapped_column(JSON, default=list)
    scope: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="running")
    """``running``, ``done`` or ``stopped``."""
    total: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    skipped: Mapped[int] = mapped_column(Integer, default=0)
    """Of those done: members to whom the rules do not allow it, or that were so already."""
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    """Id of the last member that was looked at."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]
