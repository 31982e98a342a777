"""Who the members are, how they prove it, and what they agreed to."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
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

INDIVIDUAL: Final = "individual"
GROUP: Final = "group"
KINDS: Final = (INDIVIDUAL, GROUP)
NATURES: Final = ("enterprise", "institution", "association", "government", "other")
"""Nature of a group member (单位性质)."""

ACTIVE: Final = "active"


class Member(WithId, Base):
    """A member (会员): a person, or with kind ``group`` a group member (团体会员).

    ``profile`` is sealed JSON under the key of the member's own subject: real name, birth date, sex,
    occupation. ``display_name`` is safe to show: a masked name or address, or the group's name.
    """

    __tablename__ = "member"

    kind: Mapped[str] = mapped_column(String(12), default=INDIVIDUAL)
    state: Mapped[str] = mapped_column(String(12), default=ACTIVE)
    """``active``, ``locked`` (by staff), ``merged`` (into another) or ``erased``."""
    display_name: Mapped[str] = mapped_column(String(80))
    group_name: Mapped[str | None] = mapped_column(String(80))
    group_nature: Mapped[str | None] = mapped_column(String(20))
    region_code: Mapped[str | None] = mapped_column(String(12))
    locale: Mapped[str] = mapped_column(String(10), default="zh_CN")
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)
    merged_into: Mapped[int | None] = mapped_column(BigInteger, index=True)
    must_agree: Mapped[bool] = mapped_column(Boolean, default=False)
    """Staff opened the account: before anything else he agrees to the terms himself."""
    name_index: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed hash of the real name, or of the group's, to look it up."""
    profile: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None]
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "kind", "id"),
        Index(None, "region_code", "id"),
        Index(None, "created_at", "id"),
        Index(None, "totp_confirmed_at", "id"),
    )


class Login(WithId, Base):
    """A way to sign a member in (登录方式): sealed, found by its blind index.

    A phone number, an e-mail address, or what a provider's plugin calls the member.
    """

    __tablename__ = "login"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(60))
    """``phone``, ``email`` or the id of a provider's plugin with the application's id."""
    value: Mapped[bytes] = mapped_column(LargeBinary)
    index: Mapped[str] = mapped_column(String(64))
    tail_index: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed hash of a phone number's last four digits, for staff who were told no more."""
    verified_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("kind", "index"),)


class VerificationCode(WithId, Base):
    """A one-time code (验证码): hashed, five minutes, five tries, one use."""

    __tablename__ = "verification_code"

    purpose: Mapped[str] = mapped_column(String(12))
    address_index: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    consumed_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "address_index", "purpose", "id"),)


class RecoveryCode(WithId, Base):
    """A code for who lost the authenticator (恢复码): hashed, one use."""

    __tablename__ = "recovery_code"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime | None]


class MemberTag(Base):
    """A label that staff put on a member (会员标签)."""

    __tablename__ = "member_tag"

    member_id: Mapped[int] = mapped_column(
        ForeignKey("member.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index(None, "tag", "member_id"),)


class ApiToken(WithId, Base):
    """A bearer token of the APP. Both kinds belong to one sign-in, the family, ``session_id``."""

    __tablename__ = "api_token"

    session_id: Mapped[int] = mapped_column(
        ForeignKey("web_session.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(8))
    """``access`` or ``refresh``."""
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    """When a refresh token was exchanged; a second exchange is a replay."""


class PostalAddress(WithId, Base):
    """Where kits, paper reports or both can be sent (收货地址、报告查收地址).

    Recipient, phone and detail are sealed as one.
    """

    __tablename__ = "postal_address"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    region_code: Mapped[str] = mapped_column(String(12))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    purpose: Mapped[str] = mapped_column(String(8), default="both")
    """``kits``, ``reports`` or ``both``."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Subject(WithId, Base):
    """The person that health data is about (受检人): the member himself, or a dependant.

    ``sealed`` is JSON under the subject's own key: a dependant's name, birth date and sex.
    """

    __tablename__ = "subject"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    relation: Mapped[str] = mapped_column(String(12), default="self")
    """``self``, ``child``, ``parent``, ``spouse``, ``other``, or ``former``: the member himself under
    an account that was merged into this one.
    """
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    removed_at: Mapped[datetime | None]
    claim_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the link by which an adult dependant takes his place himself."""
    linked_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """His own subject, once he has: reports and consents are his there."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Consent(WithId, Base):
    """One consent (授权同意): who agreed for whom to which text. Withdrawing keeps the row."""

    __tablename__ = "consent"

    subject_id: Mapped[int] = mapped_column(ForeignKey("subject.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(12))
    text_hash: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(8), default="web")
    """``web``, ``api``, ``admin``, ``cli`` or ``system``."""
    audience_id: Mapped[int] = mapped_column(BigInteger, default=0)
    """The group that may see something, 0 for what is agreed with the house alone."""
    given_at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "subject_id", "purpose"), Index(None, "purpose", "version"))


class ConsentText(WithId, Base):
    """One version of what a purpose asks (授权文本). Published ones never change.

    The newest published version of a purpose is asked; without any, the one shipped with the
    program.
    """

    __tablename__ = "consent_text"

    purpose: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(String(160), default="")
    text_en: Mapped[str] = mapped_column(Text, default="")
    effect_en: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    """``draft`` or ``published``."""
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("purpose", "version"),)
