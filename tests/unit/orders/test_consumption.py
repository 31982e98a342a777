from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text

from suwen.kernel import ids
from suwen.kernel.audit import Actor
from suwen.kernel.clock import SHANGHAI
from suwen.ledger.accounts import member_account
from suwen.ledger.errors import BadCursor
from suwen.ledger.models import LedgerAccount, LedgerEntry, Posting
from suwen.ledger.services import ledger
from suwen.orders.consumption import BALANCE, ORDER, REFUND, Filter, Totals, consumption
from suwen.orders.models import Order
from suwen.orders.refunds import LineWish
from suwen.orders.services import orders
from suwen.payments.services import payments
from tests.fixtures_shop import PRICE
from tests.unit.payments import fakes

EVERYTHING = Filter()


def page(shop, member_id, wanted=EVERYTHING, **options):
    return shop.run(lambda db: consumption(shop.house, db, member_id).page(wanted, **options))


def totals(shop, member_id, wanted=EVERYTHING):
    return shop.run(lambda db: consumption(shop.house, db, member_id).totals(wanted))


def move(shop, member_id, amount, kind="adjustment", memo="余额调整"):
    """Put money on the member's available balance, or take it."""
    available = member_account(member_id, "available")
    postings = [(available, -amount), ("commission_expense", amount)]
    shop.run(lambda db: ledger(shop.house, db).post(kind, ids.token(), postings, memo=memo))


def rows(shop, member_id, wanted=EVERYTHING):
    found, cursor = [], None
    while True:
        items, cursor = page(shop, member_id, wanted, cursor=cursor, limit=2)
        found += items
        if cursor is None:
            return found


def test_an_order_a_refund_and_a_movement_stand_in_one_list(shop):
    member_id = shop.member("13800001001")
    with time_machine.travel("2026-11-20T02:00:00+00:00", tick=False) as clock:
        order = shop.buy(member_id, quantity=2)
        clock.shift(3600)
        line = shop.run(lambda db: _lines(shop, db, order))[0]
        shop.give_back(order, LineWish(line.id, quantity=1))
        clock.shift(3600)
        move(shop, member_id, 5000)
    found = rows(shop, member_id)
    assert [(row.kind, row.amount_fen) for row in found] == [
        (BALANCE, 5000),
        (REFUND, PRICE),
        (ORDER, -2 * PRICE),
    ]
    assert found[2].number == found[2].order_number == found[1].order_number == order.number
    assert found[0].at == datetime(2026, 11, 20, 4, tzinfo=UTC)
    assert len({row.key for row in found}) == 3
    assert totals(shop, member_id) == Totals(2 * PRICE, PRICE, 5000, 0, 3)
    assert totals(shop, member_id).net_fen == PRICE
    names = shop.run(lambda db: consumption(shop.house, db, member_id).products(found))
    assert names == {order.id: "营养代谢基因检测"}


def _lines(shop, db, order):

    return orders(shop.house, db).lines(order.id)


def test_what_was_not_paid_is_no_consumption(shop):
    member_id = shop.member("13800001002")
    shop.place(member_id)
    assert rows(shop, member_id) == []
    assert totals(shop, member_id) == Totals()


def test_money_that_came_too_late_and_went_back_is_no_consumption(shop):

    member_id = shop.member("13800001012")
    order = shop.place(member_id)
    attempt = shop.start(order)

    def cancel(db):
        service = orders(shop.house, db)
        service.cancel(service.get(order.number), Actor("member", member_id))

    shop.run(cancel)

    told = fakes.event(attempt.number, attempt.amount_fen, event_id="late")

    shop.run(lambda db: payments(shop.house, db).apply_event(told))
    shop.house.outbox.drain()
    assert rows(shop, member_id) == []


def test_another_members_rows_do_not_exist(shop):
    mine, other = shop.member("13800001003"), shop.member("13800001004")
    order = shop.buy(other)
    shop.give_back(order)
    move(shop, other, 100)
    shop.buy(mine)
    assert [row.kind for row in rows(shop, mine)] == [ORDER]
    assert totals(shop, mine) == Totals(spent_fen=PRICE, count=1)
    assert len(rows(shop, other)) == 3


