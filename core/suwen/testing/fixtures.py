"""Fixtures that give tests real servers: ``pytest_plugins = ["suwen.testing.fixtures"]``.

A test that asks for ``database_url`` or ``empty_database_url`` runs twice, on SQLite and on
PostgreSQL; the marks ``sqlite`` and ``postgres`` keep it to one of them. A server that this machine
lacks skips the test and says so, and fails it where ``CI`` is ``true``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from suwen.testing import servers
from suwen.testing.databases import PostgresDatabases, SqliteDatabases, claim_redis

if TYPE_CHECKING:
    from suwen.testing.servers import Server

Databases = SqliteDatabases | PostgresDatabases
KINDS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run on every kind of database what needs one, unless a mark names the kind."""
    if "database_kind" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    named = [
        kind for kind, mark in zip(KINDS, ("sqlite", "postgres"), strict=True) if mark in marks
    ]
    metafunc.parametrize("database_kind", named or KINDS, indirect=True)


def missing(error: servers.MissingError) -> NoReturn:
    """Skip the test, or fail it in CI, where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))


def migrate(url: str, folder: Path) -> None:
    """Bring the empty database at ``url`` to the head of the core and of all installed plugins."""
    from suwen.kernel import house, migrations, settings

    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
    }
    built = house.build(settings.load(values, environ={}))
    try:
        migrations.upgrade(built)
    finally:
        built.close()


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """Makes SQLite databases; migrated once per worker."""
    folder = tmp_path_factory.mktemp("sqlite")
    return SqliteDatabases(folder, lambda url: migrate(url, folder))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL where databases may be created."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(servers.postgres())
        except servers.MissingError as error:
            missing(error)
        yield server


@pytest.fixture(scope="session")
def postgres_databases(
    postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresDatabases]:
    """Makes PostgreSQL databases; migrated once per worker, all dropped at the end."""
    folder = tmp_path_factory.mktemp("postgresql")
    made = PostgresDatabases(postgres_server.url, lambda url: migrate(url, folder))
    yield made
    made.close()


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """``sqlite`` or ``postgresql``."""
    kind: str = request.param
    return kind


@pytest.fixture
def databases(database_kind: str, request: pytest.FixtureRequest) -> Databases:
    """Makes databases of this run's kind."""
    # Not session-scoped by kind: going to and fro between kinds would migrate each time.
    name = "sqlite_databases" if database_kind == "sqlite" else "postgres_databases"
    found: Databases = request.getfixturevalue(name)
    return found


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of the test's own with all tables and no rows."""
    url = databases.migrated()
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database of the test's own without tables."""
    url = databases.empty()
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """A Redis; take ``redis_url`` unless the server itself is wanted."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(servers.redis_server())
        except servers.MissingError as error:
            missing(error)
        yield server


@pytest.fixture
def redis_url(redis_server: Server) -> Iterator[str]:
    """An empty numbered database of a Redis, the test's own; emptied at the end."""
    with claim_redis(redis_server.url) as url:
        yield url


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The system's Chromium."""
    try:
        return servers.chromium()
    except servers.MissingError as error:
        missing(error)
