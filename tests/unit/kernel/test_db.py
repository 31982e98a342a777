"""The database's traps, each shown closed."""

import threading
from datetime import datetime

import pytest
import transaction
from sqlalchemy import delete, func, insert, select, update

from suwen.kernel.cache import CacheVersion
from suwen.kernel.db import Fen, UTCDateTime
from suwen.kernel.upsert import insert_once


def joined(house, *, writes):
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    return manager, house.database.joined(manager, writes=writes)


def count(house):
    with house.database.snapshot() as db:
        return db.scalar(
            select(func.count()).select_from(CacheVersion).where(CacheVersion.name.like("trap%"))
        )


def test_core_statements_of_a_writing_session_are_committed(house):
    manager, session = joined(house, writes=True)
    session.execute(insert(CacheVersion).values(name="trap1", version=1))
    manager.commit()
    assert count(house) == 1


def test_an_aborted_transaction_leaves_nothing(house):
    manager, session = joined(house, writes=True)
    session.execute(insert(CacheVersion).values(name="trap2", version=1))
    manager.abort()
    assert count(house) == 0


def test_a_reading_session_refuses_to_write(house):
    manager, session = joined(house, writes=False)
    session.add(CacheVersion(name="trap3", version=1))
    with pytest.raises(RuntimeError, match="writes=True"):
        session.flush()
    manager.abort()


@pytest.mark.parametrize(
    "statement",
    [
        insert(CacheVersion).values(name="trap6", version=1),
        update(CacheVersion).values(version=9),
        delete(CacheVersion),
    ],
    ids=["insert", "update", "delete"],
)
def test_a_reading_session_refuses_core_statements_that_would_be_lost(house, statement):
    manager, session = joined(house, writes=False)
    with pytest.raises(RuntimeError, match="writes=True"):
        session.execute(statement)
    manager.abort()


def test_insert_once_says_whether_it_inserted(house):
    with house.database.transaction() as db:
        values = {"name": "trap4", "version": 1}
        assert insert_once(db, CacheVersion, values, "name") is True
        assert insert_once(db, CacheVersion, values, "name") is False


def test_readers_that_write_later_do_not_lose_updates(house):
    """Eight threads read, then add one each: BEGIN IMMEDIATE and atomic updates keep all."""
    with house.database.transaction() as db:
        db.execute(insert(CacheVersion).values(name="trap5", version=0))
    barrier, failures = threading.Barrier(8), []

    def work():
        try:
            barrier.wait()
            for _ in range(5):
                with house.database.transaction() as db:
                    db.scalar(select(CacheVersion.version).where(CacheVersion.name == "trap5"))
                    db.execute(
                        update(CacheVersion)
                        .where(CacheVersion.name == "trap5")
                        .values(version=CacheVersion.version + 1)
                    )
        except Exception as error:  # noqa: BLE001 - told by the assertion
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with house.database.snapshot() as db:
        assert db.get(CacheVersion, "trap5").version == 40


@pytest.mark.parametrize("value", [1.0, True, "1"])
def test_money_is_an_int(value):
    with pytest.raises(TypeError):
        Fen().process_bind_param(value, None)


def test_naive_moments_are_refused():
    with pytest.raises(ValueError, match="naive"):
        UTCDateTime().process_bind_param(datetime(2026, 1, 1), None)  # noqa: DTZ001
