from datetime import timedelta

import pytest

from suwen.hookspecs.payment import CloseOutcome, GatewayUnavailable, RateLimited
from suwen.kernel import clock
from suwen.kernel.outbox import Later, OutboxItem
from suwen.payments import tasks
from suwen.payments.calls import Caller
from suwen.payments.models import PaymentAttempt
from suwen.payments.polling import HOURLY, SCHEDULE, Poller, next_wait
from tests.unit.payments.fakes import FAKE, event


@pytest.fixture
def poller(house):
    return Poller(Caller(house))


@pytest.fixture
def expire(run):
    """Move the end of an attempt so far into the past."""

    def act(attempt, **ago):
        def change(_service, db):
            db.get_one(PaymentAttempt, attempt.id).expires_at = clock.now() - timedelta(**ago)

        run(change)

    return act


def names(gateway):
    return [name for name, *_ in gateway.calls]


def test_a_payment_that_nobody_notified_is_found(start, outside, gateway, read, heard):
    attempt = start()
    gateway.pay(attempt.number)

    assert outside.poll(attempt.id).state == "captured"
    assert [name for name, _data in heard] == ["payment_captured"]


def test_poll_and_notification_of_the_same_payment(start, outside, gateway, run, heard):
    attempt = start()
    gateway.pay(attempt.number)
    run(lambda service, _db: service.apply_event(event(attempt.number, attempt.amount_fen)))

    outside.poll(attempt.id)

    assert len(heard) == 1


def test_an_unpaid_attempt_stays(start, outside, gateway, read):
    attempt = start()

    assert outside.poll(attempt.id).state == "pending"


def test_a_code_that_was_never_scanned_is_pending(start, outside, gateway):
    attempt = start(announce=False)

    assert outside.poll(attempt.id).state == "created"


def test_a_failed_payment_may_still_be_paid(start, outside, gateway):
    attempt = start()
    gateway.books[attempt.number][0] = "ERROR"
    assert outside.poll(attempt.id).state == "failed"
    gateway.pay(attempt.number)
    assert outside.poll(attempt.id).state == "captured"


def test_at_expiry_query_close_query(start, poller, gateway, expire, read):
    attempt = start()
    expire(attempt, seconds=1)
    gateway.calls.clear()

    wait = poller.step(attempt.id)

    assert names(gateway) == ["query", "close", "query"]
    assert read(attempt).state == "closed"
    assert 3500 < wait <= 3600


def test_paid_in_the_last_moment(start, poller, gateway, expire, read):
    attempt = start()
    expire(attempt, seconds=1)
    gateway.pay(attempt.number)
    gateway.calls.clear()

    assert poller.step(attempt.id) is None
    assert names(gateway) == ["query"]
    assert read(attempt).state == "captured"


def test_paid_between_query_and_close(start, poller, gateway, expire, read):
    attempt = start()
    expire(attempt, seconds=1)
    gateway.hooks["close"] = lambda: gateway.pay(attempt.number)

    assert poller.step(attempt.id) is None
    assert (read(attempt).state, read(attempt).flags) == ("captured", [])


def test_already_paid_but_not_visible_yet_is_asked_again(start, poller, gateway, expire, read):
    attempt = start()
    expire(attempt, seconds=1)
    gateway.close_outcome = CloseOutcome.ALREADY_PAID

    assert poller.step(attempt.id) == 60
    assert read(attempt).state == "pending"


@pytest.mark.parametrize("outcome", [CloseOutcome.NOT_FOUND, CloseOutcome.UNSUPPORTED])
def test_closed_here_where_the_provider_cannot(start, poller, gateway, expire, read, outcome):
    attempt = start()
    expire(attempt, seconds=1)
    gateway.close_outcome = outcome
    poller.step(attempt.id)

    assert read(attempt).state == "closed"


def test_the_nets_catch_late_money(start, poller, gateway, expire, read, run):
    attempt = start()
    expire(attempt, seconds=1)
    gateway.close_outcome = CloseOutcome.UNSUPPORTED
    poller.step(attempt.id)
    gateway.pay(attempt.number)

    assert poller.step(attempt.id) is None
    assert (read(attempt).state, read(attempt).flags) == ("captured", ["late_capture"])


def test_the_nets_end_after_a_day(start, poller, gateway, expire, run, read):
    attempt = start()
    expire(attempt, seconds=1)
    poller.step(attempt.id)

    def move(_service, db, **ago):
        db.get_one(PaymentAttempt, attempt.id).closed_at = clock.now() - timedelta(**ago)

    run(lambda s, db: move(s, db, hours=1, seconds=1))
    assert 22.9 * 3600 < poller.step(attempt.id) < 23 * 3600
    run(lambda s, db: move(s, db, hours=24, seconds=1))
    assert poller.step(attempt.id) is None


