import re
from datetime import timedelta

import pytest

from suwen.hookspecs.payment import NotPermitted
from suwen.kernel import clock
from suwen.kernel.audit import Actor
from suwen.payments import tasks
from suwen.payments.errors import CashierAmountDiffers, MethodRefused, NeedsIntent, NotRefundable
from suwen.payments.payable import payable_of
from tests.unit.payments.fakes import COUNTER, FAKE, REGION, event, payable

CASHIER = Actor("staff", 42)


def test_an_attempt_is_a_row_before_anybody_is_called(start, gateway, read):
    attempt = start(announce=False)

    assert re.fullmatch(r"[0-9A-Z]{8,32}", attempt.number)
    assert gateway.calls == []
    row = read(attempt)
    assert (row.state, row.amount_fen, row.region, row.plugin) == ("created", 129_900, REGION, FAKE)
    assert (row.member_id, row.client_ip, row.environment) == (7, "10.0.0.1", "development")


def test_an_open_attempt_is_used_again(start):
    assert start().id == start(announce=False).id


@pytest.mark.parametrize("change", [{"amount": 5}, {"number": 2}])
def test_another_amount_or_order_is_another_attempt(start, change):
    assert start().id != start(payable(**{"number": 1, **change}), announce=False).id


def test_a_changed_amount_closes_the_old_attempt(start, house, read):
    first = start(payable(amount=100))
    start(payable(amount=200))
    house.outbox.handler("payments.close", lambda payload: tasks.close(house, payload))
    house.outbox.drain()

    assert read(first).state == "closed"


def test_a_captured_or_expired_attempt_is_not_used_again(start, run):
    first = start()
    run(lambda service, _db: service.apply_event(event(first.number, first.amount_fen)))
    second = start()
    assert second.id != first.id

    def expire(_service, db):
        db.get_one(type(second), second.id).expires_at = clock.now() - timedelta(seconds=1)

    run(expire)
    assert start(announce=False).id not in {first.id, second.id}


def test_the_attempt_ends_with_the_order(start):
    soon = clock.now() + timedelta(minutes=5)

    assert start(payable(expires_at=soon)).expires_at == soon


def test_an_attempt_lives_a_minute_at_least(start):
    made = start(payable(expires_at=clock.now() + timedelta(seconds=3)))

    assert made.expires_at >= made.created_at + timedelta(seconds=59)


def test_the_rules_are_checked_again_when_starting(run, house):
    with house.database.transaction() as db:
        house.switch.set_state(db, REGION, FAKE, "draining")

    with pytest.raises(MethodRefused) as caught:
        run(lambda service, _db: service.start(payable(), FAKE, ""))

    assert caught.value.refusal.reason_code == "plugin_draining"
    assert "gateway" in caught.value.fields


@pytest.mark.parametrize("gateway", ["payment_nobody", ""])
def test_an_unknown_gateway_is_refused(run, gateway):
    with pytest.raises(MethodRefused):
        run(lambda service, _db: service.start(payable(), gateway, ""))


def test_a_counter_needs_an_intent(run):
    with pytest.raises(NeedsIntent):
        run(lambda service, _db: service.start(payable(), COUNTER, ""))


def test_has_open(run, start):
    assert not run(lambda service, _db: service.has_open("order", 1))
    attempt = start()
    assert run(lambda service, _db: service.has_open("order", 1))
    assert not run(lambda service, _db: service.has_open("order", 2))
    run(lambda service, _db: service.apply_event(event(attempt.number, attempt.amount_fen)))
    assert not run(lambda service, _db: service.has_open("order", 1))
    assert run(lambda service, _db: service.captured_attempt("order", 1)).id == attempt.id
    assert [a.id for a in run(lambda service, _db: service.of_payable("order", 1))] == [attempt.id]


def test_nothing_captured(run):
    with pytest.raises(NotRefundable):
        run(lambda service, _db: service.captured_attempt("order", 1))


