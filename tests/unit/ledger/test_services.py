import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, func, select

from suwen.ledger.accounts import clearing, member_account
from suwen.ledger.errors import BadCursor, InsufficientFunds, UnbalancedEntry, UnknownAccount
from suwen.ledger.models import LedgerEntry, Posting
from suwen.ledger.services import MemberBalance, ledger

AVAILABLE = member_account(7, "available")
FROZEN = member_account(7, "frozen")
DEBT = member_account(7, "debt")


def give(books, ref, fen, account=AVAILABLE):
    return books.post("given", ref, [("commission_expense", fen), (account, -fen)], memo="返现")


def count(db, model):
    return db.scalar(select(func.count()).select_from(model))


def test_a_capture_stands_on_two_accounts(books):
    books.post("capture", "A1", [(clearing("payment_x"), 129_900), ("receipts", -129_900)])

    assert books.balance("clearing.payment_x") == 129_900
    assert books.balance("receipts") == -129_900
    assert books.balance("revenue") == 0


def test_the_same_ref_counts_once_and_another_kind_counts(books, db):
    assert give(books, "1", 500) is not None
    assert give(books, "1", 500) is None
    assert books.post("other", "1", [("commission_expense", 500), (AVAILABLE, -500)]) is not None

    assert books.member(7).available_fen == 1000
    assert count(db, LedgerEntry) == 2


@pytest.mark.parametrize(
    "postings",
    [
        [("receipts", 100), ("revenue", -99)],
        [("receipts", 100)],
        [],
        [("receipts", 0), ("revenue", 0)],
        [("receipts", 5), ("receipts", -5)],
    ],
)
def test_what_does_not_balance_or_moves_nothing_is_refused(books, db, postings):
    with pytest.raises(UnbalancedEntry):
        books.post("x", "1", postings)

    assert count(db, LedgerEntry) == 0


@pytest.mark.parametrize("amount", [1.0, True, "1"])
def test_money_is_an_int(books, amount):
    with pytest.raises(TypeError):
        books.post("x", "1", [("receipts", amount), ("revenue", -amount if amount != "1" else 0)])


@pytest.mark.parametrize(
    "code",
    ["revenu", "clearing.", "clearing.Payment", "member.0.available", "member.7.gold", "member.x"],
)
def test_the_chart_knows_its_accounts(books, code):
    with pytest.raises(UnknownAccount):
        books.post("x", "1", [(code, 1), ("revenue", -1)])


def test_zero_postings_are_left_out_and_same_accounts_added_up(books, db):
    books.post("x", "1", [("receipts", 60), ("receipts", 40), ("revenue", -100), ("fees", 0)])

    assert count(db, Posting) == 2
    assert books.balance("receipts") == 100


def test_a_members_three_accounts(books):
    give(books, "1", 900, FROZEN)
    books.post("release", "1", [(FROZEN, 600), (AVAILABLE, -600)])
    books.post("claw back", "1", [(AVAILABLE, 600), (DEBT, 50), ("commission_expense", -650)])

    assert books.member(7) == MemberBalance(available_fen=0, frozen_fen=300, debt_fen=50)
    assert books.balance(DEBT) == 50
    assert books.member(8) == MemberBalance()


def test_a_shortfall_writes_nothing_and_is_named(books, db):
    give(books, "1", 100)

    with pytest.raises(InsufficientFunds) as caught:
        books.post("spend", "1", [(AVAILABLE, 101), ("receipts", -101)])

    assert (caught.value.account, caught.value.balance_fen, caught.value.needed_fen) == (
        AVAILABLE,
        100,
        101,
    )
    assert count(db, LedgerEntry) == 1
    assert books.verify().ok


def test_a_repeated_entry_needs_no_money_again(books):
    give(books, "1", 100)
    books.post("spend", "1", [(AVAILABLE, 100), ("receipts", -100)])

    assert books.post("spend", "1", [(AVAILABLE, 100), ("receipts", -100)]) is None


