"""A database with rows of the release before comes up whole, and down and up again."""

from alembic import command
from sqlalchemy import text

from suwen.app import make_app
from suwen.kernel import migrations

MOMENT = "2026-01-02 03:04:05.000000"
TABLES = ("member", "login", "subject", "consent", "postal_address", "web_session", "staff_grant")


def down(house):
    """To the first release's tables, as the program itself would migrate."""
    engine = house.database.engine
    with engine.connect() as connection:
        if house.database.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.downgrade(migrations.config(None, connection), "0001")
        connection.commit()
        if house.database.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.exec_driver_sql("BEGIN DEFERRED")


def fill(db):
    """Two members of whom one is staff, with something in every table that is rebuilt."""
    for key in (1, 2):
        db.execute(
            text(
                "INSERT INTO member (id, kind, state, display_name, locale, totp_last_step, "
                "created_at) VALUES (:id, 'individual', 'active', 'x', 'zh_CN', 0, :at)"
            ),
            {"id": key, "at": MOMENT},
        )
        db.execute(
            text(
                "INSERT INTO subject (id, member_id, relation, created_at) "
                "VALUES (:id, :id, 'self', :at)"
            ),
            {"id": key, "at": MOMENT},
        )
    for key, role in ((1, "administrator"), (2, "finance")):
        db.execute(
            text(
                "INSERT INTO staff_grant (id, member_id, role, region, created_at) "
                "VALUES (:id, 1, :role, '*', :at)"
            ),
            {"id": key, "role": role, "at": MOMENT},
        )


def counts(db):
    return {name: db.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES}  # noqa: S608


def test_rows_of_the_release_before_stay_and_staff_have_their_place(house):
    make_app(house)
    down(house)
    with house.database.transaction() as db:
        fill(db)
        before = counts(db)
    migrations.upgrade(house)
    with house.database.transaction() as db:
        assert counts(db) == before
        placed = db.execute(text("SELECT member_id, parent_id FROM staff_member")).all()
        assert [tuple(row) for row in placed] == [(1, None)]
        assert db.scalar(text("SELECT max(branch_id) FROM staff_grant")) == 0
        grant = "INSERT INTO staff_grant (id, member_id, role, region, branch_id, created_at) "
        db.execute(text(grant + "VALUES (3, 2, 'finance', '*', 9, :at)"), {"at": MOMENT})
    down(house)
    with house.database.transaction() as db:
        assert counts(db) == before
    migrations.upgrade(house)
    assert migrations.at_head(house)
