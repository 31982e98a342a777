"""Writing entries: idempotent, balanced, and never below zero for a member."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, event, insert, literal, select, update

from suwen.kernel import clock, ids
from suwen.kernel.db import Fen
from suwen.kernel.upsert import insert_for
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


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is not written yet, balanced, with the accounts of the chart that it moves."""

    entry: Mapping[str, Any]
    amounts: Amounts
    codes: tuple[AccountCode, ...]

    @property
    def id(self) -> int:
        """The id that it will have."""
        return int(self.entry["id"])

    @property
    def changes(self) -> dict[str, int]:
        """Changes of the cached balances of members' accounts, by code."""
        return {
            code.code: code.sign * self.amounts[code.code]
            for code in self.codes
            if code.member_id is not None
        }

    @property
    def takes(self) -> bool:
        """Whether a member's balance becomes less."""
        return any(change < 0 for change in self.changes.values())


class HouseAccounts:
    """Ids of the house's accounts, which never change: known to the process once committed."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._ids: dict[str, int] = {}

    def known(self, codes: Sequence[AccountCode]) -> dict[str, int]:
        """Those of the codes that are known."""
        return {code.code: self._ids[code.code] for code in codes if code.code in self._ids}

    def learn(self, db: Session, accounts: Mapping[str, int]) -> None:
        """Keep ids once the transaction that read them has committed.

        It may have opened the accounts itself, and its rollback would take them away again.
        """
        if "ledger.learnt" not in db.info:
            event.listen(db, "after_commit", self._keep)
            event.listen(db, "after_rollback", _forget)
        db.info.setdefault("ledger.learnt", {}).update(accounts)

    def _keep(self, db: Session) -> None:
        self._ids.update(db.info.get("ledger.learnt", {}))


def _forget(db: Session) -> None:
    db.info.get("ledger.learnt", {}).clear()


def draft(
    kind: str,
    ref: str,
    postings: Sequence[tuple[str, int]],
    memo: str,
    occurred_at: datetime | None,
) -> Draft:
    """An entry to be written; raises what ``LedgerService.post`` calls programming errors."""
    amounts = _balanced(postings)
    codes = tuple(parse(code) for code in sorted(amounts))
    moment = clock.now()
    entry = {
        "id": ids.new_id(),
        "kind": kind,
        "ref": ref,
        "memo": str(memo),
        "occurred_at": occurred_at or moment,
        "recorded_at": moment,
    }
    return Draft(entry, amounts, codes)


class Writer:
    """Writes entries; see ``LedgerService.post``."""

    def __init__(self, db: Session, vault: Vault, house: HouseAccounts) -> None:
        """Write to ``db``; ``house`` knows the ids of the house's accounts."""
        self._db, self._vault, self._house = db, vault, house

    def write(self, drafts: Sequence[Draft]) -> set[int]:
        """Ids of those that were written; one of a (kind, ref) that stands already is left out.

        All are written together, in three statements once the accounts are open. Only where one
        takes from a member are the balances looked at before.
        """
        if any(made.takes for made in drafts):
            drafts = self._covered(drafts)
        written = self._insert(drafts) if drafts else set()
        kept = [made for made in drafts if made.id in written]
        if kept:
            codes = {code.code: code for made in kept for code in made.codes}
            accounts = self._ours([code for code in codes.values() if code.member_id is None])
            self._post(kept, accounts | self._move(_summed(kept)))
        return written

    def _covered(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those for which there is money when their turn comes; raises ``InsufficientFunds``.

        The members' accounts are locked. An entry that stands already needs no money any more.
        """
        codes = {code.code: code for made in drafts for code in made.codes if code.member_id}
        rows = _rows(self._db, list(codes.values()))
        balances = {code: row.balance_fen or 0 for code, row in rows.items()}
        found = []
        for made in drafts:
            short = _shortfall(balances, made.changes)
            if short is None:
                balances |= {code: balances[code] + fen for code, fen in made.changes.items()}
                found.append(made)
            elif not _stands(self._db, made):
                raise short
        return found

    def _insert(self, drafts: Sequence[Draft]) -> set[int]:
        table = LedgerEntry.__table__
        statement = insert_for(self._db, table)
        statement = statement.on_conflict_do_nothing(index_elements=["kind", "ref"])
        rows = [
            {**made.entry, "mac": entry_mac(self._vault, made.entry, made.amounts)}
            for made in drafts
        ]
        return set(self._db.scalars(statement.returning(table.c.id), rows))

    def _post(self, drafts: Sequence[Draft], accounts: Mapping[str, int]) -> None:
        table: Any = Posting.__table__
        rows = [
            {"entry_id": made.id, "account_id": accounts[code], "amount_fen": amount}
            for made in drafts
            for code, amount in made.amounts.items()
        ]
        # With RETURNING all rows go in one statement.
        self._db.execute(insert(table).returning(table.c.entry_id), rows).all()

    def _ours(self, codes: Sequence[AccountCode]) -> dict[str, int]:
        """Ids of the house's accounts. They are not locked: every order of the shop posts to them."""
        found = self._house.known(codes)
        asked = [code for code in codes if code.code not in found]
        if asked:
            found |= {code: row.id for code, row in _rows(self._db, asked, lock=False).items()}
            self._house.learn(self._db, {code.code: found[code.code] for code in asked})
        return found

    def _move(self, changes: Mapping[str, int]) -> dict[str, int]:
        """Change members' cached balances, by code; the ids of the accounts."""
        if not changes:
            return {}
        found = self._moved(changes)
        missing = {code: change for code, change in changes.items() if code not in found}
        if missing:
            _open(self._db, [parse(code) for code in missing])
            found |= self._moved(missing)
        return found

    def _moved(self, changes: Mapping[str, int]) -> dict[str, int]:
        # Locked in the order of their codes, as everywhere: two entries never wait for each other.
        held = select(LedgerAccount.id).where(LedgerAccount.code.in_(sorted(changes)))
        held = held.order_by(LedgerAccount.code).with_for_update()
        steps = {code: literal(change, Fen()) for code, change in sorted(changes.items())}
        change = case(steps, value=LedgerAccount.code, else_=literal(0, Fen()))
        moved = (
            update(LedgerAccount)
            .where(LedgerAccount.id.in_(held))
            .values(balance_fen=LedgerAccount.balance_fen + change)
            .returning(LedgerAccount.code, LedgerAccount.id)
        )
        rows = self._db.execute(moved, execution_options={"synchronize_session": False})
        return {row.code: row.id for row in rows}


def _summed(drafts: Sequence[Draft]) -> dict[str, int]:
    """Changes of members' cached balances by all of them together."""
    total: dict[str, int] = defaultdict(int)
    for made in drafts:
        for code, change in made.changes.items():
            total[code] += change
    return dict(total)


def _stands(db: Session, made: Draft) -> bool:
    query = select(LedgerEntry.id).where(
        LedgerEntry.kind == made.entry["kind"], LedgerEntry.ref == made.entry["ref"]
    )
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


def _rows(db: Session, codes: Sequence[AccountCode], *, lock: bool = True) -> dict[str, AccountRow]:
    """Accounts by code, opened where they are missing; locked in the order of their codes."""
    found = _find(db, codes, lock=lock)
    missing = [code for code in codes if code.code not in found]
    if missing:
        _open(db, missing)
        found |= _find(db, missing, lock=lock)
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


def _shortfall(balances: Mapping[str, int], changes: Mapping[str, int]) -> InsufficientFunds | None:
    for code, change in sorted(changes.items()):
        if balances[code] + change < 0:
            return InsufficientFunds(code, balances[code], -change)
    return None
