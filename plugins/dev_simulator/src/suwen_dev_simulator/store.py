"""The simulator's own books, in an SQLite file of its own."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Row = sqlite3.Row

_TABLES: Final = """
create table if not exists payment (
    provider text not null, number text not null, product text not null,
    trade_no text not null unique, amount_fen integer not null, description text not null,
    notify_url text not null, request text not null, state text not null,
    created_at real not null, expires_at real not null, paid_at real,
    primary key (provider, number));
create table if not exists refund (
    provider text not null, refund_no text not null, number text not null,
    refund_id text not null unique, amount_fen integer not null, request text not null,
    notify_url text not null, state text not null, created_at real not null,
    settles_at real not null, settled_at real,
    primary key (provider, refund_no));
create index if not exists refund_number on refund (provider, number);
create table if not exists delivery (
    id integer primary key, provider text not null, event text not null,
    notification_id text not null, number text not null, url text not null,
    payload text not null, tries integer not null, due_at real not null, state text not null,
    answered integer);
create index if not exists delivery_due on delivery (state, due_at);
create table if not exists knob (name text primary key, value text not null);
"""


class Store:
    """One connection behind one lock: enough for a provider that serves a single shop."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; deliveries that a crash left half-way begin again."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_TABLES)
        self._connection.execute("update delivery set state = 'waiting' where state = 'sending'")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested, and then counts with the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def run(self, statement: str, *values: Any) -> int:
        """Execute a statement that changes something; returns how many rows."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def one(self, statement: str, *values: Any) -> Row | None:
        """The first row."""
        with self._lock:
            row: Row | None = self._connection.execute(statement, values).fetchone()
            return row

    def all(self, statement: str, *values: Any) -> Sequence[Row]:
        """All rows."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def insert(self, table: str, **values: Any) -> None:
        """A new row; table and columns are words of ours."""
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        self.run(f"insert into {table} ({names}) values ({marks})", *values.values())  # noqa: S608

    def knob(self, name: str, default: Any) -> Any:
        """A value that the control surface has set."""
        row = self.one("select value from knob where name = ?", name)
        return default if row is None else json.loads(row["value"])

    def turn(self, name: str, value: Any) -> None:
        """Set a value of the control surface."""
        self.run("insert or replace into knob values (?, ?)", name, json.dumps(value))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
