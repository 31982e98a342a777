from datetime import timedelta

import time_machine

from suwen.kernel import clock, outbox
from suwen.kernel.housekeeping import tidy
from suwen.kernel.outbox import KEPT, OutboxItem
from suwen.kernel.ratelimit import Limit, RateCount


def test_done_work_and_old_windows_go_while_what_waits_or_died_stays(house):
    house.outbox.handler("test", lambda _payload: None)
    with house.database.transaction() as db:
        outbox.put(db, "test", "done")
        house.limiter.hit(db, Limit("test", 5, 60), "a")
    house.outbox.drain()
    with house.database.transaction() as db:
        outbox.put(db, "other", "waits")
    with time_machine.travel(clock.now() + KEPT + timedelta(hours=1), tick=False):
        tidy(house)
        tidy(house)
    with house.database.snapshot() as db:
        assert [item.key for item in db.query(OutboxItem)] == ["waits"]
        assert db.query(RateCount).count() == 0
