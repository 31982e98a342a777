"""Audit log: append-only, tamper-evident, with values that can be shredded.

Each row carries a keyed hash of itself. A job chains the rows (``audit_link``) in batches, so that
deleting, inserting or reordering shows as well; the head of the chain is also kept outside the
database. Values before and after a change are sealed with the subject's key; the row holds their
hash, so that destroying the key does not break the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel import clock, ids
from suwen.kernel.db import Base, WithId

if TYPE_CHECKING:
    from suwen.kernel.crypto import Vault


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


class AuditLink(Base):
    """One link of the chain: its hash covers the link before and the event's keyed hash."""

    __tablename__ = "audit_link"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and in which request."""

    kind: str
    id: int | None = None
    request_id: str = ""
    region: str | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a verification: the first fault in words, or none."""

    ok: bool
    rows: int
    fault: str = ""


class AuditLog:
    """Writes, seals and verifies the log."""

    def __init__(self, vault: Vault, anchor: Path | None = None) -> None:
        """Key the hashes with ``vault``; keep the chain's head in the file ``anchor``."""
        self._vault = vault
        self._anchor = anchor

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
        last = session.scalars(select(AuditLink).order_by(AuditLink.seq.desc()).limit(1)).first()
        seq, previous = (last.seq, last.hash) if last else (0, "")
        open_events = (
            select(AuditEvent.id, AuditEvent.mac)
            .outerjoin(AuditLink, AuditLink.event_id == AuditEvent.id)
            .where(AuditLink.seq.is_(None))
            .order_by(AuditEvent.id)
            .limit(limit)
        )
        rows = session.execute(open_events).all()
        for row in rows:
            seq, previous = seq + 1, _link_hash(previous, row.id, row.mac)
            session.add(AuditLink(seq=seq, event_id=row.id, hash=previous))
        session.flush()
        if rows and self._anchor is not None:
            self._anchor.write_text(f"{seq} {previous}\n")
        return len(rows)

    def verify(self, session: Session) -> Verdict:
        """Recompute every keyed hash and the chain; the first fault ends it."""
        count = 0
        for event in _in_pages(session, AuditEvent, AuditEvent.id):
            count += 1
            if event.mac != self._mac(event):
                return Verdict(ok=False, rows=count, fault=f"audit_event {event.id} was altered")
        return self._verify_chain(session, count)

    def _verify_chain(self, session: Session, count: int) -> Verdict:
        previous, seq, links = "", 0, {}
        macs = dict(session.execute(select(AuditEvent.id, AuditEvent.mac)).tuples().all())
        for link in _in_pages(session, AuditLink, AuditLink.seq):
            seq += 1
            mac = macs.get(link.event_id)
            if link.seq != seq or mac is None:
                return Verdict(ok=False, rows=count, fault=f"audit_link {seq}: an event is missing")
            previous = _link_hash(previous, link.event_id, mac)
            links[seq] = previous
            if link.hash != previous:
                return Verdict(ok=False, rows=count, fault=f"audit_link {seq} does not fit")
        return self._verify_anchor(links, count)

    def _verify_anchor(self, links: Mapping[int, str], count: int) -> Verdict:
        if self._anchor is None or not self._anchor.exists():
            return Verdict(ok=True, rows=count)
        seq, head = self._anchor.read_text().split()
        if links.get(int(seq)) != head:
            return Verdict(ok=False, rows=count, fault=f"the chain ends before its anchor {seq}")
        return Verdict(ok=True, rows=count)

    def unsealed(self, session: Session) -> int:
        """Events that await the sealing job."""
        chained = session.scalar(select(func.count()).select_from(AuditLink)) or 0
        return (session.scalar(select(func.count()).select_from(AuditEvent)) or 0) - chained


def _link_hash(previous: str, event_id: int, mac: str) -> str:
    return hashlib.sha256(f"{previous}:{event_id}:{mac}".encode()).hexdigest()


def _in_pages(session: Session, model: Any, key: Any, size: int = 2000) -> Iterator[Any]:
    after = -1
    while True:
        rows = session.scalars(select(model).where(key > after).order_by(key).limit(size)).all()
        yield from rows
        if len(rows) < size:
            return
        after = getattr(rows[-1], key.key)
        session.expunge_all()
