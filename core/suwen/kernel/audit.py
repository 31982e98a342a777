"""Audit log: append-only, tamper-evident, with values that can be shredded.

Each row carries a keyed hash of itself. A job chains the rows (``audit_link``) in batches, so that
deleting, inserting or reordering shows as well; the head of the chain is also kept outside the
database. Values before and after a change are sealed with the subject's key; the row holds their
hash, so that destroying the key does not break the chain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel import clock, ids
from suwen.kernel.chain import Chain, Link, Verdict, append_only, in_pages
from suwen.kernel.db import Base, WithId

if TYPE_CHECKING:
    from suwen.kernel.crypto import Vault


@append_only
class AuditEvent(WithId, Base):
    """Who did what to what, when, why and with which outcome (审计事件)."""

    __tablename__ = "audit_event"

    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(12))
    """``member``, ``staff``, ``system`` or ``visitor``."""
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    region: Mapped[str | None] = mapped_column(String(12))
    outcome: Mapped[str] = mapped_column(String(20), default="ok")
    reason: Mapped[str] = mapped_column(Text, default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    details: Mapped[bytes | None] = mapped_column(LargeBinary)
    details_hash: Mapped[str] = mapped_column(String(64), default="")
    mac: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index(None, "subject_id", "at"), Index(None, "object_kind", "object_id"))


@append_only
class AuditLink(Link, Base):
    """One link of the chain over the events."""

    __tablename__ = "audit_link"

    event_id: Mapped[int] = mapped_column(BigInteger, unique=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and in which request."""

    kind: str
    id: int | None = None
    request_id: str = ""
    region: str | None = None

    def at(self, region: str) -> Actor:
        """The same for the log of ``region``: where the object belongs, not where one browses."""
        return replace(self, region=region)


SYSTEM = Actor("system")


class AuditLog:
    """Writes, seals and verifies the log."""

    def __init__(self, vault: Vault, anchor: Path | None = None) -> None:
        """Key the hashes with ``vault``; keep the chain's head in the file ``anchor``."""
        self._vault = vault
        self._chain = Chain(AuditEvent, AuditLink, AuditLink.event_id, anchor)

    def write(
        self,
        session: Session,
        actor: Actor,
        action: str,
        object_kind: str,
        object_id: object,
        *,
        subject_id: int | None = None,
        outcome: str = "ok",
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> AuditEvent:
        """Add one event to the session. ``details`` are sealed for the subject, or the house."""
        event = AuditEvent(
            id=ids.new_id(),
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            subject_id=subject_id,
            region=actor.region,
            outcome=outcome,
            reason=reason,
            request_id=actor.request_id,
            details_hash="",
        )
        if details:
            self._seal_details(event, details)
        event.mac = self._mac(event)
        session.add(event)
        return event

    def _seal_details(self, event: AuditEvent, details: Mapping[str, Any]) -> None:
        plain = json.dumps(details, ensure_ascii=False, sort_keys=True, default=str).encode()
        event.details = self._cipher(event).seal(plain, f"audit_event:details:{event.id}")
        event.details_hash = self._vault.mac("audit details", plain)

    def _cipher(self, event: AuditEvent) -> Any:
        if event.subject_id is None:
            return self._vault.house
        return self._vault.subject(event.subject_id)

    def details(self, event: AuditEvent) -> dict[str, Any]:
        """Open the sealed values of an event; raises ``CannotOpen``."""
        if event.details is None:
            return {}
        plain = self._cipher(event).open(event.details, f"audit_event:details:{event.id}")
        opened: dict[str, Any] = json.loads(plain)
        return opened

    def _mac(self, event: AuditEvent) -> str:
        values = [
            event.id,
            clock.as_utc(event.at).isoformat(),
            event.actor_kind,
            event.actor_id,
            event.action,
            event.object_kind,
            event.object_id,
            event.subject_id,
            event.region,
            event.outcome,
            event.reason,
            event.request_id,
            event.details_hash,
        ]
        return self._vault.mac("audit", json.dumps(values, ensure_ascii=False).encode())

    def seal(self, session: Session, limit: int = 5000) -> int:
        """Chain up to ``limit`` events that are not chained yet; how many were."""
        return self._chain.seal(session, limit)

    def verify(self, session: Session) -> Verdict:
        """Recompute every keyed hash and the chain; the first fault ends it."""
        count = 0
        for page in in_pages(session, AuditEvent):
            for event in page:
                count += 1
                if event.mac != self._mac(event):
                    return Verdict(
                        ok=False, rows=count, fault=f"audit_event {event.id} was altered"
                    )
        chained = self._chain.verify(session)
        return Verdict(ok=chained.ok, rows=count, fault=chained.fault)

    def unsealed(self, session: Session) -> int:
        """Events that await the sealing job."""
        return self._chain.unsealed(session)
