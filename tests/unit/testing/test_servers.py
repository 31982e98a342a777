"""The servers that tests get, found and made."""

import os
import signal
import subprocess

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from suwen.testing import databases as pools
from suwen.testing import fixtures, servers


def run(url, statement):
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def build(url):
    run(url, "CREATE TABLE fruit (name VARCHAR(20))")


@pytest.fixture
def pool(database_kind, request, tmp_path):
    if database_kind == "sqlite":
        yield pools.SqliteDatabases(tmp_path, build)
        return
    server = request.getfixturevalue("postgres_server")
    made = pools.PostgresDatabases(server.url, build)
    yield made
    made.close()


def test_copies_of_the_template_share_nothing(pool):
    one, two = pool.migrated(), pool.migrated()
    run(one, "INSERT INTO fruit VALUES ('梨')")
    assert run(one, "SELECT name FROM fruit") == [("梨",)]
    assert run(two, "SELECT name FROM fruit") == []


def test_empty_database_has_no_tables(pool):
    with pytest.raises(Exception, match="fruit"):
        run(pool.empty(), "SELECT name FROM fruit")


@pytest.mark.postgres
def test_everything_is_dropped_at_the_end(pool, postgres_server, database_kind):
    names = {pool.migrated().rpartition("/")[2], pool.empty().rpartition("/")[2]}
    pool.close()
    left = {
        row[0]
        for row in run(servers.address(postgres_server.url), "SELECT datname FROM pg_database")
    }
    assert not names & left


@pytest.mark.postgres
def test_leftovers_of_dead_processes_are_dropped(postgres_server, database_kind):
    dead = subprocess.Popen(["true"])
    dead.wait()
    name = f"{pools._machine()}_{dead.pid}_1"
    with servers.connect(postgres_server.url) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    pools.PostgresDatabases(postgres_server.url, build)
    with servers.connect(postgres_server.url) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
    assert found is None


@pytest.fixture
def nothing_on_the_standard_ports(monkeypatch):
    for name in ("SUWEN_TEST_POSTGRES_URL", "SUWEN_TEST_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    may = servers._may_create_databases
    monkeypatch.setattr(servers, "_may_create_databases", lambda url: url.port != 5432 and may(url))
    answers = servers._answers
    monkeypatch.setattr(servers, "_answers", lambda url: url.port != 6379 and answers(url))


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_on_the_standard_ports")
def test_own_postgres_runs_and_ends():
    try:
        with servers.postgres() as server:
            assert server.own
            assert run(servers.address(server.url), "SELECT 1") == [(1,)]
    except servers.MissingError as error:
        fixtures.missing(error)
    with pytest.raises(psycopg.OperationalError):
        servers.connect(server.url, connect_timeout=2)


@pytest.mark.usefixtures("nothing_on_the_standard_ports")
def test_own_redis_runs_and_ends():
    try:
        with servers.redis_server() as server, pools.claim_redis(server.url) as url:
            assert server.own
            client = redis.Redis.from_url(url)
            client.set("a", 1)
            assert client.get("a") == b"1"
            client.close()
    except servers.MissingError as error:
        fixtures.missing(error)
    assert not servers._answers(server.url)


def test_two_claims_of_a_redis_differ(redis_server):
    with pools.claim_redis(redis_server.url) as one, pools.claim_redis(redis_server.url) as two:
        assert make_url(one).database != make_url(two).database


def test_claim_is_empty_again_at_the_end(redis_server):
    with pools.claim_redis(redis_server.url) as url, redis.Redis.from_url(url) as client:
        client.set("left", 1)
    with redis.Redis.from_url(url) as client:
        assert client.dbsize() == 0


def test_database_of_a_dead_process_is_taken_over(redis_server):
    dead = subprocess.Popen(["true"])
    dead.wait()
    with pools.claim_redis(redis_server.url) as url:
        pass
    with redis.Redis.from_url(url) as client:
        client.set(pools.CLAIM, dead.pid)
        client.set("left", 1)
    with pools.claim_redis(redis_server.url) as again, redis.Redis.from_url(again) as client:
        assert client.get("left") is None
        assert int(client.get(pools.CLAIM)) == os.getpid()


def test_server_ends_when_its_owner_dies():
    process = subprocess.Popen(
        ["/bin/sh", "-c", servers.GUARD, "sh", "TERM", "sleep", "600"], stdin=subprocess.PIPE
    )
    process.stdin.close()  # what the system does when the owner is killed
    assert process.wait(timeout=10) == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_missing_server_skips_but_fails_in_ci(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no such thing"):
        fixtures.missing(servers.MissingError("no such thing"))


def test_own_server_can_be_asked_for(monkeypatch):
    monkeypatch.setenv("SUWEN_TEST_POSTGRES_URL", "own")
    monkeypatch.setattr(servers, "_postgres_programs", lambda: pytest.fail("looked for programs"))
    with pytest.raises(pytest.fail.Exception, match="looked for programs"), servers.postgres():
        pass


@pytest.mark.postgres
def test_dropped_database_is_gone_at_the_end(postgres_server, database_kind):
    made = pools.PostgresDatabases(postgres_server.url, build)
    url = made.empty()
    made.drop(url)
    made.close()
    with pytest.raises(Exception, match="does not exist"):
        run(url, "SELECT 1")


def test_named_server_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("SUWEN_TEST_POSTGRES_URL", f"postgresql://127.0.0.1:{servers.free_port()}/x")
    with pytest.raises(servers.MissingError, match="SUWEN_TEST_POSTGRES_URL"), servers.postgres():
        pass
