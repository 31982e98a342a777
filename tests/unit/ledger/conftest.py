import pytest

from suwen.ledger.services import ledger
from tests.unit.ledger import houses


@pytest.fixture
def ledger_house(database_url, tmp_path):
    made = houses.build(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def db(ledger_house):
    with ledger_house.database.transaction() as session:
        yield session


@pytest.fixture
def books(ledger_house, db):
    return ledger(ledger_house, db)
