from __future__ import annotations

import pytest
from sqlalchemy import func, select

from suwen.accounts.personal_data import Retention
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.errors import NotFound
from suwen.kernel.sessions import WebSession
from suwen.messaging.models import ConsoleMessage, Message
from suwen.privacy import retention
from suwen.privacy.errors import BadPeriod
from suwen.privacy.models import RetentionRun
from suwen.privacy.periods import periods, rules_of

STAFF = Actor("staff", 700)


def count(life, model):
    with life.house.database.snapshot() as db:
        return db.scalar(select(func.count()).select_from(model))


def choose(life, code, days):
    life.site.run(lambda db: periods(life.house, db).choose(code, days, STAFF))


def test_every_rule_has_a_floor_and_a_name(site):
    rules = rules_of(site.house)
    assert {rule.code for rule in rules} >= {
        "sessions",
        "messages",
        "console",
        "questionnaires.abandoned",
        "archives.unmatched",
        "push_inbox.messages",
        "privacy.exports",
        "privacy.requests",
        "erasure_grace_days",
        "key_backup_days",
    }
    assert all(rule.default_days >= rule.least_days for rule in rules)


def test_two_rules_of_one_name_are_a_mistake(site):
    site.house.ports["retention"].append(Retention("messages", "x", 1, 1))
    with pytest.raises(ValueError, match="two retention rules named messages"):
        rules_of(site.house)


def test_old_messages_and_sessions_go_and_the_run_says_how_many(life, traveller):
    life.site.token(life.member)
    assert count(life, Message) > 0
    assert count(life, ConsoleMessage) > 0
    retention.run_all(life.house)
    assert count(life, Message) > 0
    assert count(life, WebSession) == 1
    traveller(days=400)
    retention.run_all(life.house)
    assert [count(life, model) for model in (Message, ConsoleMessage, WebSession)] == [0, 0, 0]
    with life.house.database.snapshot() as db:
        run = db.get_one(RetentionRun, "sessions")
    assert (run.deleted, run.total, run.error) == (1, 1, "")


def test_a_chosen_period_counts_and_is_recorded(life, traveller):
    choose(life, "messages", 30)
    traveller(days=31)
    retention.run_all(life.house)
    assert count(life, Message) == 0
    with life.house.database.snapshot() as db:
        found = db.scalars(select(AuditEvent).where(AuditEvent.action == "retention.change")).one()
        assert life.house.audit.details(found) == {"before": 365, "after": 30}


@pytest.mark.parametrize("days", [29, -1, 36_501])
def test_no_period_is_shorter_than_its_floor(life, days):
    with pytest.raises(BadPeriod):
        choose(life, "messages", days)


def test_an_unknown_rule_does_not_exist(life):
    with pytest.raises(NotFound):
        choose(life, "nothing", 5)


def test_a_rule_that_raises_is_named_and_stops_no_other(life, traveller):
    def broken(house, before):
        raise RuntimeError("13977712345")

    life.house.ports["retention"].insert(0, Retention("broken", "坏", 1, 1, broken))
    traveller(days=400)
    retention.run_all(life.house)
    assert count(life, Message) == 0
    with life.house.database.snapshot() as db:
        assert db.get_one(RetentionRun, "broken").error == "RuntimeError"


def test_what_is_deleted_comes_in_batches(life):
    asked = []

    def batches(house, before):
        asked.append(before)
        return 10 if len(asked) < 4 else 0

    life.house.ports["retention"].append(Retention("batches", "批", 1, 1, batches))
    retention.run_all(life.house)
    with life.house.database.snapshot() as db:
        assert db.get_one(RetentionRun, "batches").deleted == 30


def test_it_runs_at_night_only(life, monkeypatch):
    ran = []
    monkeypatch.setattr(retention, "run_all", ran.append)
    for hour in range(24):
        moment = retention.clock.now().astimezone(retention.clock.SHANGHAI).replace(hour=hour)
        monkeypatch.setattr(retention.clock, "now", lambda moment=moment: moment)
        retention.nightly(life.house)
    assert len(ran) == 1
