"""Bounded in-process caches that every process drops at the next request after a change.

``cache_version`` holds one row per name. A change bumps the row in its own transaction; a request
reads the whole small table once and every cache compares its number.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from sqlalchemy import JSON, BigInteger, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel import ids
from suwen.kernel.db import Base
from suwen.kernel.upsert import insert_for

Versions = Mapping[str, int]


class CacheVersion(Base):
    """The present version of one kind of cached rows."""

    __tablename__ = "cache_version"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, default=1)


def bump(session: Session, *names: str) -> None:
    """Make every process reload what is cached under these names, once this commits."""
    for name in sorted(names):
        statement = insert_for(session, CacheVersion).values(name=name, version=1)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["name"], set_={"version": CacheVersion.version + 1}
            )
        )
    session.info.pop("versions", None)
    session.info.setdefault("bumped", set()).update(names)


def versions_column(session: Session) -> Any:
    """Present versions of all names as one value, for whatever statement a request begins with."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    pairs = func.json_group_object if is_sqlite else func.json_object_agg
    every = select(pairs(CacheVersion.name, CacheVersion.version, type_=JSON))
    return every.scalar_subquery().label("versions")


def read_versions(session: Session) -> Versions:
    """Present versions of all names, in one small query."""
    return session.scalar(select(versions_column(session))) or {}


def versions_of(session: Session, read: Versions | None = None) -> Versions:
    """The versions as this session first saw them, or as ``read`` brings them: kept with it."""
    versions: Versions | None = session.info.get("versions")
    if versions is None:
        # What this transaction changed may be rolled back: nobody else may find it in a cache.
        own = {name: -ids.new_id() for name in session.info.get("bumped", ())}
        versions = {**(read_versions(session) if read is None else read), **own}
        session.info["versions"] = versions
    return versions


class VersionedCache:
    """Least recently used values, each valid for the versions of ``names`` it was loaded under."""

    def __init__(self, *names: str, size: int = 512) -> None:
        """Depend on ``names``; keep at most ``size`` values."""
        self.names = names
        self._size = size
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[tuple[int, ...], Any]] = OrderedDict()

    def get(self, versions: Versions, key: Hashable, load: Callable[[], Any]) -> Any:
        """The value of ``key``, loaded anew if a version has moved on since."""
        stamp = tuple(versions.get(name, 0) for name in self.names)
        with self._lock:
            found = self._values.get(key)
            if found is not None and found[0] == stamp:
                self._values.move_to_end(key)
                return found[1]
        value = load()
        with self._lock:
            self._values[key] = (stamp, value)
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value
