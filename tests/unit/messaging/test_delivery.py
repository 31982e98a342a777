from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from suwen.hookspecs.common import NotSent
from suwen.hookspecs.push import ChannelMisconfigured, Idempotency, Outcome, SendResult
from suwen.kernel import clock as kernel_clock
from suwen.kernel.outbox import OutboxItem
from suwen.messaging.delivery import BACK_OFF_S, Deliverer
from suwen.messaging.models import Message, MessageAttempt, MessageDelivery
from suwen.messaging.services import messaging
from suwen.messaging.tasks import purge


def delivery_of(house, channel):
    with house.database.snapshot() as db:
        return db.scalars(
            select(MessageDelivery).where(MessageDelivery.channel == channel)
        ).one_or_none()


def state_of(house, channel):
    found = delivery_of(house, channel)
    return None if found is None else (found.state, found.reason)


def attempts(house):
    with house.database.snapshot() as db:
        rows = db.scalars(select(MessageAttempt).order_by(MessageAttempt.id)).all()
    return [row.outcome for row in rows]


def test_what_was_accepted_is_not_sent_again(house, notify, channels):
    notify("welcome")
    house.outbox.drain()
    assert state_of(house, "t_inbox") == ("accepted", "")
    Deliverer(house)({"delivery": delivery_of(house, "t_inbox").id})
    assert len(channels.inbox.sent) == 1


def test_a_retry_keeps_its_key_and_waits(house, notify, channels, clock):
    channels.inbox.answers = [Outcome.RETRY, NotSent("refused"), Outcome.DELIVERED]
    notify("welcome")
    for wait in (0, *BACK_OFF_S[:2]):
        clock.shift(wait)
        house.outbox.drain()
    assert state_of(house, "t_inbox") == ("delivered", "")
    assert len({job.idempotency_key for job in channels.inbox.sent}) == 1
    assert [job.attempt for job in channels.inbox.sent] == [1, 2, 3]
    assert attempts(house) == ["retry", "retry", "delivered"]


def test_a_throttled_channel_names_its_own_wait(house, notify, channels, clock, monkeypatch):
    slow = lambda ctx, jobs: [  # noqa: E731
        SendResult(jobs[0].delivery_id, Outcome.THROTTLED, retry_after_s=3000)
    ]
    monkeypatch.setattr(channels.inbox, "send", slow)
    notify("welcome")
    house.outbox.drain()
    with house.database.snapshot() as db:
        due = db.scalars(select(OutboxItem.due_at)).one()
    assert due == kernel_clock.now() + timedelta(seconds=3000)


def test_endless_retries_end_and_the_next_way_is_taken(house, notify, channels, clock):
    channels.phone.answers = [Outcome.RETRY] * 50
    notify()
    for _ in range(20):
        house.outbox.drain()
        clock.shift(2000)
    assert state_of(house, "t_phone") == ("dead", "too_many_attempts")
    assert state_of(house, "t_email") == ("accepted", "")


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.ADDRESS_GONE])
def test_a_refusal_falls_back_once(house, notify, channels, outcome):
    channels.phone.answers = [outcome]
    channels.email.answers = [outcome]
    notify()
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("rejected", outcome.value)
    assert state_of(house, "t_email") == ("rejected", outcome.value)
    assert delivery_of(house, "t_email").fallback_of == delivery_of(house, "t_phone").id


def test_a_failing_inbox_starts_nothing_else(house, notify, channels):
    channels.inbox.answers = [Outcome.REJECTED]
    notify("welcome")
    house.outbox.drain()
    assert state_of(house, "t_inbox") == ("rejected", "rejected")
    assert state_of(house, "t_phone") is None


@pytest.mark.parametrize("answer", [Outcome.UNKNOWN, RuntimeError("read timed out")])
def test_the_unknown_is_parked_and_never_falls_back(house, notify, channels, answer):
    channels.phone.answers = [answer]
    notify()
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("uncertain", "no_answer")
    assert state_of(house, "t_email") is None
    assert len(channels.phone.sent) == 1


