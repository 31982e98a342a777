import pytest

from suwen.ledger.services import ledger
from suwen.payments.services import payments
from tests.unit.payments import fakes


@pytest.fixture
def house(database_url, tmp_path):
    made = fakes.payment_house(database_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def gateway(house):
    return fakes.fake(house)


@pytest.fixture
def run(house):
    """``run(lambda service, db: …)`` in a transaction of its own."""

    def act(what):
        with house.database.transaction() as db:
            return what(payments(house, db), db)

    return act


@pytest.fixture
def outside(house):
    """The service with a session that is in no transaction, as after ``commit_step``."""
    with house.database.snapshot() as db:
        yield payments(house, db)


@pytest.fixture
def start(run, outside):
    """A started and announced attempt."""

    def act(payable=None, announce=True):
        made = run(
            lambda service, _db: service.start(payable or fakes.payable(), fakes.FAKE, "10.0.0.1")
        )
        if announce:
            outside.announce(made.id)
        return made

    return act


@pytest.fixture
def read(run):
    """The present row of an attempt or refund."""
    return lambda row: run(lambda _service, db: db.get_one(type(row), row.id))


@pytest.fixture
def heard(house):
    """Names and data of the events that were told."""
    told = []
    house.events.subscribe("*", lambda _db, event: told.append((event.name, event.data)))
    return told


@pytest.fixture
def balance(house):
    def act(code):
        with house.database.snapshot() as db:
            return ledger(house, db).balance(code)

    return act


@pytest.fixture(autouse=True)
def books_are_right(house):
    yield
    with house.database.snapshot() as db:
        verdict = ledger(house, db).verify()
    assert verdict.ok, verdict.fault
