"""Proving the books: every entry, every balance, every keyed hash and the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from suwen.kernel.chain import in_pages
from suwen.ledger.accounts import MEMBER_KINDS, AccountCode
from suwen.ledger.models import LedgerAccount, LedgerEntry, Posting
from suwen.ledger.posting import entry_mac

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.chain import Chain
    from suwen.kernel.crypto import Vault


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """An account of the house, or all members' accounts of one kind (``members.available``).

    ``balance_fen`` is the sum of its postings: debit positive, credit negative.
    """

    code: str
    balance_fen: int


@dataclass(frozen=True, slots=True)
class LedgerVerdict:
    """Result of a verification; ``fault`` names the first fault in words."""

    ok: bool
    entries: int
    trial_balance_fen: int
    accounts: Sequence[AccountBalance]
    fault: str = ""


def verify(db: Session, vault: Vault, chain: Chain) -> LedgerVerdict:
    """Check L1 (entries balance), keyed hashes, L2 and L3 (balances), L7 (sum) and the chain."""
    entries, fault = _check_entries(db, vault)
    totals, account_fault = _check_accounts(db)
    trial = sum(totals.values())
    fault = fault or account_fault
    if trial and not fault:
        fault = f"all accounts sum to {trial} fen instead of 0"
    if not fault:
        fault = chain.verify(db).fault
    balances = [AccountBalance(code, totals[code]) for code in sorted(totals)]
    return LedgerVerdict(not fault, entries, trial, balances, fault)


def _check_entries(db: Session, vault: Vault) -> tuple[int, str]:
    count = 0
    for page in in_pages(db, LedgerEntry):
        postings = _postings(db, page[0].id, page[-1].id)
        for entry in page:
            count += 1
            amounts = postings.get(entry.id, {})
            if sum(amounts.values()):
                return count, f"ledger_entry {entry.id} does not sum to zero"
            if entry.mac != entry_mac(vault, vars(entry), amounts):
                return count, f"ledger_entry {entry.id} or its postings were altered"
    orphan = _orphan(db)
    if orphan is not None:
        return count, f"ledger_posting of the missing entry {orphan}"
    return count, ""


def _postings(db: Session, first: int, last: int) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = db.execute(
        select(Posting.entry_id, LedgerAccount.code, Posting.amount_fen)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.entry_id.between(first, last))
    )
    for entry_id, code, amount in rows:
        found[entry_id][code] = amount
    return found


def _orphan(db: Session) -> int | None:
    """An entry that postings refer to and that is gone."""
    return db.scalar(
        select(Posting.entry_id)
        .outerjoin(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .where(LedgerEntry.id.is_(None))
        .limit(1)
    )


def _check_accounts(db: Session) -> tuple[dict[str, int], str]:
    totals: dict[str, int] = defaultdict(int)
    totals.update({f"members.{kind}": 0 for kind in MEMBER_KINDS})
    fault = ""
    for account in _sums(db):
        if account.kind == "house":
            totals[account.code] += account.total
            continue
        totals[f"members.{account.kind}"] += account.total
        expected = AccountCode(account.code, account.kind).sign * account.total
        if not fault and (account.balance_fen != expected or expected < 0):
            fault = (
                f"account {account.code} holds {account.balance_fen} fen, "
                f"its postings say {expected}"
            )
    return totals, fault


def _sums(db: Session) -> Iterator[Any]:
    total = func.coalesce(func.sum(Posting.amount_fen), 0)
    query = (
        select(
            LedgerAccount.code,
            LedgerAccount.kind,
            LedgerAccount.balance_fen,
            total.label("total"),
        )
        .outerjoin(Posting, Posting.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id)
        .order_by(LedgerAccount.id)
    )
    for row in db.execute(query, execution_options={"yield_per": 2000}):
        yield _Sum(row.code, row.kind, row.balance_fen, int(row.total))


@dataclass(frozen=True, slots=True)
class _Sum:
    code: str
    kind: str
    balance_fen: int | None
    total: int
