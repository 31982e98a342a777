"""When a movement is shown to have happened: of a commission the day only, or the member could guess
who bought. As an expression of the database, so that lists are sorted by what they show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from suwen.kernel.db import UTCDateTime
from suwen.ledger.models import LedgerEntry

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.compiler import SQLCompiler

COARSE = "commission"
"""Entries whose kind begins with this are shown by their day."""


class day_start(FunctionElement["datetime"]):  # noqa: N801 - reads like the functions of SQL
    """The first moment of a moment's day in China."""

    name = "day_start"
    type = UTCDateTime()
    inherit_cache = True


@compiles(day_start, "postgresql")
def _on_postgresql(element: day_start, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"date_trunc('day', {moment}, 'Asia/Shanghai')"


@compiles(day_start, "sqlite")
def _on_sqlite(element: day_start, compiler: SQLCompiler, **options: Any) -> str:
    # The day in China begins at 16:00 UTC of the day before. Written as SQLite keeps moments.
    moment = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d 16:00:00.000000', {moment}, '+8 hours', '-1 day')"


def shown_at() -> ColumnElement[datetime]:
    """The moment of a ``LedgerEntry`` as its member sees it."""
    moment = LedgerEntry.occurred_at
    return case((LedgerEntry.kind.startswith(COARSE), day_start(moment)), else_=moment)
