import threading
from dataclasses import replace

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy import func, select

from suwen.hookspecs.payment import NotifyOutcome, PaymentFact
from suwen.payments.models import PaymentEvent, PaymentTransition
from suwen.payments.services import payments
from tests.unit.payments.fakes import FAKE, event, payable

CLEARING = f"clearing.{FAKE}"
ACCEPTED, DUPLICATE = NotifyOutcome.ACCEPTED, NotifyOutcome.DUPLICATE


@pytest.fixture
def apply(run):
    return lambda fact, **more: run(lambda service, _db: service.apply_event(fact, **more))


def captured(attempt, **more):
    return event(attempt.number, attempt.amount_fen, **more)


def test_a_capture_moves_state_books_and_tells(start, apply, read, heard, balance):
    attempt = start()

    assert apply(captured(attempt)) is ACCEPTED

    row = read(attempt)
    assert (row.state, row.flags, row.provider_trade_no) == ("captured", [], f"T{row.number}")
    assert row.captured_at is not None
    assert row.client_ip is None
    assert (balance(CLEARING), balance("receipts")) == (129_900, -129_900)
    assert heard == [
        (
            "payment_captured",
            {
                "attempt_id": attempt.id,
                "number": attempt.number,
                "gateway": FAKE,
                "payable_kind": "order",
                "payable_id": 1,
                "amount_fen": 129_900,
                "late": False,
            },
        )
    ]


def test_every_step_is_recorded(start, apply, run):
    attempt = start()
    apply(captured(attempt))

    def steps(_service, db):
        rows = db.scalars(select(PaymentTransition).order_by(PaymentTransition.id))
        return [(row.source, row.target, row.cause, row.actor_kind) for row in rows]

    assert run(steps) == [
        ("created", "pending", "request", "system"),
        ("pending", "captured", "notification", "system"),
    ]


def test_duplicates_and_other_ids_of_the_same_fact_count_once(start, apply, heard, balance):
    attempt = start()

    assert apply(captured(attempt)) is ACCEPTED
    assert apply(captured(attempt)) is DUPLICATE
    assert apply(captured(attempt, event_id="other")) is DUPLICATE
    assert apply(captured(attempt, event_id="q:x", source="poll")) is DUPLICATE

    assert len(heard) == 1
    assert balance(CLEARING) == 129_900


@pytest.mark.parametrize("delta", [-1, 1, -129_900])
def test_a_wrong_amount_moves_nothing_and_can_come_again(start, apply, read, heard, run, delta):
    attempt = start()
    wrong = event(attempt.number, attempt.amount_fen + delta)

    assert apply(wrong) is NotifyOutcome.AMOUNT_MISMATCH

    assert read(attempt).state == "pending"
    assert read(attempt).flags == ["amount_mismatch", "needs_review"]
    assert heard == []
    # Not final: the same event id with the right amount still counts.
    assert apply(captured(attempt)) is ACCEPTED
    assert read(attempt).state == "captured"


@pytest.mark.parametrize(
    "change", [{"currency": "USD"}, {"amount_fen": None}], ids=["currency", "no amount"]
)
def test_other_money_is_a_wrong_amount(start, apply, read, change):
    attempt = start()

    assert apply(replace(captured(attempt), **change)) is NotifyOutcome.AMOUNT_MISMATCH
    assert read(attempt).state == "pending"


def test_an_unknown_order_is_not_final(start, apply, run, read):
    attempt = start()
    wrong = replace(captured(attempt), out_trade_no="SWP0000000000")

    assert apply(wrong) is NotifyOutcome.UNKNOWN_ORDER
    assert apply(wrong) is NotifyOutcome.UNKNOWN_ORDER

    outcome = run(lambda _s, db: db.scalar(select(PaymentEvent.outcome)))
    assert outcome == "unknown_order"
    # The row was written before its attempt became known: now it is applied.
    assert apply(captured(attempt)) is ACCEPTED


def test_an_attempt_belongs_to_its_gateway_and_region(start, apply, read):
    attempt = start()

    other = replace(captured(attempt), gateway="payment_counter")
    assert apply(other) is NotifyOutcome.UNKNOWN_ORDER
    assert apply(captured(attempt), region="100000") is NotifyOutcome.UNKNOWN_ORDER
    assert read(attempt).state == "pending"
    assert apply(captured(attempt), region="4306") is ACCEPTED


