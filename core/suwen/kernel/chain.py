"""Append-only tables: their rows cannot be changed, and a hash chain shows when somebody did.

Triggers refuse UPDATE, DELETE and TRUNCATE. Every row carries a keyed hash of itself (``mac``). A
job chains the rows in batches, never under a lock in a request, so that deleting, inserting or
reordering shows as well; the head of the chain is also kept in a file, so that cutting off its end
shows too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, String, Table, event, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel.db import take_turns
from suwen.kernel.upsert import insert_for

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import InstrumentedAttribute

PAGE = 2000
# Ids begin with milliseconds (see suwen.kernel.ids). No transaction lives for a day, so what is a
# day older than the last chained row is chained already and need not be looked at again.
_DAY_OF_IDS = 86_400_000 << 22


def immutable(table: str, dialect: str) -> list[str]:
    """Statements that make a table append-only on ``sqlite`` or ``postgresql``; for migrations.

    An attempt to change a row ends in an ``IntegrityError``. Rebuilding the table, as batch
    migrations on SQLite do, drops the triggers: run the statements again afterwards.
    """
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION suwen_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', "
        "ERRCODE = 'restrict_violation'; END $$"
    )
    triggers = [
        f"CREATE OR REPLACE TRIGGER {table}_no_{name} BEFORE {verbs} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION suwen_refuse_change()"
        for name, verbs, each in (
            ("change", "UPDATE OR DELETE", "ROW"),
            ("truncate", "TRUNCATE", "STATEMENT"),
        )
    ]
    return [function, *triggers]


def append_only(model: type[Any]) -> type[Any]:
    """Class decorator: ``create_all`` protects the table as the migrations do."""

    def protect(table: Table, connection: Connection, **_: Any) -> None:
        for statement in immutable(table.name, connection.dialect.name):
            connection.exec_driver_sql(statement)

    event.listen(model.__table__, "after_create", protect)
    return model


class Link:
    """Columns of a chain's links: the hash covers the link before and the row's keyed hash."""

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a verification: the first fault in words, or none."""

    ok: bool
    rows: int
    fault: str = ""


class Chain:
    """The chain over the rows of one append-only table, which have ``id`` and ``mac``."""

    def __init__(
        self,
        row: type[Any],
        link: type[Link],
        reference: InstrumentedAttribute[int],
        anchor: Path | None = None,
    ) -> None:
        """``reference`` is the link's column with the row's id; ``anchor`` the file of the head."""
        self._row, self._link, self._reference = row, link, reference
        self._anchor = anchor

    def seal(self, session: Session, limit: int = 5000) -> int:
        """Chain up to ``limit`` rows that are not chained yet; how many were.

        The anchor is written when the session has committed.
        """
        session.flush()
        self._wait_for_turn(session)
        last = session.execute(
            select(self._link.seq, self._link.hash, self._reference)
            .order_by(self._link.seq.desc())
            .limit(1)
        ).first()
        seq, previous, newest = (last[0], last[1], last[2]) if last else (0, "", 0)
        links = []
        for row in session.execute(self._open_rows(newest, limit)):
            seq, previous = seq + 1, _link_hash(previous, row.id, row.mac)
            links.append({"seq": seq, self._reference.key: row.id, "hash": previous})
        if links:
            session.execute(insert_for(session, self._link), links)
            self._anchor_after_commit(session, seq, previous)
        return len(links)

    def _open_rows(self, newest: int, limit: int) -> Any:
        row = self._row
        return (
            select(row.id, row.mac)
            .outerjoin(self._link, self._reference == row.id)
            .where(self._link.seq.is_(None), row.id > newest - _DAY_OF_IDS)
            .order_by(row.id)
            .limit(limit)
        )

    def _wait_for_turn(self, session: Session) -> None:
        # Two workers that seal at once would both write the next number.
        take_turns(session, self._link.__table__.name)  # type: ignore[attr-defined]

    def _anchor_after_commit(self, session: Session, seq: int, head: str) -> None:
        if self._anchor is None:
            return
        anchor = self._anchor

        def write() -> None:
            part = anchor.with_suffix(".part")
            part.write_text(f"{seq} {head}\n")
            part.replace(anchor)

        _at_commit(session, write)

    def verify(self, session: Session) -> Verdict:
        """Recompute the chain from the rows' keyed hashes; the first fault ends it."""
        name = self._link.__table__.name  # type: ignore[attr-defined]
        previous, seq, anchored = "", 0, self._read_anchor()
        for link in self._links(session):
            seq += 1
            if link.seq != seq or link.mac is None:
                return Verdict(ok=False, rows=seq, fault=f"{name} {seq}: a row is missing")
            previous = _link_hash(previous, link.row_id, link.mac)
            if link.hash != previous:
                return Verdict(ok=False, rows=seq, fault=f"{name} {seq} does not fit")
            if anchored and anchored[0] == seq and anchored[1] != previous:
                return Verdict(ok=False, rows=seq, fault=f"{name} {seq} is not the anchored one")
        if anchored and anchored[0] > seq:
            fault = f"{name} ends before its anchor {anchored[0]}"
            return Verdict(ok=False, rows=seq, fault=fault)
        return Verdict(ok=True, rows=seq)

    def _links(self, session: Session) -> Iterator[Any]:
        after = 0
        while True:
            query = (
                select(
                    self._link.seq, self._link.hash, self._reference.label("row_id"), self._row.mac
                )
                .outerjoin(self._row, self._reference == self._row.id)
                .where(self._link.seq > after)
                .order_by(self._link.seq)
                .limit(PAGE)
            )
            links = session.execute(query).all()
            yield from links
            if len(links) < PAGE:
                return
            after = links[-1].seq

    def _read_anchor(self) -> tuple[int, str] | None:
        if self._anchor is None or not self._anchor.exists():
            return None
        seq, head = self._anchor.read_text().split()
        return int(seq), head

    def unsealed(self, session: Session) -> int:
        """Rows that await the sealing job."""
        chained = session.scalar(select(func.count()).select_from(self._link)) or 0
        return (session.scalar(select(func.count()).select_from(self._row)) or 0) - chained


def in_pages(session: Session, model: Any, size: int = PAGE) -> Iterator[list[Any]]:
    """All rows of a table with ``id``, page by page, in constant memory."""
    after = 0
    while True:
        query = select(model).where(model.id > after).order_by(model.id).limit(size)
        rows = list(session.scalars(query))
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = rows[-1].id
        session.expunge_all()


def _link_hash(previous: str, row_id: int, mac: str) -> str:
    return hashlib.sha256(f"{previous}:{row_id}:{mac}".encode()).hexdigest()


def _at_commit(session: Session, act: Callable[[], None]) -> None:
    """Call ``act`` once when the session commits; not at all when it rolls back."""
    pending = [act]

    def committed(_session: Session) -> None:
        if pending:
            pending.pop()()

    event.listen(session, "after_commit", committed)
    event.listen(session, "after_rollback", lambda _session: pending.clear())
