"""The books: accounts, entries and their postings.

Amounts are fen, debit positive and credit negative, so that an entry and all accounts together sum
to zero. The cached balance of a member's account is positive: money that belongs to the member is a
credit of the house, a debt is a debit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.kernel.chain import Link, append_only
from suwen.kernel.db import Base, Fen, WithId


class LedgerAccount(WithId, Base):
    """An account (账户) of a member or of the house.

    ``kind`` is ``house``, ``available`` (可用), ``frozen`` (冻结) or ``debt`` (欠款). Only members'
    accounts cache a balance: a cached balance of the house would be one hot row for the whole shop.
    """

    __tablename__ = "ledger_account"

    code: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    member_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    balance_fen: Mapped[int | None] = mapped_column(Fen)

    __table_args__ = (
        CheckConstraint("balance_fen IS NULL OR balance_fen >= 0", name="never_negative"),
        CheckConstraint(
            "(kind = 'house') = (balance_fen IS NULL AND member_id IS NULL)", name="kind"
        ),
    )


@append_only
class LedgerEntry(WithId, Base):
    """One event that moved money (分录). ``kind`` and ``ref`` name it, so that it counts once.

    ``memo`` is neutral text that the member may read, as a message id. ``mac`` is a keyed hash of
    the entry and its postings.
    """

    __tablename__ = "ledger_entry"

    kind: Mapped[str] = mapped_column(String(40))
    ref: Mapped[str] = mapped_column(String(100))
    memo: Mapped[str] = mapped_column(String(200), default="")
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    mac: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("kind", "ref"),)


@append_only
class Posting(Base):
    """What an entry moves on one account (过账)."""

    __tablename__ = "ledger_posting"

    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), primary_key=True)
    amount_fen: Mapped[int] = mapped_column(Fen)

    __table_args__ = (
        CheckConstraint("amount_fen <> 0", name="not_zero"),
        Index(None, "account_id", "entry_id"),
    )


@append_only
class LedgerLink(Link, Base):
    """One link of the hash chain over the entries."""

    __tablename__ = "ledger_link"

    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)