def test_a_silent_provider_is_asked_again(start, poller, gateway, read):
    attempt = start()
    gateway.raises["query"] = [GatewayUnavailable(), RateLimited()]

    assert poller.step(attempt.id) >= 20
    assert poller.step(attempt.id) >= 20
    assert read(attempt).state == "pending"


def test_an_expired_attempt_of_a_silent_provider_stays_open_for_a_day(
    start, poller, gateway, expire, read
):
    attempt = start()
    expire(attempt, minutes=30)
    gateway.raises["query"] = [GatewayUnavailable()]
    assert poller.step(attempt.id) == HOURLY
    assert read(attempt).state == "pending"

    expire(attempt, hours=26)
    gateway.raises["query"] = [GatewayUnavailable()]
    assert poller.step(attempt.id) is None
    assert (read(attempt).state, read(attempt).flags) == (
        "closed",
        ["needs_review", "outcome_unknown"],
    )


def test_an_uninstalled_plugin_is_no_failure(start, poller, house, read):
    attempt = start()
    house.host.gateways.discard(FAKE)

    assert poller.step(attempt.id) >= 20
    assert read(attempt).state == "pending"


def schedule(attempt):
    waits, moment = [], attempt.created_at
    while (wait := next_wait(attempt, moment)) is not None and len(waits) < 20:
        moment += timedelta(seconds=wait)
        waits.append(round((moment - attempt.created_at).total_seconds()))
        if moment > attempt.expires_at:
            break
    return waits


def test_the_schedule():
    attempt = PaymentAttempt(
        state="pending", created_at=clock.now(), expires_at=clock.now() + timedelta(hours=3)
    )

    assert schedule(attempt) == [*SCHEDULE, 5400, 9000, 10801]


def test_the_schedule_of_a_short_attempt():
    moment = clock.now()
    attempt = PaymentAttempt(
        state="pending", created_at=moment, expires_at=moment + timedelta(seconds=90)
    )

    assert schedule(attempt) == [20, 60, 91]


def test_the_job_follows_the_schedule(start, house, gateway, run):
    attempt = start()
    with pytest.raises(Later) as caught:
        tasks.poll(house, {"attempt_id": attempt.id})
    assert 15 < caught.value.seconds <= 20

    gateway.pay(attempt.number)
    tasks.poll(house, {"attempt_id": attempt.id})
    gateway.calls.clear()
    tasks.poll(house, {"attempt_id": attempt.id})
    assert gateway.calls == []


def test_starting_writes_the_first_poll(start, run):
    attempt = start()

    def item(_service, db):
        row = db.query(OutboxItem).filter_by(kind="payments.poll").one()
        return row.payload, (row.due_at - attempt.created_at).total_seconds()

    assert run(item) == ({"attempt_id": attempt.id}, 20)


def test_a_returning_buyer_makes_us_ask_soon_but_not_often(start, run, house, gateway):
    attempt = start()
    for _ in range(5):
        run(lambda service, _db: service.poll_soon(attempt.id))
    house.outbox.handler(tasks.QUERY, lambda payload: tasks.query(house, payload))
    gateway.calls.clear()
    gateway.raises["query"] = [GatewayUnavailable()]
    house.outbox.drain()

    assert 1 <= names(gateway).count("query") <= 2


def test_a_cancelled_order_closes_its_attempt(start, run, house, gateway, read):
    attempt = start()
    run(lambda service, _db: service.close_open("order", 1))
    gateway.raises["query"] = [GatewayUnavailable()]
    with pytest.raises(Later):
        tasks.close(house, {"attempt_id": attempt.id})

    tasks.close(house, {"attempt_id": attempt.id})

    assert read(attempt).state == "closed"
    gateway.calls.clear()
    tasks.close(house, {"attempt_id": attempt.id})
    assert gateway.calls == []


def test_work_about_money_is_never_given_up(start, run, house, gateway, read):
    attempt = start()

    def give_up(_service, db):
        db.query(OutboxItem).filter_by(kind="payments.poll").one().state = "dead"

    run(give_up)
    gateway.pay(attempt.number)
    house.outbox.handler("payments.poll", lambda payload: tasks.poll(house, payload))
    house.outbox.drain()
    assert read(attempt).state == "pending"

    tasks.revive(house)
    house.outbox.drain()

    assert read(attempt).state == "captured"
