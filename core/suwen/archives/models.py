"""Health records of subjects, their documents and how they came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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


class ArchiveRecord(WithId, Base):
    """A record in somebody's archive (档案记录). ``sealed`` holds its title and facts as JSON.

    Type and categories are codes of the extension registry; a record of a type that is switched
    off, or whose package is gone, stays readable.
    """

    __tablename__ = "archive_record"

    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    subject_id: Mapped[int] = mapped_column(BigInteger)
    member_id: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(60))
    plugin: Mapped[str] = mapped_column(String(60))
    region: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    order_line_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    imported_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    released_at: Mapped[datetime | None]
    first_read_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "member_id", "state", "id"), Index(None, "region", "state", "id"))


class ArchiveDocument(WithId, Base):
    """A file of a record (档案文件), sealed with the subject's key in the file store."""

    __tablename__ = "archive_document"

    record_id: Mapped[int] = mapped_column(ForeignKey("archive_record.id"), index=True)
    stored_name: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int] = mapped_column(Integer)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Keyed hash of the content: the same report is never imported twice, in any branch."""

    __table_args__ = (UniqueConstraint("fingerprint"),)


class ArchiveTransition(WithId, Base):
    """One step of a record: who, when and why (档案流转)."""

    __tablename__ = "archive_transition"

    record_id: Mapped[int] = mapped_column(ForeignKey("archive_record.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    source: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(12))
    actor_kind: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