def test_a_debt_cannot_become_negative(books):
    with pytest.raises(InsufficientFunds):
        books.post("x", "1", [(DEBT, -1), ("fees", 1)])


def test_large_amounts(books):
    give(books, "1", 9_000_000_000_000)
    give(books, "2", 9_000_000_000_000)

    assert books.member(7).available_fen == 18_000_000_000_000


def test_the_statement_pages_from_new_to_old(books):
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    for number in range(5):
        books.post(
            "given",
            str(number),
            [("commission_expense", 10 + number), (FROZEN, -10 - number)],
            memo="返现",
            occurred_at=moment,
        )
    books.post("release", "1", [(FROZEN, 3), (AVAILABLE, -3)])
    give(books, "other", 77, member_account(8, "available"))

    seen, cursor = [], None
    while True:
        page, cursor = books.entries(7, cursor, limit=2)
        seen += page
        if cursor is None:
            break

    assert {(line.account, line.amount_fen) for line in seen[:2]} == {
        ("frozen", -3),
        ("available", 3),
    }
    assert [line.amount_fen for line in seen[2:]] == [14, 13, 12, 11, 10]
    assert seen[2].memo == "返现"
    assert seen[2].occurred_at == moment
    assert len({line.id for line in seen}) == 7


def test_an_empty_statement(books):
    assert books.entries(7) == ([], None)


@pytest.mark.parametrize("cursor", ["x", "1", "1.", "１.２", "1.-2", f"{2**63}.1", "1.2.3", "1;2"])
def test_a_cursor_that_is_not_ours_is_refused(books, cursor):
    with pytest.raises(BadCursor):
        books.entries(7, cursor)


def test_statements_of_an_entry(ledger_house):
    with ledger_house.database.transaction() as session:
        give(ledger(ledger_house, session), "0", 100)
        ledger(ledger_house, session).post("capture", "1", [("receipts", 5), ("revenue", -5)])
    seen = []

    def note(_c, _cursor, statement, *_):
        seen.append(statement)

    with ledger_house.database.transaction() as session:
        books = ledger(ledger_house, session)
        session.connection()
        event.listen(ledger_house.database.engine, "before_cursor_execute", note)
        books.post("capture", "2", [("receipts", 5), ("revenue", -5)])
        house_only = len(seen)
        seen.clear()
        give(books, "1", 100)

    # Entry and postings; with a member also the balances.
    assert house_only == 2
    assert len(seen) == 3