def test_frozen_money_and_debts_do_not_count(shop):
    member_id = shop.member("13800001005")
    for kind in ("frozen", "debt"):
        sign = 1 if kind == "debt" else -1
        postings = [
            (member_account(member_id, kind), sign * 700),
            ("commission_expense", -sign * 700),
        ]
        shop.run(lambda db, p=postings: ledger(shop.house, db).post("x", ids.token(), p))
    assert rows(shop, member_id) == []


def test_days_are_chinas_and_both_ends_are_in(shop):
    member_id = shop.member("13800001006")
    moments = (
        "2026-11-19T15:59:59",
        "2026-11-19T16:00:00",
        "2026-11-20T15:59:59",
        "2026-11-20T16:00:00",
    )
    for amount, moment in enumerate(moments, 1):
        with time_machine.travel(f"{moment}+00:00", tick=False):
            move(shop, member_id, amount)
    day = date(2026, 11, 20)
    found = rows(shop, member_id, Filter(since=day, until=day))
    assert [row.amount_fen for row in found] == [3, 2]
    assert totals(shop, member_id, Filter(since=day, until=day)).balance_in_fen == 5
    assert [r.amount_fen for r in rows(shop, member_id, Filter(until=date.max))] == [4, 3, 2, 1]


def test_a_commission_is_shown_and_sorted_by_its_day(shop):
    member_id = shop.member("13800001007")
    with time_machine.travel("2026-11-20T01:00:00+00:00", tick=False) as clock:
        move(shop, member_id, 10)
        clock.shift(60)
        move(shop, member_id, 20, kind="commission_released")
        clock.shift(60)
        move(shop, member_id, 30)
    found = rows(shop, member_id)
    assert [row.amount_fen for row in found] == [30, 10, 20]
    assert found[2].at.astimezone(SHANGHAI) == datetime(2026, 11, 20, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        (Filter(kind=ORDER), [ORDER]),
        (Filter(kind=REFUND), [REFUND]),
        (Filter(kind=BALANCE), [BALANCE]),
        (Filter(text="营养"), [REFUND, ORDER]),
        (Filter(text="sw2026"), [REFUND, ORDER]),
        (Filter(text="余额"), [BALANCE]),
        (Filter(text="%"), []),
        (Filter(kind=ORDER, text="余额"), []),
    ],
)
def test_filters_hold_for_rows_and_totals(shop, wanted, kinds):
    member_id = shop.member("13800001008")
    with time_machine.travel("2026-11-20T02:00:00+00:00", tick=False) as clock:
        order = shop.buy(member_id)
        clock.shift(1)
        shop.give_back(order)
        clock.shift(1)
        move(shop, member_id, 5)
    assert [row.kind for row in rows(shop, member_id, wanted)] == kinds
    assert totals(shop, member_id, wanted).count == len(kinds)


@pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "A" * 200, "="])
def test_a_cursor_of_ones_own_making_is_refused(shop, cursor):
    member_id = shop.member("13800001009")
    with pytest.raises(BadCursor):
        page(shop, member_id, cursor=cursor)


