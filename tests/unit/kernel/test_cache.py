import pytest

from suwen.kernel.cache import VersionedCache, bump, read_versions


def test_a_bump_reloads_in_every_process(house):
    """Two caches stand for two processes: both see the change at their next look."""
    loads = []
    mine, others = VersionedCache("things"), VersionedCache("things")

    def look(cache):
        with house.database.snapshot() as db:
            return cache.get(read_versions(db), "key", lambda: loads.append(1) or len(loads))

    assert (look(mine), look(others)) == (1, 2)
    assert (look(mine), look(others)) == (1, 2)
    with house.database.transaction() as db:
        bump(db, "things")
    assert (look(mine), look(others)) == (3, 4)


def test_a_rolled_back_bump_changes_nothing(house):
    with house.database.snapshot() as db:
        before = read_versions(db)
    with pytest.raises(RuntimeError), house.database.transaction() as db:
        bump(db, "things")
        raise RuntimeError
    with house.database.snapshot() as db:
        assert read_versions(db) == before


def test_the_oldest_value_leaves_first():
    cache = VersionedCache("x", size=2)
    for key in "abc":
        cache.get({}, key, lambda key=key: key)
    assert cache.get({}, "a", lambda: "loaded again") == "loaded again"
    assert cache.get({}, "c", lambda: "loaded again") == "c"
