"""The ledger: the only way to move money inside the house."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, tuple_

from suwen.kernel.chain import Chain
from suwen.kernel.clock import SHANGHAI
from suwen.ledger import posting, verifying
from suwen.ledger.accounts import AccountCode
from suwen.ledger.errors import BadCursor
from suwen.ledger.models import LedgerAccount, LedgerEntry, LedgerLink, Posting

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault
    from suwen.kernel.house import House
    from suwen.ledger.verifying import LedgerVerdict

PAGE = 20
BATCH: Final = "ledger.batch"
_CURSOR = re.compile(r"([0-9]{1,19})\.([0-9]{1,19})", re.ASCII)
_MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class MemberBalance:
    """What a member has (fen, never negative) and what the member owes."""

    available_fen: int = 0
    frozen_fen: int = 0
    debt_fen: int = 0


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """A line of a member's statement. ``amount_fen`` is seen by the member: in positive.

    In the account ``debt`` a positive amount is a debt that grew.
    """

    id: str
    kind: str
    account: str
    memo: str
    amount_fen: int
    occurred_at: datetime


class LedgerService:
    """Posts, reads and proves. Every method works in the caller's transaction."""

    def __init__(
        self, db: Session, vault: Vault, chain: Chain, accounts: posting.HouseAccounts
    ) -> None:
        """``vault`` keys the hashes of the entries, ``chain`` links them."""
        self._db, self._vault, self._chain = db, vault, chain
        self._writer = posting.Writer(db, vault, accounts)

    def post(
        self,
        kind: str,
        ref: str,
        postings: Sequence[tuple[str, int]],
        *,
        memo: str = "",
        occurred_at: datetime | None = None,
    ) -> int | None:
        """Move money: ``postings`` are (account code, fen), debit positive, and sum to zero.

        Gives the entry's id, or None when an entry of this (kind, ref) stands already. Postings to
        the same account are added up. ``memo`` is a neutral message id that the member may read.

        Raises ``InsufficientFunds`` before anything is written when a member's account would fall
        below zero (what to do about a shortfall is the caller's rule); ``UnbalancedEntry`` and
        ``UnknownAccount`` are programming errors.
        """
        made = posting.draft(kind, ref, postings, memo, occurred_at)
        batch = self._batch()
        if batch is not None:
            batch.append(made)
            return made.id
        return made.id if self._writer.write([made]) else None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write the entries that are posted inside together, when the block ends; none if it raises.

        For a chain of events in one transaction, whoever posts. There ``post`` gives the id that the
        entry will have, and the caller's own state and lock must let it happen once: one that stands
        already is left out, but nobody is told. ``InsufficientFunds`` is raised by the block's end, and
        then nothing is written.
        """
        if self._batch() is not None:
            yield
            return
        drafts = self._db.info[BATCH] = []
        try:
            yield
            if drafts:
                self._writer.write(drafts)
        finally:
            del self._db.info[BATCH]

    def _batch(self) -> list[posting.Draft] | None:
        found: list[posting.Draft] | None = self._db.info.get(BATCH)
        return found

    def _settle(self) -> None:
        """What is read inside a batch counts what was posted there so far."""
        batch = self._batch()
        if batch:
            self._writer.write(batch)
            batch.clear()

    def member(self, member_id: int) -> MemberBalance:
        """Cached balances of a member; zeros for one who never had money."""
        self._settle()
        query = select(LedgerAccount.kind, LedgerAccount.balance_fen).where(
            LedgerAccount.member_id == member_id
        )
        balances = {f"{row.kind}_fen": row.balance_fen for row in self._db.execute(query)}
        return MemberBalance(**balances)

    def balance(self, code: str) -> int:
        """Sum of an account's postings in fen, debit positive; 0 for one that nothing touched."""
        self._settle()
        query = (
            select(func.coalesce(func.sum(Posting.amount_fen), 0))
            .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
            .where(LedgerAccount.code == code)
        )
        return int(self._db.scalar(query) or 0)

    def entries(
        self, member_id: int, cursor: str | None = None, limit: int = PAGE
    ) -> tuple[list[MemberEntry], str | None]:
        """A page of a member's statement, newest first, and the cursor of the next page.

        Raises ``BadCursor``.
        """
        query = _statement(member_id).limit(limit + 1)
        if cursor:
            key = tuple_(Posting.entry_id, Posting.account_id)
            query = query.where(key < tuple_(*_read_cursor(cursor)))
        found = [
            MemberEntry(
                id=f"{row.entry_id}.{row.account_id}",
                kind=row.kind,
                account=row.account,
                memo=row.memo,
                amount_fen=AccountCode("", row.account).sign * row.amount_fen,
                occurred_at=_shown_at(row.kind, row.occurred_at),
            )
            for row in self._db.execute(query)
        ]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    def verify(self) -> LedgerVerdict:
        """Prove the books; see ``suwen.ledger.verifying``."""
        return verifying.verify(self._db, self._vault, self._chain)

    def seal(self, limit: int = 5000) -> int:
        """Chain up to ``limit`` entries that are not chained yet; how many were."""
        return self._chain.seal(self._db, limit)


def _statement(member_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Posting.entry_id,
            Posting.account_id,
            Posting.amount_fen,
            LedgerAccount.kind.label("account"),
            LedgerEntry.kind,
            LedgerEntry.memo,
            LedgerEntry.occurred_at,
        )
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .where(LedgerAccount.member_id == member_id)
        .order_by(Posting.entry_id.desc(), Posting.account_id.desc())
    )


def _shown_at(kind: str, moment: datetime) -> datetime:
    """The moment as the member sees it; of a commission the day only, or he could guess who bought."""
    if not kind.startswith("commission"):
        return moment
    return moment.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)


def _read_cursor(cursor: str) -> tuple[int, int]:
    match = _CURSOR.fullmatch(cursor)
    if match is None or max(int(match[1]), int(match[2])) > _MAX_ID:
        raise BadCursor
    return int(match[1]), int(match[2])


def ledger(house: House, db: Session) -> LedgerService:
    """The ledger in one transaction."""
    chain = Chain(LedgerEntry, LedgerLink, LedgerLink.entry_id, house.settings.path("ledger.head"))
    accounts = house.ports.setdefault("ledger.accounts", posting.HouseAccounts())
    return LedgerService(db, house.vault, chain, accounts)
