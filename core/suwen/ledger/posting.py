"""Writing entries: idempotent, balanced, and never below zero for a member."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, event, insert, literal, select, update

from suwen.kernel import clock, ids
from suwen.kernel.db import Fen
from suwen.kernel.upsert import insert_for, insert_once
from suwen.ledger.accounts import AccountCode, parse
from suwen.ledger.errors import InsufficientFunds, UnbalancedEntry
from suwen.ledger.models import LedgerAccount, LedgerEntry, Posting

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault

Amounts = Mapping[str, int]


class AccountRow(NamedTuple):
    """An account as read; ``balance_fen`` is None for the house's."""

    id: int
    code: str
    balance_fen: int | None


def entry_mac(vault: Vault, entry: Mapping[str, Any], amounts: Amounts) -> str:
    """Keyed hash of an entry and its postings, over the codes of the accounts.

    Codes, not ids: exchanging the codes of two accounts shows as well.
    """
    values = [
        entry["id"],
        entry["kind"],
        entry["ref"],
        entry["memo"],
        clock.as_utc(entry["occurred_at"]).isoformat(),
        clock.as_utc(entry["recorded_at"]).isoformat(),
        sorted(amounts.items()),
    ]
    return vault.mac("ledger", json.dumps(values, ensure_ascii=False).encode())


class HouseAccounts:
    """Ids of the house's accounts, which never change: known to the process once committed."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._ids: dict[str, int] = {}

    def known(self, codes: Sequence[AccountCode]) -> dict[str, AccountRow]:
        """Rows of those codes that are known."""
        return {
            code.code: AccountRow(self._ids[code.code], code.code, None)
            for code in codes
            if code.code in self._ids
        }

    def learn(self, db: Session, rows: Mapping[str, AccountRow]) -> None:
        """Keep ids once the transaction that read them has committed.

        It may have opened the accounts itself, and its rollback would take them away again.
        """
        if "ledger.learnt" not in db.info:
            event.listen(db, "after_commit", self._keep)
            event.listen(db, "after_rollback", _forget)
        db.info.setdefault("ledger.learnt", {}).update({code: row.id for code, row in rows.items()})

    def _keep(self, db: Session) -> None:
        self._ids.update(db.info.get("ledger.learnt", {}))


def _forget(db: Session) -> None:
    db.info.get("ledger.learnt", {}).clear()


def write(
    db: Session,
    vault: Vault,
    house: HouseAccounts,
    kind: str,
    ref: str,
    postings: Sequence[tuple[str, int]],
    memo: str,
    occurred_at: datetime | None,
) -> int | None:
    """Write one entry; see ``LedgerService.post``."""
    amounts = _balanced(postings)
    accounts = _accounts(db, house, [parse(code) for code in sorted(amounts)])
    changes = _changes(accounts, amounts)
    moment = clock.now()
    entry: dict[str, Any] = {
        "id": ids.new_id(),
        "kind": kind,
        "ref": ref,
        "memo": str(memo),
        "occurred_at": occurred_at or moment,
        "recorded_at": moment,
    }
    entry["mac"] = entry_mac(vault, entry, amounts)
    short = _shortfall(accounts, changes)
    if short is not None:
        # An entry that stands already needs no money any more.
        if _stands(db, kind, ref):
            return None
        raise short
    if not insert_once(db, LedgerEntry, entry, "kind", "ref"):
        return None
    db.execute(
        insert(Posting),
        [
            {"entry_id": entry["id"], "account_id": accounts[code].id, "amount_fen": amount}
            for code, amount in amounts.items()
        ],
    )
    _move(db, {accounts[code].id: change for code, change in changes.items()})
    return int(entry["id"])


def _stands(db: Session, kind: str, ref: str) -> bool:
    query = select(LedgerEntry.id).where(LedgerEntry.kind == kind, LedgerEntry.ref == ref)
    return db.scalar(query) is not None


def _balanced(postings: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Amounts by account, without zeros; raises ``UnbalancedEntry`` or ``TypeError``."""
    amounts: dict[str, int] = defaultdict(int)
    for code, amount in postings:
        if type(amount) is not int:
            raise TypeError(f"money is an int of fen, not {type(amount).__name__}")
        amounts[code] += amount
    moved = {code: amount for code, amount in amounts.items() if amount}
    if not moved or sum(moved.values()) != 0:
        raise UnbalancedEntry(f"{dict(amounts)} sums to {sum(amounts.values())}")
    return moved


def _accounts(
    db: Session, house: HouseAccounts, codes: Sequence[AccountCode]
) -> dict[str, AccountRow]:
    """Rows by code; members' rows are locked, always in the order of their codes.

    Rows of the house are not locked: every order of the shop posts to them.
    """
    ours = [code for code in codes if code.member_id is None]
    found = house.known(ours)
    asked = [code for code in ours if code.code not in found]
    for owned, group in ((False, asked), (True, [c for c in codes if c.member_id is not None])):
        if group:
            found.update(_find(db, group, lock=owned))
            missing = [code for code in group if code.code not in found]
            if missing:
                _open(db, missing)
                found.update(_find(db, missing, lock=owned))
    if asked:
        house.learn(db, {code.code: found[code.code] for code in asked})
    return found


def _find(db: Session, codes: Sequence[AccountCode], *, lock: bool) -> dict[str, AccountRow]:
    query = (
        select(LedgerAccount.id, LedgerAccount.code, LedgerAccount.balance_fen)
        .where(LedgerAccount.code.in_([code.code for code in codes]))
        .order_by(LedgerAccount.code)
    )
    if lock:
        query = query.with_for_update()
    return {row.code: AccountRow(*row) for row in db.execute(query)}


def _open(db: Session, codes: Sequence[AccountCode]) -> None:
    rows = [
        {
            "id": ids.new_id(),
            "code": code.code,
            "kind": code.kind,
            "member_id": code.member_id,
            "balance_fen": None if code.member_id is None else 0,
        }
        for code in codes
    ]
    statement = insert_for(db, LedgerAccount).values(rows)
    db.execute(statement.on_conflict_do_nothing(index_elements=["code"]))


def _changes(accounts: Mapping[str, AccountRow], amounts: Amounts) -> dict[str, int]:
    """Changes of the cached balances of members' accounts, by code."""
    return {
        code: parse(code).sign * amount
        for code, amount in amounts.items()
        if accounts[code].balance_fen is not None
    }


def _shortfall(
    accounts: Mapping[str, AccountRow], changes: Mapping[str, int]
) -> InsufficientFunds | None:
    for code, change in sorted(changes.items()):
        balance = accounts[code].balance_fen or 0
        if balance + change < 0:
            return InsufficientFunds(code, balance, -change)
    return None


def _move(db: Session, changes: Mapping[int, int]) -> None:
    """Change cached balances, by account id, in one statement."""
    if not changes:
        return
    steps = {account: literal(change, Fen()) for account, change in changes.items()}
    change = case(steps, value=LedgerAccount.id, else_=literal(0, Fen()))
    db.execute(
        update(LedgerAccount)
        .where(LedgerAccount.id.in_(changes))
        .values(balance_fen=LedgerAccount.balance_fen + change),
        execution_options={"synchronize_session": False},
    )
