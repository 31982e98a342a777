"""The inbox's own table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel.db import Base, WithId


class InboxMessage(WithId, Base):
    """A message as its member reads it (站内信). ``link`` is a path of this site.

    ``delivery_id`` is unique for ever: a repeated delivery finds its row standing.
    """

    __tablename__ = "push_inbox_message"

    delivery_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    member_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "member_id", "id"),)
