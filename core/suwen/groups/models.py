"""A group member's own staff, its roster, imports of the roster, and who gets which ordered test."""

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
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, WithId


class GroupSeat(WithId, Base):
    """Somebody who acts for a group member (团体管理员). The group's own account is an owner too.

    An invitation is a seat without ``member_id``: ``claim_hash`` is the hash of its link's token.
    """

    __tablename__ = "group_seat"

    group_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(String(8))
    """``owner`` or ``staff``."""
    state: Mapped[str] = mapped_column(String(8))
    """``invited``, ``active`` or ``ended``."""
    claim_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The address that was invited."""
    invited_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("group_id", "member_id"),)


class RosterPerson(WithId, Base):
    """A person on a group's roster (名册人员). ``sealed`` is JSON: name, birth date, sex, phone,
    e-mail, number, and the code with which he takes his place.

    He becomes a subject by claiming his place himself; until then no result can reach anybody.
    """

    __tablename__ = "roster_person"

    group_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    person_index: Mapped[str] = mapped_column(String(64))
    """Keyed hash of what tells people of one roster apart."""
    name_index: Mapped[str] = mapped_column(String(64), default="")
    """Keyed hash of the name, to look it up."""
    department: Mapped[str] = mapped_column(String(60), default="")
    """Department or class, which names nobody by itself."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(8), default="active")
    """``active`` or ``removed``."""
    claim_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    member_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    subject_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        UniqueConstraint("group_id", "person_index"),
        Index(None, "group_id", "state", "id"),
        Index(None, "group_id", "name_index"),
        Index(None, "group_id", "department"),
    )


class RosterImport(WithId, Base):
    """A sheet that was read (名册导入): first a preview, written only once confirmed."""

    __tablename__ = "roster_import"

    group_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    started_by: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    """``preview``, ``writing``, ``done``, ``failed`` or ``cancelled``."""
    total: Mapped[int] = mapped_column(Integer, default=0)
    faulty: Mapped[int] = mapped_column(Integer, default=0)
    known: Mapped[int] = mapped_column(Integer, default=0)
    """Of those who can be written, the ones who are on the roster already."""
    written: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]


class RosterRow(WithId, Base):
    """One row of a sheet (导入行), sealed; deleted when the import is over."""

    __tablename__ = "roster_row"

    import_id: Mapped[int] = mapped_column(ForeignKey("roster_import.id", ondelete="CASCADE"))
    row: Mapped[int] = mapped_column(Integer)
    """As the sheet counts, the heading being 1."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    faults: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Message by column."""
    state: Mapped[str] = mapped_column(String(8), default="read")
    """``read``, ``faulty``, ``written`` or ``known``."""

    __table_args__ = (UniqueConstraint("import_id", "row"), Index(None, "import_id", "state"))


class GroupRecipient(WithId, Base):
    """For whom a group ordered one unit of a line (受检人员分配).

    ``planned`` while a counter has not confirmed: there is an intent and no order yet.
    ``subject_id`` is known once the person has taken his place, and stays if he leaves: the report
    is his all the same.
    """

    __tablename__ = "group_recipient"

    group_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"))
    intent_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("roster_person.id"), index=True)
    subject_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    state: Mapped[str] = mapped_column(String(10), default="assigned")
    """``planned``, ``assigned``, ``reported`` or ``cancelled``."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    reported_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("line_id", "person_id"), Index(None, "group_id", "id"))
