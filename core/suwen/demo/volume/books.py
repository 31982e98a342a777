"""Ledger entries, many at a time.

What ``LedgerService.post`` writes one by one is written here in a few statements: the same rows with
the same keyed hashes, so that ``suwen ledger verify`` proves them. Nothing but generated data comes
this way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from suwen.kernel import clock, ids
from suwen.kernel.upsert import insert_for
from suwen.ledger.accounts import parse
from suwen.ledger.models import LedgerAccount, LedgerEntry, Posting
from suwen.ledger.posting import entry_mac

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault

_CHUNK = 500


class Books:
    """Collects entries and writes them with the balances they change."""

    def __init__(self, vault: Vault) -> None:
        """``vault`` keys the hashes."""
        self._vault = vault
        self._entries: list[dict[str, Any]] = []
        self._amounts: list[Mapping[str, int]] = []

    def add(
        self, kind: str, ref: str, amounts: Mapping[str, int], memo: str, occurred_at: datetime
    ) -> None:
        """One balanced entry; amounts by account, debit positive."""
        if sum(amounts.values()):
            raise ValueError(f"{kind} {ref} does not sum to zero")
        entry = {
            "id": ids.new_id(),
            "kind": kind,
            "ref": ref,
            "memo": memo,
            "occurred_at": occurred_at,
            "recorded_at": clock.now(),
        }
        entry["mac"] = entry_mac(self._vault, entry, amounts)
        self._entries.append(entry)
        self._amounts.append(amounts)

    def write(self, db: Session) -> None:
        """Write everything that was collected."""
        if not self._entries:
            return
        codes = sorted({code for amounts in self._amounts for code in amounts})
        accounts = self._accounts(db, codes)
        postings: list[dict[str, Any]] = []
        changes: dict[int, int] = defaultdict(int)
        for entry, amounts in zip(self._entries, self._amounts, strict=True):
            for code, amount in amounts.items():
                account = accounts[code]
                postings.append(
                    {"entry_id": entry["id"], "account_id": account, "amount_fen": amount}
                )
                if parse(code).member_id is not None:
                    changes[account] += parse(code).sign * amount
        db.execute(insert(LedgerEntry), self._entries)
        db.execute(insert(Posting), postings)
        _move(db, changes)
        self._entries, self._amounts = [], []

    def _accounts(self, db: Session, codes: list[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(codes), _CHUNK):
            chunk = codes[start : start + _CHUNK]
            statement = insert_for(db, LedgerAccount).values([_account(code) for code in chunk])
            db.execute(statement.on_conflict_do_nothing(index_elements=["code"]))
            query = select(LedgerAccount.code, LedgerAccount.id)
            query = query.where(LedgerAccount.code.in_(chunk))
            found.update({row.code: row.id for row in db.execute(query)})
        return found


def _account(code: str) -> dict[str, Any]:
    parsed = parse(code)
    return {
        "id": ids.new_id(),
        "code": code,
        "kind": parsed.kind,
        "member_id": parsed.member_id,
        "balance_fen": None if parsed.member_id is None else 0,
    }


def _move(db: Session, changes: Mapping[int, int]) -> None:
    if not changes:
        return
    # In the order of the ids, so that two who generate at once do not wait for each other.
    rows = [{"account": account, "change": changes[account]} for account in sorted(changes)]
    statement = (
        update(LedgerAccount.__table__)  # type: ignore[arg-type]
        .where(LedgerAccount.id == bindparam("account"))
        .values(balance_fen=LedgerAccount.balance_fen + bindparam("change"))
    )
    db.execute(statement, rows)
