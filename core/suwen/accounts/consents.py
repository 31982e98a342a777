"""Consents: one per purpose, each to a text of a known version, each withdrawable.

Upper floors hear ``consent_withdrawn`` and act.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from suwen.accounts.consent_texts import ConsentTexts, consent_texts
from suwen.accounts.errors import ConsentRequired, NotWithdrawable
from suwen.accounts.models import Consent, Subject
from suwen.accounts.purposes import (
    HEALTH_PUSH,
    MARKETING,
    PRIVACY,
    PURPOSES,
    TERMS,
    Purpose,
    UnknownPurpose,
    hash_of,
)
from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock, ids
from suwen.kernel.db import take_turns
from suwen.kernel.errors import Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.kernel.regions import DEFAULT_CODE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.events import EventBus
    from suwen.kernel.house import House

__all__ = [
    "HEALTH_PUSH",
    "MARKETING",
    "PRIVACY",
    "PURPOSES",
    "TERMS",
    "Consents",
    "OldVersion",
    "Purpose",
    "Standing",
    "UnknownPurpose",
    "consents",
]

_CHANNELS: Final = {"staff": "admin", "system": "system"}
"""Where a consent comes from when nobody says which surface it was."""


class OldVersion(Invalid):
    """The text has changed since it was read."""

    code = "old_consent_version"
    message = _("授权文本已更新，请重新阅读后再同意")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subject stands with one purpose."""

    purpose: str
    about: Purpose
    given: bool
    given_version: str | None = None
    given_at: datetime | None = None
    audience_id: int = 0
    """The group that may see something, 0 for what is agreed with the house."""


@dataclass(frozen=True, slots=True)
class Past:
    """A consent that was given once, and perhaps withdrawn."""

    version: str
    text_hash: str
    channel: str
    given_at: datetime
    withdrawn_at: datetime | None
    audience_id: int = 0


