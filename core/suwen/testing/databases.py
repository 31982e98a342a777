"""Databases of their own for tests: made from a template, safe beside other processes."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import psycopg
import redis
from psycopg import sql
from sqlalchemy.engine import URL

from suwen.testing.servers import address, connect

Build = Callable[[str], None]
"""Fills the empty database at the URL, for example with the tables of all migrations."""

CLAIM = "suwen:tests:process"


class SqliteDatabases:
    """SQLite files in a folder; a copy of the template costs a few milliseconds."""

    def __init__(self, folder: Path, build: Build) -> None:
        """Work in ``folder``; ``build`` fills the template at the first need."""
        self._folder = folder
        self._build = build
        self._numbers = itertools.count(1)
        self._template: Path | None = None

    def empty(self) -> str:
        """URL of a new database without tables."""
        return f"sqlite:///{self._path()}"

    def migrated(self) -> str:
        """URL of a new copy of the template."""
        if self._template is None:
            template = self._path()
            self._build(f"sqlite:///{template}")
            self._template = template
        path = self._path()
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        """Delete a database with the files beside it."""
        path = Path(url.removeprefix("sqlite:///"))
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing: the folder belongs to pytest."""

    def _path(self) -> Path:
        return self._folder / f"{next(self._numbers)}.db"


class PostgresDatabases:
    """Databases on a PostgreSQL server, named after this machine and process."""

    _numbers: ClassVar = itertools.count(1)
    """One count for all makers of a process, so that two of them never want the same name."""

    def __init__(self, server: URL, build: Build) -> None:
        """Drop what dead processes of this machine left, and be ready to create."""
        self._server = server
        self._build = build
        self._names: set[str] = set()
        self._template: str | None = None
        # PostgreSQL writes a checkpoint for each drop: nobody should wait for that.
        self._dropper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drop-database")
        self._drops: list[Future[None]] = []
        self._drop_leftovers()

    def empty(self) -> str:
        """URL of a new database without tables."""
        return self._create("template0")

    def migrated(self) -> str:
        """URL of a new copy of the template."""
        if self._template is None:
            url = self._create("template0")
            self._build(url)
            self._template = url.rpartition("/")[2]
        return self._create(self._template)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected; done in the background."""
        self._drops.append(self._dropper.submit(self._drop, url.rpartition("/")[2]))

    def close(self) -> None:
        """Drop everything that was made; raises what went wrong in the background."""
        self._dropper.shutdown(wait=True)
        for name in sorted(self._names):
            self._drop(name)
        for drop in self._drops:
            drop.result()

    def _create(self, template: str) -> str:
        name = f"{_machine()}_{os.getpid()}_{next(self._numbers)}"
        # One locale everywhere, so that a machine's language changes no order.
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {} LOCALE 'C' ENCODING 'UTF8'")
        with connect(self._server) as connection:
            connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
        self._names.add(name)
        return address(self._server.set(database=name))

    def _drop(self, name: str) -> None:
        command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with connect(self._server) as connection:
            connection.execute(command.format(sql.Identifier(name)))
        self._names.discard(name)

    def _drop_leftovers(self) -> None:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        with connect(self._server) as connection:
            names = [row[0] for row in connection.execute(query, [f"{_machine()}_"])]
            for name in names:
                if _alive(int(name.split("_")[3])):
                    continue
                # Without FORCE: a database in use belongs to somebody after all.
                command = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
                with contextlib.suppress(psycopg.errors.ObjectInUse):
                    connection.execute(command)


@contextlib.contextmanager
def claim_redis(server: URL) -> Iterator[str]:
    """URL of an empty numbered database that is ours until the end; raises ``RuntimeError``."""
    for number in range(15, 0, -1):
        url = address(server.set(database=str(number)))
        with redis.Redis.from_url(url) as client:
            if not _claim(client):
                continue
            try:
                yield url
            finally:
                client.flushdb()
            return
    raise RuntimeError("all numbered databases of the Redis hold data")


def _claim(client: redis.Redis) -> bool:
    owner = client.get(CLAIM)
    if owner is not None and not _alive(int(owner)):
        client.flushdb()
    elif client.dbsize() > 0:
        return False
    return bool(client.set(CLAIM, os.getpid(), nx=True))


def _machine() -> str:
    return f"suwen_test_{zlib.crc32(socket.gethostname().encode()):08x}"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
