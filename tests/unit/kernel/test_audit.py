import pytest
from sqlalchemy import text

from suwen.kernel.audit import Actor
from suwen.kernel.crypto import KeyBase

STAFF = Actor("staff", 5, "request-1", "4306")


@pytest.fixture
def log(house):
    KeyBase.metadata.create_all(house.vault.store.engine)
    with house.database.transaction() as db:
        for number in range(3):
            house.audit.write(
                db, STAFF, "record.read", "record", number, subject_id=9, details={"n": number}
            )
    return house.audit


def verify(house):
    with house.database.transaction() as db:
        return house.audit.verify(db)


def tamper(house, statement):
    """As a superuser would: the triggers that protect the table are switched off first."""
    with house.database.transaction() as db:
        if house.database.is_sqlite:
            for verb in ("update", "delete"):
                db.execute(text(f"DROP TRIGGER IF EXISTS audit_event_no_{verb}"))
        else:
            db.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
        db.execute(text(statement))


def test_an_untouched_log_verifies(house, log):
    assert verify(house).ok
    with house.database.transaction() as db:
        assert log.seal(db) == 3
    assert verify(house).ok


def test_rows_cannot_be_changed_in_the_ordinary_way(house, log):
    for statement in ("UPDATE audit_event SET reason = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(Exception, match="append-only"), house.database.transaction() as db:
            db.execute(text(statement))


@pytest.mark.parametrize("sealed", [True, False])
def test_an_altered_row_is_found(house, log, sealed):
    if sealed:
        with house.database.transaction() as db:
            log.seal(db)
    tamper(house, "UPDATE audit_event SET actor_id = 6 WHERE object_id = '1'")
    verdict = verify(house)
    assert not verdict.ok
    assert verdict.fault


def test_a_deleted_row_is_found(house, log):
    with house.database.transaction() as db:
        log.seal(db)
    tamper(house, "DELETE FROM audit_event WHERE object_id = '1'")
    assert not verify(house).ok


def test_details_are_sealed_for_the_subject(house, log):
    from suwen.kernel.audit import AuditEvent
    from suwen.kernel.crypto import CannotOpen

    with house.database.snapshot() as db:
        event = db.query(AuditEvent).where(AuditEvent.object_id == "1").one()
        assert log.details(event) == {"n": 1}
    house.vault.destroy(9)
    with pytest.raises(CannotOpen):
        log.details(event)
    assert verify(house).ok
