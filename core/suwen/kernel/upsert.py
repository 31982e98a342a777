"""``INSERT … ON CONFLICT`` for both databases.

Never trust ``rowcount`` after ``on_conflict_do_nothing``: psycopg answers -1 for new and duplicate
rows alike. Use ``insert_once``, which asks for the row itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_for(session: Session, model: Any) -> Any:
    """The dialect's insert with ``on_conflict_*`` methods."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)
    return postgresql.insert(model)


def insert_once(session: Session, model: type[Any], values: dict[str, Any], *unique: str) -> bool:
    """Insert unless a row with the same ``unique`` columns stands; True when it was inserted."""
    key = getattr(model, unique[0])
    statement = insert_for(session, model).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=list(unique)).returning(key)
    return session.execute(statement).first() is not None
