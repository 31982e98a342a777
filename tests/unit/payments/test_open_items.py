"""What draining a gateway leaves to settle."""

from suwen.kernel.audit import Actor
from suwen.payments import open_items
from tests.unit.payments import fakes


def counts(house, plugin=fakes.FAKE, region=fakes.REGION):
    with house.database.snapshot() as db:
        return [count for _label, count in open_items(db, region, plugin)]


def test_open_payments_and_refunds_are_counted(house, start, run):
    assert counts(house) == [0, 0]
    attempt = start()
    assert counts(house) == [1, 0]
    assert counts(house, fakes.COUNTER) == counts(house, region="100000") == [0, 0]
    told = fakes.event(attempt.number, attempt.amount_fen)
    run(lambda service, _db: service.apply_event(told))
    assert counts(house) == [0, 0]
    run(lambda service, _db: service.request_refund(attempt.id, 100, "不需要", Actor("member", 7)))
    assert counts(house) == [0, 1]
