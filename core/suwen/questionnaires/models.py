"""Answering sessions and results. Answers, scores and verdicts are health data and sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, WithId


class Provenance:
    """Which form, in which wording, is read by which scorer with which parameters."""

    form_code: Mapped[str] = mapped_column(String(60))
    form_version: Mapped[str] = mapped_column(String(20))
    wording_version: Mapped[str] = mapped_column(String(40))
    scorer_code: Mapped[str] = mapped_column(String(60))
    scorer_version: Mapped[str] = mapped_column(String(20))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The scorer's settings as text, as they stood when answering began."""


class AnsweringSession(WithId, Provenance, Base):
    """One filling in of a form (答题). Later changes of form, scorer or region leave it alone.

    ``sealed`` is JSON under the subject's key: which sex's wording is shown, the answers so far
    and when each came. It is emptied when the session ends, the result having a copy.
    """

    __tablename__ = "answering_session"

    public_id: Mapped[str] = mapped_column(String(26), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("subject.id", ondelete="CASCADE"))
    region: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10), default="open")
    """``open``, ``submitted`` or ``abandoned``."""
    open_key: Mapped[str | None] = mapped_column(String(90), unique=True)
    """Member and form while it is open, so that two clicks begin one session."""
    items: Mapped[list[int]] = mapped_column(JSON)
    """Items in the order shown."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "member_id", "state"), Index(None, "state", "saved_at"))


class Result(WithId, Provenance, Base):
    """The outcome of one session (测评结果). It holds every number, so it needs no scorer to be
    read.

    ``sealed`` is JSON under the subject's key: answers, sex and age at answering, scores as
    numerator and denominator, verdicts, types, tendencies, status, cut-offs and flags.
    """

    __tablename__ = "questionnaire_result"

    public_id: Mapped[str] = mapped_column(String(26), unique=True)
    session_id: Mapped[int] = mapped_column(
        ForeignKey("answering_session.id", ondelete="CASCADE"), unique=True
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("subject.id", ondelete="CASCADE"))
    region: Mapped[str] = mapped_column(String(12))
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    """Name of the form by locale."""
    standard: Mapped[str] = mapped_column(String(200))
    sheet_mac: Mapped[str] = mapped_column(String(64))
    """Keyed SHA-256 of the canonical sheet; a bare hash of 60 small numbers could be guessed."""
    answered_by: Mapped[str] = mapped_column(String(10))
    """``self``, ``guardian`` or ``staff``."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index(None, "member_id", "id"),)