@pytest.mark.parametrize("before", ["closed", "failed"])
def test_a_late_capture_is_real_money(start, apply, read, heard, before):
    attempt = start()
    apply(event(attempt.number, None, PaymentFact(before), "first"))
    assert read(attempt).state == before

    assert apply(captured(attempt)) is ACCEPTED

    assert (read(attempt).state, read(attempt).flags) == ("captured", ["late_capture"])
    assert heard[-1][1]["late"] is True


@pytest.mark.parametrize("after", [PaymentFact.CLOSED, PaymentFact.FAILED])
def test_captured_never_goes_back(start, apply, read, after):
    attempt = start()
    apply(captured(attempt))

    assert apply(event(attempt.number, attempt.amount_fen, after, "later")) is DUPLICATE
    assert read(attempt).state == "captured"


@pytest.mark.parametrize("fact", [PaymentFact.PENDING, PaymentFact.NOT_FOUND])
def test_what_says_nothing_leaves_no_trace(start, apply, run, fact):
    attempt = start()

    assert apply(event(attempt.number, None, fact)) is ACCEPTED
    assert run(lambda _s, db: db.scalar(select(func.count()).select_from(PaymentEvent))) == 0


def test_two_payments_under_one_number_are_for_staff(start, apply, read):
    attempt = start()
    apply(captured(attempt))

    assert apply(captured(attempt, event_id="2", trade_no="OTHER")) is DUPLICATE
    assert read(attempt).flags == ["needs_review"]


def test_a_notification_before_create_returned(start, apply, outside, gateway, read):
    attempt = start(announce=False)
    gateway.hooks["create"] = lambda: apply(captured(attempt))

    outside.announce(attempt.id)

    assert read(attempt).state == "captured"


def test_a_receiver_that_raises_undoes_everything(house, start, apply, read, balance):
    attempt = start()
    broken = [True]

    def receiver(_db, _event):
        if broken:
            raise ZeroDivisionError

    house.events.subscribe("payment_captured", receiver)

    with pytest.raises(ZeroDivisionError):
        apply(captured(attempt))

    assert read(attempt).state == "pending"
    assert balance(CLEARING) == 0
    broken.clear()
    assert apply(captured(attempt)) is ACCEPTED


def test_the_other_attempts_of_a_paid_order_are_closed(house, start, apply, read, gateway):
    first = start(payable(1, 100))
    second = start(payable(1, 200))
    apply(captured(second))

    house.outbox.handler("payments.close", lambda payload: closed.append(payload["attempt_id"]))
    closed = []
    house.outbox.drain()

    assert closed == [first.id]


def test_a_very_long_event_id(start, apply):
    attempt = start()
    long = captured(attempt, event_id="x" * 5000)

    assert apply(long) is ACCEPTED
    assert apply(long) is DUPLICATE


@pytest.mark.parametrize("ids", ["same", "four"])
def test_sixteen_threads_with_one_payment(house, start, heard, balance, read, ids):
    attempt = start()
    barrier, outcomes, failures = threading.Barrier(16), [], []

    def notify(index):
        fact = captured(attempt, event_id="e" if ids == "same" else f"e{index % 4}")
        barrier.wait()
        try:
            with house.database.transaction() as db:
                outcomes.append(payments(house, db).apply_event(fact))
        except Exception as error:  # noqa: BLE001 - shown by the test below
            failures.append(error)

    threads = [threading.Thread(target=notify, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(outcome.value for outcome in outcomes) == ["accepted"] + ["duplicate"] * 15
    assert len(heard) == 1
    assert balance(CLEARING) == attempt.amount_fen
    assert read(attempt).state == "captured"


def test_statements_of_a_capture(house, start, apply):
    apply(captured(start(payable(1))))  # opens the accounts of the house
    attempt = start(payable(2))
    seen = []

    def note(_c, _cursor, statement, *_):
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    sa_event.listen(house.database.engine, "before_cursor_execute", note)
    apply(captured(attempt, event_id="counted"))
    sa_event.remove(house.database.engine, "before_cursor_execute", note)

    assert len(seen) == 6, seen
