import threading
from datetime import timedelta

import pytest
import time_machine
import transaction

from suwen.kernel import clock, outbox
from suwen.kernel.outbox import Later, OutboxItem


def put(house, key, **options):
    with house.database.transaction() as db:
        return outbox.put(db, "test", key, **options)


def state(house, key):
    with house.database.snapshot() as db:
        return db.query(OutboxItem).where(OutboxItem.key == key).one()


def test_work_is_done_once(house):
    done = []
    house.outbox.handler("test", lambda payload: done.append(payload["n"]))
    assert put(house, "a", n=1) is True
    assert put(house, "a", n=2) is False
    house.outbox.drain()
    house.outbox.drain()
    assert done == [1]
    assert state(house, "a").state == "done"


def test_a_rolled_back_item_is_never_done(house):
    done = []
    house.outbox.handler("test", done.append)
    with pytest.raises(RuntimeError), house.database.transaction() as db:
        outbox.put(db, "test", "a")
        raise RuntimeError
    house.outbox.drain()
    assert done == []


def test_a_failing_item_is_tried_later_and_stops_no_other(house):
    done = []

    def handle(payload):
        if payload["n"] == 1 and not done:
            done.append("failed")
            raise ValueError("no")
        done.append(payload["n"])

    house.outbox.handler("test", handle)
    put(house, "a", n=1)
    put(house, "b", n=2)
    house.outbox.drain()
    assert done == ["failed", 2]
    assert "ValueError" in state(house, "a").last_error
    with time_machine.travel(clock.now() + timedelta(seconds=6), tick=False):
        house.outbox.drain()
    assert done == ["failed", 2, 1]


def test_an_item_dies_after_its_last_delay(house):
    house.outbox.handler("test", lambda _payload: 1 / 0)
    put(house, "a")
    moment = clock.now()
    for delay in (0, *outbox.DELAYS_S):
        moment += timedelta(seconds=delay + 1)
        with time_machine.travel(moment, tick=False):
            house.outbox.drain()
    assert state(house, "a").state == "dead"


def test_a_handler_may_ask_to_come_later(house):
    calls = []

    def handle(_payload):
        calls.append(1)
        if len(calls) == 1:
            raise Later(30)

    house.outbox.handler("test", handle)
    put(house, "a")
    house.outbox.drain()
    assert len(calls) == 1
    with time_machine.travel(clock.now() + timedelta(seconds=31), tick=False):
        house.outbox.drain()
    assert len(calls) == 2
    assert state(house, "a").attempts == 1


def test_a_dead_workers_item_is_claimable_after_its_lease(house):
    done = []
    house.outbox.handler("test", lambda _payload: done.append(1))
    put(house, "a")
    house.outbox._claim(10)
    house.outbox.drain()
    assert done == []
    with time_machine.travel(clock.now() + outbox.LEASE + timedelta(seconds=1), tick=False):
        house.outbox.drain()
    assert done == [1]


def test_an_item_that_waited_behind_slow_ones_is_left_to_whoever_took_it_over(house):
    done = []

    def handle(payload):
        done.append(payload["n"])
        if done == [1]:
            traveller.move_to(clock.now() + outbox.LEASE + timedelta(seconds=1))
            house.outbox.drain()

    house.outbox.handler("test", handle)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        put(house, "a", n=1)
        traveller.shift(timedelta(seconds=1))
        put(house, "b", n=2)
        house.outbox.run_due()
    assert done.count(2) == 1


def test_a_slow_worker_renews_the_lease_of_the_next_item(house):
    leases = []

    def handle(payload):
        leases.append(state(house, payload["name"]).lease_until - clock.now())
        traveller.shift(outbox.LEASE * 0.9)

    house.outbox.handler("test", handle)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        put(house, "a", name="a")
        traveller.shift(timedelta(seconds=1))
        put(house, "b", name="b")
        house.outbox.run_due()
    assert leases == [outbox.LEASE, outbox.LEASE]


def test_two_workers_never_do_the_same_item(house):
    done, barrier = [], threading.Barrier(4)
    house.outbox.handler("test", lambda payload: done.append(payload["n"]))
    for number in range(40):
        put(house, f"k{number}", n=number)

    def work():
        barrier.wait()
        house.outbox.drain()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    house.outbox.drain()
    assert sorted(done) == list(range(40))


def test_a_claim_takes_exactly_its_limit(house):
    """On a fresh, un-analysed table PostgreSQL once claimed everything."""
    house.outbox.handler("test", lambda _payload: None)
    for number in range(30):
        put(house, f"k{number}")
    assert len(house.outbox._claim(5)) == 5


def test_one_wake_up_per_transaction_and_none_after_an_abort(house):
    wakes = []
    for end in ("commit", "abort"):
        manager = transaction.TransactionManager(explicit=True)
        manager.begin()
        session = house.database.joined(manager, writes=True)
        session.info["wake"] = lambda: wakes.append(1)
        outbox.put(session, "test", f"{end}1")
        outbox.put(session, "test", f"{end}2")
        getattr(manager, end)()
    assert wakes == [1]
