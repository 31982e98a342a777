"""How long what is kept: rules of the domains and plugins, and what an administrator chose instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from suwen.accounts.personal_data import RETENTION, Retention
from suwen.kernel import clock
from suwen.kernel.audit import Actor
from suwen.kernel.errors import NotFound
from suwen.privacy.errors import BadPeriod
from suwen.privacy.models import RetentionRule, RetentionRun

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import AuditLog
    from suwen.kernel.house import House

EXPORTS: Final = "privacy.exports"
GRACE: Final = "erasure_grace_days"
KEY_BACKUP: Final = "key_backup_days"
LONGEST: Final = 36_500


@dataclass(frozen=True, slots=True)
class Period:
    """A rule as it counts now."""

    rule: Retention
    days: int
    chosen: bool
    run: RetentionRun | None


class Periods:
    """Reads and changes periods."""

    def __init__(self, db: Session, rules: Sequence[Retention], audit: AuditLog) -> None:
        """``rules`` are all that were registered."""
        self._db = db
        self._rules = {rule.code: rule for rule in rules}
        self._audit = audit

    def days(self, code: str) -> int:
        """Days of one rule: what was chosen, never less than the rule allows."""
        rule, row = self._rules[code], self._db.get(RetentionRule, code)
        return max(row.days, rule.least_days) if row is not None else rule.default_days

    def all(self) -> Sequence[Period]:
        """Every rule with its last run; two statements."""
        chosen = {row.code: row.days for row in self._db.scalars(select(RetentionRule))}
        runs: Mapping[str, RetentionRun] = {
            row.code: row for row in self._db.scalars(select(RetentionRun))
        }
        return [
            Period(
                rule,
                max(chosen.get(code, rule.default_days), rule.least_days),
                code in chosen,
                runs.get(code),
            )
            for code, rule in self._rules.items()
        ]

    def choose(self, code: str, days: int, actor: Actor) -> None:
        """Keep for so many days from now on; raises ``NotFound`` or ``BadPeriod``."""
        rule = self._rules.get(code)
        if rule is None:
            raise NotFound
        if not rule.least_days <= days <= LONGEST:
            raise BadPeriod(fields={f"days-{code}": BadPeriod.message})
        before = self.days(code)
        row = self._db.get(RetentionRule, code)
        if row is None:
            row = RetentionRule(code=code, days=days)
            self._db.add(row)
        row.days, row.updated_by, row.updated_at = days, actor.id, clock.now()
        self._db.flush()
        details = {"before": before, "after": days}
        self._audit.write(self._db, actor, "retention.change", "retention", code, details=details)
        self._db.flush()


def rules_of(house: House) -> Sequence[Retention]:
    """All rules that were registered; one code has one rule."""
    found: dict[str, Retention] = {}
    for rule in house.ports.get(RETENTION, ()):
        if found.setdefault(rule.code, rule) is not rule:
            raise ValueError(f"two retention rules named {rule.code}")
    return tuple(found.values())


def periods(house: House, db: Session) -> Periods:
    """The service of one unit of work."""
    return Periods(db, rules_of(house), house.audit)
