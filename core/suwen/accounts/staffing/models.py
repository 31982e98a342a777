"""Who works here: branches, roles, grants, the tree of administrators, and their saved views."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Base, WithId

NO_BRANCH = 0
"""A grant that is not limited to a branch."""


class Branch(WithId, Base):
    """A branch (分支机构): a clinic, a subsidiary or a partner. It is closed, never deleted.

    ``permissions`` names what its staff may do at most; ``regions`` are codes of regions that it
    serves. Members and specimens belong to at most one branch.
    """

    __tablename__ = "branch"

    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))
    """``clinic``, ``subsidiary`` or ``partner``."""
    region_code: Mapped[str] = mapped_column(String(6))
    """GB/T 2260 division code of its seat, without trailing zeros."""
    address: Mapped[str] = mapped_column(Text, default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    regions: Mapped[list[str]] = mapped_column(JSON, default=list)
    permissions: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(8), default="open", index=True)
    """``open`` or ``closed``."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(Integer, default=1)


class Role(WithId, Base):
    """A role that administrators made (自定义角色): a set of permissions. Built-in ones are code."""

    __tablename__ = "staff_role"

    code: Mapped[str] = mapped_column(String(20), unique=True)
    """``r`` and the id; grants name it."""
    title: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200), default="")
    permissions: Mapped[list[str]] = mapped_column(JSON)
    owner_id: Mapped[int] = mapped_column(BigInteger, index=True)
    """Who made it; those above him in the tree may change it too."""
    state: Mapped[str] = mapped_column(String(8), default="open")
    """``open`` or ``retired``; a retired role gives nothing."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    revision: Mapped[int] = mapped_column(Integer, default=1)


class StaffMember(Base):
    """A place in the tree of administrators (员工): who made whom. Without a parent: the root."""

    __tablename__ = "staff_member"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    parent_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    title: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class StaffGrant(WithId, Base):
    """A role that a member holds as staff (员工角色), in one region or with ``*`` in all.

    With a branch it counts for what belongs to that branch only.
    """

    __tablename__ = "staff_grant"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(12), default="*")
    branch_id: Mapped[int] = mapped_column(BigInteger, default=NO_BRANCH)
    granted_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (UniqueConstraint("member_id", "role", "region", "branch_id"),)


class SavedView(WithId, Base):
    """Filters of a list that somebody of the staff keeps (常用筛选)."""

    __tablename__ = "saved_view"

    staff_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    page: Mapped[str] = mapped_column(String(40))
    """Name of the list's route."""
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_shared: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (UniqueConstraint("staff_id", "page", "name"),)
