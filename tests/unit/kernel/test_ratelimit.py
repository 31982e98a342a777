import pytest
import transaction

from suwen.kernel.errors import TooMany
from suwen.kernel.ratelimit import Limit

LIMIT = Limit("test", 3, 3600)


def hit(house, value, end="commit"):
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    session = house.database.joined(manager, writes=True)
    try:
        house.limiter.hit(session, LIMIT, value)
    except TooMany:
        manager.abort()
        raise
    getattr(manager, end)()


def test_one_too_many_is_refused(house):
    for _ in range(3):
        hit(house, "a")
    with pytest.raises(TooMany) as refused:
        hit(house, "a")
    assert 0 < refused.value.retry_after_s <= 3600
    hit(house, "b")


def test_tries_that_were_rolled_back_still_count(house):
    """A wrong password raises and rolls back: the try must not be forgotten."""
    for _ in range(3):
        hit(house, "a", end="abort")
    with pytest.raises(TooMany):
        hit(house, "a")


def test_keys_are_not_the_values(house):
    from suwen.kernel.ratelimit import RateCount

    hit(house, "13800008000")
    with house.database.snapshot() as db:
        assert "13800008000" not in {row.key for row in db.query(RateCount)}


def test_a_success_clears_the_tries(house):
    for _ in range(3):
        hit(house, "a")
    with house.database.transaction() as db:
        house.limiter.clear(db, LIMIT, "a")
    hit(house, "a")
