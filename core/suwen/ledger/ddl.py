"""What a migration must execute beside creating the tables: the triggers of append-only ones."""

from __future__ import annotations

from suwen.kernel.audit import AuditEvent, AuditLink
from suwen.kernel.chain import immutable
from suwen.ledger.models import LedgerEntry, LedgerLink, Posting

APPEND_ONLY = tuple(
    str(model.__tablename__) for model in (LedgerEntry, Posting, LedgerLink, AuditEvent, AuditLink)
)


def statements(dialect: str) -> list[str]:
    """Trigger statements for ``sqlite`` or ``postgresql``, safe to run twice."""
    return [statement for table in APPEND_ONLY for statement in immutable(table, dialect)]