def test_a_cashier_confirms_once(run, heard, balance):
    def confirm(service, _db):
        return service.confirm_by_cashier(payable(), COUNTER, 129_900, CASHIER, "R-1")

    first = run(confirm)
    again = run(confirm)

    assert first.id == again.id
    assert (again.state, again.provider_trade_no) == ("captured", "R-1")
    assert [name for name, _data in heard] == ["payment_captured"]
    assert balance(f"clearing.{COUNTER}") == 129_900


@pytest.mark.parametrize("amount", [0, 129_899, 129_901])
def test_a_cashier_takes_exactly_what_is_due(run, heard, amount):
    with pytest.raises(CashierAmountDiffers):
        run(
            lambda service, _db: service.confirm_by_cashier(
                payable(), COUNTER, amount, CASHIER, "R-1"
            )
        )

    assert heard == []


def test_a_cashier_cannot_confirm_for_a_provider_that_moves_money(run):
    with pytest.raises(MethodRefused):
        run(lambda service, _db: service.confirm_by_cashier(payable(), FAKE, 129_900, CASHIER, "R"))


def test_a_cashier_cannot_confirm_where_the_counter_is_off(run, house):
    with house.database.transaction() as db:
        house.switch.set_state(db, REGION, COUNTER, "disabled")

    with pytest.raises(MethodRefused):
        run(
            lambda service, _db: service.confirm_by_cashier(
                payable(), COUNTER, 129_900, CASHIER, "R"
            )
        )


def test_a_cashier_confirms_what_a_draining_counter_has_promised(run, house):
    with house.database.transaction() as db:
        house.switch.set_state(db, REGION, COUNTER, "draining")

    made = run(
        lambda service, _db: service.confirm_by_cashier(payable(), COUNTER, 129_900, CASHIER, "R")
    )

    assert made.state == "captured"


def test_terms_of_an_intent(run, house):
    def terms(service, _db):
        return service.intent_terms(REGION, COUNTER, "AB12", 129_900)

    assert run(terms) == (timedelta(days=7), "请出示 AB12")
    with house.database.transaction() as db:
        item = house.host.gateways.get(COUNTER)
        house.switch.store_settings(db, REGION, item, {"intent_days": 2})

    assert run(terms)[0] == timedelta(days=2)


def test_a_counter_that_takes_less_refuses_the_intent(run, house):
    counter = house.host.gateways.get(COUNTER).obj
    counter.raises["create"] = [NotPermitted(user_message="超过限额")]

    with pytest.raises(MethodRefused) as caught:
        run(lambda service, _db: service.intent_terms(REGION, COUNTER, "AB12", 1))

    assert caught.value.text == "超过限额"


def test_an_order_as_a_payable():
    class Row:
        id, number, payable_fen, region, member_id = 5, "SW5", 100, "4306", 7
        expires_at, collection_method, point_id = clock.now(), "on_site", 9

    made = payable_of("order", Row())

    assert (made.kind, made.id, made.number, made.amount_fen) == ("order", 5, "SW5", 100)
    assert (made.region, made.member_id, made.collection_point_id) == ("4306", 7, 9)


def test_an_account_that_was_rolled_back_is_not_taken_for_known(run, house, start):
    class Undo(Exception):
        pass

    def twice_then_undo(service, _db):
        service.start(payable(1), FAKE, "10.0.0.1")
        service.start(payable(2), FAKE, "10.0.0.1")
        raise Undo

    with pytest.raises(Undo):
        run(twice_then_undo)

    first, second, third = (start(payable(number)) for number in (3, 4, 5))
    assert first.account_id == second.account_id == third.account_id


def test_a_new_merchant_is_another_account_at_once(start, house, run):
    first, second = start(payable(1)), start(payable(2))
    item = house.host.gateways.get(FAKE)
    run(lambda _s, db: house.switch.store_settings(db, "4306", item, {"mchid": "M2", "key": "k2"}))

    assert first.account_id == second.account_id
    assert start(payable(3)).account_id != first.account_id
