from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from suwen.kernel import clock
from suwen.kernel.db import Database, metadata
from suwen.kernel.sessions import API, Device, Sessions, WebSession, digest, touch

IDLE = timedelta(minutes=120)
ABSOLUTE = timedelta(days=14)


@pytest.fixture
def database(empty_database_url):
    made = Database(empty_database_url)
    metadata.create_all(made.engine, tables=[WebSession.__table__])
    yield made
    made.dispose()


@pytest.fixture
def act(database):
    def run(step):
        with database.transaction() as db:
            return step(Sessions(db, idle=IDLE, absolute=ABSOLUTE))

    return run


@pytest.fixture(autouse=True)
def time():
    with time_machine.travel("2026-11-24T02:00:00+00:00", tick=False) as traveller:
        yield traveller


def test_the_table_holds_a_hash_and_the_token_has_256_bits(act, database):
    row, token = act(lambda s: s.open(7, Device("Firefox", "h")))
    assert len(token) == 43
    assert row.token_hash == digest(token)
    assert token not in row.token_hash
    assert act(lambda s: s.find(token)).member_id == 7
    assert act(lambda s: s.find(row.token_hash)) is None


def test_a_session_ends_when_it_is_idle(act, time):
    _row, token = act(lambda s: s.open(7, Device()))
    time.shift(IDLE - timedelta(seconds=1))
    assert act(lambda s: s.find(token)) is not None
    time.shift(timedelta(seconds=2))
    assert act(lambda s: s.find(token)) is None


def test_use_keeps_a_session_but_not_for_ever(act, time, database):
    row, token = act(lambda s: s.open(7, Device()))
    while clock.now() < row.created_at + ABSOLUTE - IDLE:
        time.shift(timedelta(minutes=100))
        touch(database, row.id)
        assert act(lambda s: s.find(token)) is not None
    time.shift(IDLE)
    touch(database, row.id)
    assert act(lambda s: s.find(token)) is None


def test_touching_writes_at_most_every_ten_minutes(act, time, database):
    row, _token = act(lambda s: s.open(7, Device()))

    def seen():
        with database.snapshot() as db:
            return db.scalar(select(WebSession.seen_at).where(WebSession.id == row.id))

    time.shift(timedelta(minutes=9))
    touch(database, row.id)
    assert seen() == row.seen_at
    time.shift(timedelta(minutes=2))
    touch(database, row.id)
    assert seen() == clock.now()


def test_rotating_kills_the_old_token(act):
    row, old = act(lambda s: s.open(7, Device()))
    new = act(lambda s: s.rotate(row.id))
    assert act(lambda s: s.find(old)) is None
    assert act(lambda s: s.find(new)).id == row.id


def test_one_or_all_sessions_of_a_member_can_be_revoked(act):
    first, second, third = (act(lambda s: s.open(7, Device())) for _ in range(3))
    other = act(lambda s: s.open(8, Device()))
    act(lambda s: s.revoke(8, first[0].id))
    assert act(lambda s: s.find(first[1])) is not None
    act(lambda s: s.revoke(7, first[0].id))
    assert act(lambda s: s.find(first[1])) is None
    act(lambda s: s.revoke_all(7, keep=second[0].id))
    assert [row.id for row in act(lambda s: s.of(7))] == [second[0].id]
    assert act(lambda s: s.find(third[1])) is None
    assert act(lambda s: s.find(other[1])) is not None


def test_elevation_lasts_as_long_as_was_said(act, time):
    row, token = act(lambda s: s.open(7, Device()))
    until = act(lambda s: s.elevate(row.id, 10))
    assert (
        act(lambda s: s.find(token)).elevated_until == until == clock.now() + timedelta(minutes=10)
    )


def test_a_session_of_the_app_has_no_browser_token(act, time):
    row, token = act(lambda s: s.open(7, Device(), API))
    assert token == ""
    assert row.token_hash is None
    time.shift(timedelta(days=29))
    assert [found.id for found in act(lambda s: s.of(7))] == [row.id]
    time.shift(timedelta(days=2))
    assert act(lambda s: s.of(7)) == []
