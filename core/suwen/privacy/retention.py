"""The nightly job: every rule deletes what is older than its period, in batches."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from suwen.kernel import clock
from suwen.kernel.upsert import insert_for
from suwen.privacy.models import RetentionRun
from suwen.privacy.periods import periods

if TYPE_CHECKING:
    from suwen.accounts.personal_data import Retention
    from suwen.kernel.house import House

log = structlog.get_logger(__name__)

ROUNDS: Final = 1000
"""Batches of one rule in one night: what is left is deleted in the next."""
NIGHT: Final = 3
"""Hour in Shanghai."""


def nightly(house: House) -> None:
    """Periodic job: once a night, whoever of the workers comes first; twice does no harm."""
    if clock.now().astimezone(clock.SHANGHAI).hour == NIGHT:
        run_all(house)


def run_all(house: House) -> None:
    """Carry out every rule. One that raises is named on the page and stops no other."""
    with house.database.snapshot() as db:
        found = [(one.rule, one.days) for one in periods(house, db).all()]
    for rule, days in found:
        if rule.purge is not None:
            _run(house, rule, days)


def _run(house: House, rule: Retention, days: int) -> None:
    before, deleted, error = clock.now() - timedelta(days=days), 0, ""
    try:
        for _round in range(ROUNDS):
            gone = rule.purge(house, before) if rule.purge else 0
            deleted += gone
            if not gone:
                break
    except Exception as cause:
        log.exception("retention.failed", rule=rule.code)
        error = type(cause).__name__
    _note(house, rule.code, deleted, error)


def _note(house: House, code: str, deleted: int, error: str) -> None:
    values = {"ran_at": clock.now(), "deleted": deleted, "error": error}
    with house.database.transaction() as db:
        statement = insert_for(db, RetentionRun).values(code=code, total=deleted, **values)
        total = {"total": RetentionRun.total + deleted}
        db.execute(
            statement.on_conflict_do_update(index_elements=["code"], set_={**values, **total})
        )