def test_a_channel_that_knows_our_key_is_asked_again(house, notify, channels, clock):
    channels.phone.info = replace(
        channels.phone.info, idempotency=Idempotency.KEY, dedupe_window_s=600
    )
    channels.phone.answers = [Outcome.UNKNOWN, Outcome.ACCEPTED]
    notify()
    house.outbox.drain()
    clock.shift(10)
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("accepted", "")
    assert len({job.idempotency_key for job in channels.phone.sent}) == 1


def test_after_its_window_a_key_protects_no_more(house, notify, channels, clock):
    channels.phone.info = replace(
        channels.phone.info, idempotency=Idempotency.KEY, dedupe_window_s=60
    )
    channels.phone.answers = [Outcome.UNKNOWN] * 9
    notify()
    for _ in range(6):
        house.outbox.drain()
        clock.shift(200)
    assert state_of(house, "t_phone") == ("uncertain", "no_answer")


@pytest.mark.parametrize(
    ("default", "expected"), [("park", ("uncertain", "worker_died")), ("resend", ("accepted", ""))]
)
def test_a_worker_that_dies_while_sending(house, notify, channels, clock, default, expected):
    channels.phone.info = replace(channels.phone.info, uncertain_default=default)
    notify()

    class Killed(BaseException):
        pass

    def die(ctx, jobs):
        raise Killed

    deliverer, delivery_id = Deliverer(house), delivery_of(house, "t_phone").id
    alive, channels.phone.send = channels.phone.send, die
    with pytest.raises(Killed):
        deliverer({"delivery": delivery_id})
    channels.phone.send, channels.phone.answers = alive, []
    assert state_of(house, "t_phone") == ("sending", "")
    house.outbox.drain()
    assert channels.phone.sent == []
    clock.shift(120)
    house.outbox.drain()
    assert state_of(house, "t_phone") == expected


def test_a_worker_that_dies_before_sending_has_surely_not_sent(house, notify, channels, clock):
    notify()
    with house.database.transaction() as db:
        db.execute(
            update(MessageDelivery).values(
                state="leased", lease_token="x", lease_until=kernel_clock.now()
            )
        )
    clock.shift(1)
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("accepted", "")


def test_wrong_results_count_as_unknown(house, notify, channels, monkeypatch):
    monkeypatch.setattr(channels.phone, "send", lambda ctx, jobs: [SendResult(1, Outcome.ACCEPTED)])
    notify()
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("uncertain", "no_answer")


def test_a_misconfigured_channel_is_tried_later(house, notify, channels, clock):
    channels.phone.answers = [ChannelMisconfigured("no key"), Outcome.ACCEPTED]
    notify()
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("pending", "retry")
    clock.shift(300)
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("accepted", "")


def test_a_late_code_is_dropped(house, channels, clock):
    with house.database.transaction() as db:
        messaging(house, db).send_code("phone", "+8613812345678", "123456", "sign_in", "4306")
    clock.shift(121)
    house.outbox.drain()
    assert channels.phone.sent == []
    assert state_of(house, "t_phone") == ("expired", "too_late")
    with house.database.snapshot() as db:
        assert db.scalars(select(Message.secret)).one() is None


def test_a_channel_switched_off_meanwhile_falls_back(house, notify, channels):
    notify()
    with house.database.transaction() as db:
        house.switch.set_state(db, "4306", "t_phone", "disabled")
    house.outbox.drain()
    assert state_of(house, "t_phone") == ("suppressed", "channel_off")
    assert state_of(house, "t_email") == ("accepted", "")


def test_nothing_is_open_while_the_channel_is_called(house, notify, channels, monkeypatch):
    seen = []

    def send(ctx, jobs):
        with house.database.transaction() as db:
            seen.append(db.scalars(select(MessageDelivery.state)).all())
        return [SendResult(job.delivery_id, Outcome.ACCEPTED) for job in jobs]

    monkeypatch.setattr(channels.inbox, "send", send)
    notify("welcome")
    house.outbox.drain()
    assert seen == [["sending"]]


def test_purging_forgets_codes_after_a_day(house, notify, clock):
    notify("welcome")
    with house.database.transaction() as db:
        messaging(house, db).send_code("phone", "+8613812345678", "123456", "sign_in", "4306")
    clock.shift(2 * 86400)
    purge(house)
    with house.database.snapshot() as db:
        assert db.scalars(select(Message.kind)).all() == ["welcome"]
