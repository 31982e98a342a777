import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from suwen.kernel.audit import SYSTEM
from suwen.ledger import ddl, tasks
from suwen.ledger.accounts import member_account
from suwen.ledger.services import ledger

FROZEN = member_account(7, "frozen")


@pytest.fixture
def written(ledger_house):
    """Two entries of which the chain covers both, one audit event."""
    with ledger_house.database.transaction() as session:
        books = ledger(ledger_house, session)
        books.post("capture", "A1", [("clearing.payment_x", 1000), ("receipts", -1000)])
        books.post("given", "A1", [("commission_expense", 80), (FROZEN, -80)])
        ledger_house.audit.write(session, SYSTEM, "tested", "entry", 1)
        ledger_house.audit.seal(session)
    tasks.seal(ledger_house)
    return ledger_house


def verdict(house):
    with house.database.snapshot() as session:
        return ledger(house, session).verify()


def tamper(house, *statements):
    """As somebody with all rights who first drops the triggers."""
    with house.database.engine.begin() as connection:
        if house.database.is_sqlite:
            names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in connection.exec_driver_sql(names).all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)
        if not house.database.is_sqlite:
            connection.exec_driver_sql("SET session_replication_role = DEFAULT")


def test_good_books(written):
    found = verdict(written)

    assert found.ok, found.fault
    assert (found.entries, found.trial_balance_fen, found.fault) == (2, 0, "")
    assert {(a.code, a.balance_fen) for a in found.accounts} == {
        ("clearing.payment_x", 1000),
        ("receipts", -1000),
        ("commission_expense", 80),
        ("members.available", 0),
        ("members.frozen", -80),
        ("members.debt", 0),
    }


def test_empty_books(ledger_house):
    assert verdict(ledger_house).ok


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE ledger_posting SET amount_fen = amount_fen + 1 WHERE amount_fen = 80", "zero"),
        ("UPDATE ledger_posting SET amount_fen = amount_fen * 2", "altered"),
        ("UPDATE ledger_entry SET memo = 'x' WHERE kind = 'given'", "altered"),
        ("UPDATE ledger_entry SET ref = 'A2'", "altered"),
        ("UPDATE ledger_account SET balance_fen = 81 WHERE kind = 'frozen'", "holds 81 fen"),
        (
            "UPDATE ledger_account SET code = 'revenue' WHERE code = 'receipts'",
            "altered",
        ),
        ("UPDATE ledger_link SET hash = 'x' WHERE seq = 2", "ledger_link 2 does not fit"),
        ("DELETE FROM ledger_link WHERE seq = 2", "ends before its anchor 2"),
        ("DELETE FROM ledger_link WHERE seq = 1", "a row is missing"),
    ],
)
def test_tampering_is_named(written, statement, fault):
    tamper(written, statement)

    found = verdict(written)

    assert not found.ok
    assert fault in found.fault


@pytest.mark.postgres
def test_a_member_below_zero_is_named_even_when_books_and_cache_agree(written, monkeypatch):
    with written.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE ledger_account DROP CONSTRAINT ck_ledger_account_never_negative"
        )
    monkeypatch.setattr("suwen.ledger.posting._shortfall", lambda balances, changes: None)
    with written.database.transaction() as session:
        ledger(written, session).post("x", "1", [(FROZEN, 81), ("fees", -81)])

    assert "holds -1 fen" in verdict(written).fault


def test_a_deleted_entry_is_missed_though_the_books_balance(written):
    tamper(
        written,
        "DELETE FROM ledger_posting WHERE entry_id IN"
        " (SELECT id FROM ledger_entry WHERE kind = 'capture')",
        "DELETE FROM ledger_entry WHERE kind = 'capture'",
    )

    assert "a row is missing" in verdict(written).fault


def test_postings_without_their_entry_are_found(written):
    if written.database.is_sqlite:
        pytest.skip("foreign keys cannot be switched off inside a transaction")
    tamper(written, "DELETE FROM ledger_entry WHERE kind = 'capture'")

    assert "missing entry" in verdict(written).fault


def test_an_entry_of_a_stranger_is_found(written):
    tamper(
        written,
        "INSERT INTO ledger_entry (id, kind, ref, memo, occurred_at, recorded_at, mac)"
        " SELECT id + 1, 'forged', ref, memo, occurred_at, recorded_at, mac FROM ledger_entry"
        " WHERE kind = 'capture'",
    )

    assert "altered" in verdict(written).fault


@pytest.mark.parametrize("table", ddl.APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_rows_cannot_be_changed(written, table, verb):
    column = "seq" if table.endswith("link") else "amount_fen" if "posting" in table else "id"
    where = f"{table} SET {column} = {column}" if verb == "UPDATE" else f"FROM {table}"
    statement = f"{verb} {where}"

    with pytest.raises(IntegrityError, match="append-only"), written.database.engine.begin() as c:
        c.execute(text(statement))

    assert verdict(written).ok


@pytest.mark.postgres
def test_tables_cannot_be_emptied(written):
    with pytest.raises(IntegrityError, match="append-only"), written.database.engine.begin() as c:
        c.execute(text("TRUNCATE ledger_entry CASCADE"))


def test_the_migrations_statements_can_run_again(written):
    with written.database.engine.begin() as connection:
        for statement in ddl.statements(connection.dialect.name):
            connection.execute(text(statement))

    assert verdict(written).ok


def test_sealing_goes_on_where_it_stopped(written):
    with written.database.transaction() as session:
        ledger(written, session).post("x", "1", [("fees", 1), ("receipts", -1)])
        ledger(written, session).post("x", "2", [("fees", 1), ("receipts", -1)])
    with written.database.transaction() as session:
        assert ledger(written, session).seal(limit=1) == 1
    tasks.seal(written)
    with written.database.transaction() as session:
        assert ledger(written, session).seal() == 0

    assert verdict(written).ok
    assert written.settings.path("ledger.head").read_text().startswith("4 ")


def test_a_sealing_that_is_rolled_back_leaves_the_anchor_alone(written):
    before = written.settings.path("ledger.head").read_text()

    def interrupted():
        with written.database.transaction() as session:
            ledger(written, session).post("x", "1", [("fees", 1), ("receipts", -1)])
            assert ledger(written, session).seal() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert written.settings.path("ledger.head").read_text() == before
    assert verdict(written).ok


def test_the_audit_log_stands_on_the_same_chain(written):
    with written.database.snapshot() as session:
        assert written.audit.verify(session).ok
        assert written.audit.unsealed(session) == 0

    tamper(written, "UPDATE audit_event SET reason = 'x'")

    with written.database.snapshot() as session:
        assert "was altered" in written.audit.verify(session).fault


def test_a_cut_audit_log_is_found(written):
    tamper(written, "DELETE FROM audit_link", "DELETE FROM audit_event")

    with written.database.snapshot() as session:
        assert "anchor" in written.audit.verify(session).fault