def test_a_cursor_is_of_one_member_and_tells_no_moment(shop):
    one, other = shop.member("13800001010"), shop.member("13800001011")
    for amount in (1, 2, 3):
        move(shop, one, amount)
    items, cursor = page(shop, one, limit=1)
    assert [row.amount_fen for row in items] == [3]
    assert page(shop, one, cursor=cursor, limit=1)[0][0].amount_fen == 2
    with pytest.raises(BadCursor):
        page(shop, other, cursor=cursor)
    with shop.house.database.snapshot() as db:
        entries = [str(found) for found in db.scalars(select(LedgerEntry.id))]
    assert not [entry for entry in entries if entry in cursor]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "refund", "balance"]),
        st.integers(1, 3),
        st.integers(0, 40 * 24),
    ),
    max_size=6,
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, since=st.none() | st.integers(0, 40), until=st.none() | st.integers(0, 40))
def test_totals_are_the_sum_of_the_rows_and_what_the_ledger_says(shop, steps, since, until):
    member_id = shop.member(f"138{ids.new_id() % 10**8:08d}")
    start, bought = datetime(2026, 9, 1, tzinfo=UTC), []
    moments = sorted(hours for _what, _amount, hours in steps)
    for (what, amount, _hours), hours in zip(steps, moments, strict=True):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            if what == "buy":
                bought.append(shop.buy(member_id, quantity=amount))
            elif what == "refund" and bought:
                shop.give_back(bought.pop())
            elif what == "balance":
                move(shop, member_id, amount * 100)
                move(shop, member_id, -amount * 30, memo="")
    everything = rows(shop, member_id)
    assert everything == sorted(everything, key=lambda row: row.at, reverse=True)
    _agrees(totals(shop, member_id), everything)
    first = (start + timedelta(days=since)).date() if since is not None else None
    last = (start + timedelta(days=until)).date() if until is not None else None
    wanted = Filter(since=first, until=last)
    chosen = rows(shop, member_id, wanted)
    assert chosen == [row for row in everything if _inside(row, first, last)]
    _agrees(totals(shop, member_id, wanted), chosen)
    _is_the_ledgers_truth(shop, member_id, totals(shop, member_id))


def _inside(row, first, last):
    day = row.at.astimezone(SHANGHAI).date()
    return (first is None or day >= first) and (last is None or day <= last)


def _agrees(found, listed):
    def total(kind, sign):
        return sum(max(0, sign * row.amount_fen) for row in listed if row.kind == kind)

    expected = Totals(
        total(ORDER, -1), total(REFUND, 1), total(BALANCE, 1), total(BALANCE, -1), len(listed)
    )
    assert found == expected


def _is_the_ledgers_truth(shop, member_id, found):

    with shop.house.database.snapshot() as db:
        balance = ledger(shop.house, db).member(member_id).available_fen
        own = [str(key) for key in db.scalars(select(Order.id).where(Order.member_id == member_id))]
        booked = (
            select(func.coalesce(func.sum(Posting.amount_fen), 0))
            .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
            .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
            .where(LedgerAccount.code == "revenue")
        )
        spent = -int(
            db.scalar(booked.where(LedgerEntry.kind == "order_paid", LedgerEntry.ref.in_(own)))
        )
    assert found.balance_in_fen - found.balance_out_fen == balance
    assert found.spent_fen == spent


def test_no_statement_reads_a_whole_table(shop):
    member_id = shop.member("13800001013")
    seen = []

    def keep(_connection, _cursor, statement, parameters, *_rest):
        if "movement" in statement:
            seen.append((statement, parameters))

    engine = shop.house.database.engine
    event.listen(engine, "before_cursor_execute", keep)
    page(shop, member_id, Filter(since=date(2026, 1, 1)))
    totals(shop, member_id, Filter(text="营养"))
    event.remove(engine, "before_cursor_execute", keep)
    assert len(seen) == 2
    for statement, parameters in seen:
        plan = _plan(shop, statement, parameters)
        for table in (
            "order",
            "ledger_entry",
            "ledger_posting",
            "ledger_account",
            "payment_attempt",
            "payment_refund",
            "order_line",
        ):
            assert not _scans(plan, table), plan


def _plan(shop, statement, parameters):
    with shop.house.database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(row[3] for row in found)
        # Empty tables are read whole whatever the indexes: ask whether it could be done without.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        return "\n".join(
            row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        )


def _scans(plan, table):
    return any(
        line.strip()
        .removeprefix("->")
        .strip()
        .startswith((f"SCAN {table}", f"Seq Scan on {table}", f'Seq Scan on "{table}"'))
        and "USING" not in line
        for line in plan.splitlines()
    )