def test_accounts_of_a_rolled_back_transaction_are_not_remembered(ledger_house):
    def interrupted():
        with ledger_house.database.transaction() as session:
            books = ledger(ledger_house, session)
            books.post("x", "1", [("fees", 1), ("tax_withheld", -1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    with ledger_house.database.transaction() as session:
        ledger(ledger_house, session).post("x", "1", [("fees", 1), ("tax_withheld", -1)])
    with ledger_house.database.snapshot() as session:
        assert ledger(ledger_house, session).balance("fees") == 1
        assert ledger(ledger_house, session).verify().ok


def in_threads(number, act):
    barrier, failures = threading.Barrier(number), []

    def run(index):
        barrier.wait()
        try:
            act(index)
        except Exception as error:  # noqa: BLE001 - handed to the test below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_one_entry_from_sixteen_threads(ledger_house):
    results = []

    def act(_index):
        with ledger_house.database.transaction() as session:
            results.append(give(ledger(ledger_house, session), "once", 500))

    assert in_threads(16, act) == []
    assert sum(result is not None for result in results) == 1
    with ledger_house.database.snapshot() as session:
        assert ledger(ledger_house, session).member(7).available_fen == 500
        assert ledger(ledger_house, session).verify().ok


def test_the_same_money_is_spent_once(ledger_house):
    with ledger_house.database.transaction() as session:
        give(ledger(ledger_house, session), "start", 1000)

    def act(index):
        with ledger_house.database.transaction() as session:
            books = ledger(ledger_house, session)
            books.post("spend", str(index), [(AVAILABLE, 400), ("receipts", -400)])

    failures = in_threads(8, act)

    assert [type(error) for error in failures] == [InsufficientFunds] * 6
    with ledger_house.database.snapshot() as session:
        assert ledger(ledger_house, session).member(7).available_fen == 200
        assert ledger(ledger_house, session).verify().ok


def test_crossing_transfers_do_not_deadlock(ledger_house):
    one, two = member_account(1, "available"), member_account(2, "available")
    with ledger_house.database.transaction() as session:
        give(ledger(ledger_house, session), "1", 10_000, one)
        give(ledger(ledger_house, session), "2", 10_000, two)

    def act(index):
        source, target = (one, two) if index % 2 else (two, one)
        for step in range(5):
            with ledger_house.database.transaction() as session:
                books = ledger(ledger_house, session)
                books.post("move", f"{index}.{step}", [(source, 1), (target, -1)])

    assert in_threads(8, act) == []
    with ledger_house.database.snapshot() as session:
        books = ledger(ledger_house, session)
        assert (books.member(1).available_fen, books.member(2).available_fen) == (10_000, 10_000)


def test_a_batch_writes_what_others_post_in_three_statements(ledger_house):
    with ledger_house.database.transaction() as session:
        give(ledger(ledger_house, session), "0", 1)
        ledger(ledger_house, session).post("capture", "0", [("receipts", 5), ("revenue", -5)])
    seen = []

    def note(_c, _cursor, statement, *_):
        seen.append(statement)

    with ledger_house.database.transaction() as session:
        books = ledger(ledger_house, session)
        session.connection()
        event.listen(ledger_house.database.engine, "before_cursor_execute", note)
        with books.batch():
            books.post("capture", "1", [("receipts", 5), ("revenue", -5)])
            with ledger(ledger_house, session).batch():
                give(ledger(ledger_house, session), "1", 100)
                give(ledger(ledger_house, session), "2", 11, FROZEN)
            assert seen == []
        # The entries, their postings and the balances; one account is opened.
        assert len(seen) == 5, seen
        event.remove(ledger_house.database.engine, "before_cursor_execute", note)
        assert books.member(7) == MemberBalance(available_fen=101, frozen_fen=11)
        assert books.balance("receipts") == 10


def test_a_batch_that_raises_writes_nothing(books, db):
    with pytest.raises(RuntimeError, match="no"), books.batch():
        give(books, "1", 100)
        raise RuntimeError("no")
    assert count(db, LedgerEntry) == 0
    assert give(books, "1", 100) is not None


def test_a_batch_leaves_out_what_stands(books, db):
    give(books, "1", 100)
    with books.batch():
        give(books, "1", 100)
        give(books, "2", 7)
        give(books, "2", 7)
    assert count(db, LedgerEntry) == 2
    assert books.member(7).available_fen == 107
    assert books.verify().ok


def test_a_batch_takes_only_what_is_there(books, db):
    with pytest.raises(InsufficientFunds), books.batch():
        give(books, "1", 100)
        books.post("taken", "1", [(AVAILABLE, 101), ("revenue", -101)])
    assert count(db, LedgerEntry) == 0
    with books.batch():
        give(books, "1", 100)
        books.post("taken", "2", [(AVAILABLE, 40), ("revenue", -40)])
        give(books, "3", 5)
    assert books.member(7).available_fen == 65
    with books.batch():
        books.post("taken", "2", [(AVAILABLE, 70), ("revenue", -70)])
    assert books.member(7).available_fen == 65
    assert books.verify().ok


def test_what_is_read_in_a_batch_counts_what_was_posted_there(books):
    with books.batch():
        give(books, "1", 100)
        assert books.member(7).available_fen == 100
        give(books, "2", 1)
        assert books.balance(AVAILABLE) == -101
    assert books.member(7).available_fen == 101
    assert books.verify().ok
