"""Requests of members about their data, and how long what is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, WithId


class PrivacyRequest(WithId, Base):
    """A member wants a copy of his data, or to be erased (个人信息请求). Carried out by a job.

    It outlives the member: what remains of an erased one is his number, and this receipt.
    """

    __tablename__ = "privacy_request"

    member_id: Mapped[int] = mapped_column(BigInteger, index=True)
    kind: Mapped[str] = mapped_column(String(8))
    """``export`` or ``erasure``."""
    state: Mapped[str] = mapped_column(String(10))
    """``waiting``, ``running``, ``ready`` (exports), ``done`` (erasures), ``failed``,
    ``cancelled`` or ``expired``."""
    open_key: Mapped[str | None] = mapped_column(String(40), unique=True)
    """Member and kind while it is open, so that two clicks make one request."""
    requested_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime]
    """When the job may begin: an erasure can be taken back until then."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """When the file of an export is deleted."""
    progress: Mapped[int] = mapped_column(Integer, default=0)
    """Per cent."""
    run: Mapped[str | None] = mapped_column(String(50))
    """Token of the job that works on it; one that was taken over stops."""
    touched_at: Mapped[datetime | None]
    """When the job last said that it is alive."""
    parts: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Names of an export's pieces in the file store, in their order."""
    file_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Key of the pieces, sealed with the key of the member's own subject."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    receipt: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What was erased, what is kept and why; ids and numbers only."""
    error: Mapped[str] = mapped_column(Text, default="")
    forfeits: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether the member gives up what is left on his balance."""

    __table_args__ = (Index(None, "state", "due_at"),)


class RetentionRule(Base):
    """How many days something is kept, where the operator chose other than the default (保存期限)."""

    __tablename__ = "retention_rule"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    updated_by: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class RetentionRun(Base):
    """When a retention rule was last carried out, and how much it deleted (清理记录)."""

    __tablename__ = "retention_run"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    ran_at: Mapped[datetime]
    deleted: Mapped[int] = mapped_column(Integer, default=0)
    """In that run."""
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    """In all runs."""
    error: Mapped[str] = mapped_column(Text, default="")