class Consents:
    """Gives, withdraws and asks for consents."""

    def __init__(self, db: Session, events: EventBus, audit: AuditLog, texts: ConsentTexts) -> None:
        """Withdrawals are published on ``events``; ``texts`` says what is asked now."""
        self._db = db
        self._events = events
        self._audit = audit
        self.texts = texts

    def present(self, purpose: str) -> Purpose:
        """What is asked now; raises ``UnknownPurpose``."""
        return self.texts.present(purpose)

    def give(
        self,
        subject_id: int,
        purpose: str,
        actor: Actor,
        *,
        version: str | None = None,
        shown: str | None = None,
        channel: str | None = None,
        audience: int = 0,
    ) -> Consent:
        """Record a consent; giving it again changes nothing.

        ``version`` is the one that was read, ``shown`` its text as it was shown (the Chinese one
        unless said), ``channel`` the surface, ``audience`` the group that it is about. Raises
        ``UnknownPurpose`` or ``OldVersion``.
        """
        about = self.present(purpose)
        if version is not None and version != about.version:
            raise OldVersion(fields={"version": OldVersion.message})
        # The second of two clicks waits for the first.
        take_turns(self._db, f"{Consent.__tablename__}:{subject_id}")
        standing = self._live(subject_id).get((purpose, audience))
        if standing is not None and standing.version == about.version:
            return standing
        row = Consent(
            id=ids.new_id(),
            subject_id=subject_id,
            member_id=actor.id or 0,
            purpose=purpose,
            version=about.version,
            text_hash=hash_of(str(about.text) if shown is None else shown),
            channel=channel or _CHANNELS.get(actor.kind, "web"),
            audience_id=audience,
            given_at=clock.now(),
        )
        self._db.add(row)
        self._db.flush()
        self._log(actor, "consent.give", row.id, subject_id, purpose)
        return row

    def _log(
        self, actor: Actor, action: str, consent_id: int, subject_id: int, purpose: str
    ) -> None:
        self._audit.write(
            self._db,
            actor,
            action,
            "consent",
            consent_id,
            subject_id=subject_id,
            reason=purpose,
        )

    def withdraw(self, subject_id: int, purpose: str, actor: Actor, *, audience: int = 0) -> None:
        """End a consent. Raises ``NotWithdrawable``, or ``UnknownPurpose``."""
        if not self.present(purpose).withdrawable:
            raise NotWithdrawable
        moment = clock.now()
        ended = self._db.scalars(
            update(Consent)
            .where(
                Consent.subject_id == subject_id,
                Consent.purpose == purpose,
                Consent.audience_id == audience,
                Consent.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=moment)
            .returning(Consent.id),
            execution_options={"synchronize_session": False},
        ).all()
        if not ended:
            return
        self._log(actor, "consent.withdraw", ended[0], subject_id, purpose)
        data = {
            "subject_id": subject_id,
            "member_id": actor.id,
            "purpose": purpose,
            "audience_id": audience,
        }
        key = f"consent_withdrawn:{ended[0]}"
        region = actor.region or DEFAULT_CODE
        self._events.publish(self._db, Event("consent_withdrawn", key, region, moment, data))

    def has(self, subject_id: int, purpose: str, *, audience: int = 0) -> bool:
        """Whether the present text of the purpose is agreed to."""
        row = self._live(subject_id).get((purpose, audience))
        return row is not None and row.version == self.present(purpose).version

    def require(self, subject_id: int, purpose: str) -> None:
        """Raise ``ConsentRequired`` unless agreed."""
        if not self.has(subject_id, purpose):
            raise ConsentRequired(purpose)

    def standings(self, subject_id: int, *, oneself: bool = True) -> Sequence[Standing]:
        """Purposes in their order, with where the subject stands.

        With ``oneself`` those that are asked of a member, else those asked for a dependant. What
        was given all the same is shown too.
        """
        live = self._live(subject_id)
        found: list[Standing] = []
        for name, about in self.texts.all_present().items():
            given = {audience: row for (known, audience), row in live.items() if known == name}
            if not given and (about.for_oneself if oneself else about.for_others):
                found.append(Standing(name, about, given=False))
            found += [_standing(name, about, row) for row in given.values()]
        return found

    def history(self, subject_id: int, purpose: str) -> Sequence[Past]:
        """What was agreed to under a purpose, newest first; raises ``UnknownPurpose``."""
        self.present(purpose)
        query = (
            select(Consent)
            .where(Consent.subject_id == subject_id, Consent.purpose == purpose)
            .order_by(Consent.id.desc())
            .limit(100)
        )
        return [
            Past(
                row.version,
                row.text_hash,
                row.channel,
                row.given_at,
                row.withdrawn_at,
                row.audience_id,
            )
            for row in self._db.scalars(query)
        ]

    def _live(self, subject_id: int) -> dict[tuple[str, int], Consent]:
        query = (
            select(Consent)
            .where(Consent.subject_id == subject_id, Consent.withdrawn_at.is_(None))
            .order_by(Consent.id)
        )
        return {(row.purpose, row.audience_id): row for row in self._db.scalars(query).all()}

    def subjects_of(self, member_id: int) -> Sequence[Subject]:
        """The persons for whom a member decides: himself first, then his dependants."""
        query = select(Subject).where(Subject.member_id == member_id, Subject.removed_at.is_(None))
        rows = self._db.scalars(query.order_by(Subject.id)).all()
        return sorted(rows, key=lambda row: (row.relation != "self", row.id))

    def subject_of(self, member_id: int, subject_id: int) -> Subject:
        """One of them; raises ``NotFound`` for anybody else."""
        for row in self.subjects_of(member_id):
            if row.id == subject_id:
                return row
        raise NotFound

    def marketing_allowed(self, member_id: int) -> bool:
        """Whether the member himself agreed to marketing."""
        return self.member_has(member_id, MARKETING)

    def member_has(self, member_id: int, purpose: str) -> bool:
        """Whether the member agreed to a purpose for himself."""
        query = select(Subject.id).where(Subject.member_id == member_id, Subject.relation == "self")
        subject_id = self._db.scalars(query).first()
        return subject_id is not None and self.has(subject_id, purpose)


def _standing(name: str, about: Purpose, row: Consent) -> Standing:
    is_present = row.version == about.version
    return Standing(name, about, is_present, row.version, row.given_at, row.audience_id)


def consents(house: House, db: Session) -> Consents:
    """The service of one unit of work."""
    return Consents(db, house.events, house.audit, consent_texts(house, db))
