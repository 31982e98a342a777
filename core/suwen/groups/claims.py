"""Taking one's place on a roster (认领): by the person himself, with the code that names it.

The code alone opens nothing. Who has it confirms name and birth date, and becomes the subject of
what was ordered for him: the group owns none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from suwen.accounts.links import confirm_profile
from suwen.accounts.models import ACTIVE, INDIVIDUAL, Member
from suwen.accounts.persons import same_person
from suwen.groups import people
from suwen.groups.errors import NotYourself, WrongClaim
from suwen.groups.models import GroupRecipient, RosterPerson
from suwen.kernel import clock
from suwen.kernel.db import locked
from suwen.kernel.errors import NotFound
from suwen.kernel.ratelimit import Limit

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from suwen.accounts.consents import Consents
    from suwen.accounts.profiles import Profiles
    from suwen.accounts.purposes import Purpose
    from suwen.groups.access import Acting
    from suwen.groups.people import Facts
    from suwen.groups.roster import Entry
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault
    from suwen.kernel.ratelimit import Limiter
    from suwen.messaging.services import MessagingService

GROUP_RESULTS: Final = "group_results"
TRIES: Final = (
    Limit("groups.claim.hour", 10, 3600),
    Limit("groups.claim.day", 30, 86400),
)
LETTERS: Final = Limit("groups.letters", 2000, 86400)
"""Messages that one group may send in a day."""
_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Belonging:
    """A group on whose roster a member has his place, and whether it may see his reports."""

    person_id: int
    group_id: int
    group_name: str
    department: str
    claimed_at: datetime | None
    shares: bool


class Claims:
    """What a person does with his place."""

    def __init__(
        self,
        db: Session,
        vault: Vault,
        audit: AuditLog,
        limiter: Limiter,
        *,
        profiles: Profiles,
        consents: Consents,
    ) -> None:
        """``profiles`` finds the subject that a member is, ``consents`` what he shares."""
        self._db = db
        self._vault = vault
        self._audit = audit
        self._limiter = limiter
        self._profiles = profiles
        self._consents = consents

    def group_of(self, code: str, member_id: int) -> str | None:
        """Name of the group whose place this is, None for a code of none; such a one is a try."""
        self._count(member_id)
        found = self._find(code)
        if found is None:
            return None
        self._forgive(member_id)
        return found[1]

    def _forgive(self, member_id: int) -> None:
        for limit in TRIES:
            self._limiter.forgive(self._db, limit, str(member_id))

    def _count(self, member_id: int) -> None:
        for limit in TRIES:
            self._limiter.hit(self._db, limit, str(member_id))

    def _find(self, code: str) -> tuple[RosterPerson, str] | None:
        query = (
            select(RosterPerson, Member.group_name)
            .join(Member, Member.id == RosterPerson.group_id)
            .where(
                RosterPerson.claim_hash == people.claim_index(self._vault, code.strip()),
                RosterPerson.state == "active",
                RosterPerson.subject_id.is_(None),
                Member.state == ACTIVE,
            )
        )
        row = self._db.execute(query.with_for_update(of=RosterPerson)).first()
        return (row[0], row[1] or "") if row is not None else None

    def claim(self, code: str, member_id: int, name: str, born: date, actor: Actor) -> Belonging:
        """Take the place. Raises ``WrongClaim`` for a wrong code, name or birth date alike,
        ``NotYourself``, ``WrongPerson`` when the profile says something else, or ``TooMany``.
        """
        self._count(member_id)
        found = self._find(code)
        facts = self._facts(found)
        known = (facts.name, facts.birth_date) if facts else (None, None)
        if found is None or not same_person(name, born, *known):
            raise WrongClaim(fields={"name": WrongClaim.message})
        row, group_name = found
        member = self._profiles.member(member_id)
        if member.kind != INDIVIDUAL or self._has_place(row.group_id, member_id):
            raise NotYourself
        confirm_profile(self._profiles, member_id, name, born)
        row.member_id, row.subject_id = member_id, self._profiles.subject_of(member_id)
        row.claimed_at, row.claim_hash = clock.now(), None
        self._db.flush()
        # Somebody who was taken off and comes back is asked anew.
        self._consents.withdraw(row.subject_id, GROUP_RESULTS, actor, audience=row.group_id)
        self._bind_orders(row)
        self._log("roster.claim", row, actor)
        self._forgive(member_id)
        return Belonging(
            row.id, row.group_id, group_name, row.department, row.claimed_at, shares=False
        )

    def _facts(self, found: tuple[RosterPerson, str] | None) -> Facts | None:
        return people.unseal(self._vault.house, found[0])[0] if found else None

    def _has_place(self, group_id: int, member_id: int) -> bool:
        query = select(RosterPerson.id).where(
            RosterPerson.group_id == group_id,
            RosterPerson.member_id == member_id,
            RosterPerson.state == "active",
        )
        return self._db.execute(query).first() is not None

    def _bind_orders(self, row: RosterPerson) -> None:
        """What was ordered for the person before is his from now on."""
        self._db.execute(
            update(GroupRecipient)
            .where(
                GroupRecipient.person_id == row.id,
                GroupRecipient.subject_id.is_(None),
                GroupRecipient.state.in_(("planned", "assigned")),
            )
            .values(subject_id=row.subject_id),
            execution_options=_QUIET,
        )

    def mine(self, member_id: int) -> Sequence[Belonging]:
        """Groups on whose rosters the member has his place."""
        query = (
            select(RosterPerson, Member.group_name)
            .join(Member, Member.id == RosterPerson.group_id)
            .where(
                RosterPerson.member_id == member_id,
                RosterPerson.state == "active",
                Member.state == ACTIVE,
            )
            .order_by(RosterPerson.id)
        )
        rows = self._db.execute(query).all()
        if not rows:
            return ()
        standings = self._consents.standings(self._profiles.subject_of(member_id))
        shared = {
            one.audience_id for one in standings if one.purpose == GROUP_RESULTS and one.given
        }
        return [
            Belonging(
                row.id,
                row.group_id,
                name or "",
                row.department,
                row.claimed_at,
                row.group_id in shared,
            )
            for row, name in rows
        ]

    def about(self) -> Purpose:
        """What sharing asks now."""
        return self._consents.present(GROUP_RESULTS)

    def share(self, person_id: int, actor: Actor, *, version: str, shown: str) -> None:
        """Let the owners of the group read reports of what it ordered for the member.

        ``version`` and ``shown`` are the text that was read. Raises ``NotFound`` or ``OldVersion``.
        """
        row = self._own(person_id, actor)
        self._consents.give(
            row.subject_id or 0,
            GROUP_RESULTS,
            actor,
            version=version,
            shown=shown,
            audience=row.group_id,
        )

    def stop_sharing(self, person_id: int, actor: Actor) -> None:
        """End it, from the next request on; raises ``NotFound``."""
        row = self._own(person_id, actor)
        self._consents.withdraw(row.subject_id or 0, GROUP_RESULTS, actor, audience=row.group_id)

    def leave(self, person_id: int, actor: Actor) -> None:
        """Leave the group: sharing ends, the place is gone, reports still to come reach the member.

        Raises ``NotFound``.
        """
        row = self._own(person_id, actor)
        self._consents.withdraw(row.subject_id or 0, GROUP_RESULTS, actor, audience=row.group_id)
        self._log("roster.leave", row, actor)
        row.state = "removed"
        row.member_id = row.subject_id = row.claimed_at = None
        self._db.flush()

    def _own(self, person_id: int, actor: Actor) -> RosterPerson:
        row = locked(self._db, RosterPerson, person_id)
        if row is None or row.member_id is None or row.member_id != actor.id:
            raise NotFound
        if row.state != "active":
            raise NotFound
        return row

    def _log(self, action: str, row: RosterPerson, actor: Actor) -> None:
        self._audit.write(
            self._db,
            actor,
            action,
            "roster_person",
            row.id,
            subject_id=row.subject_id,
            details={"group": str(row.group_id)},
        )


def send_letters(
    db: Session,
    messages: MessagingService,
    limiter: Limiter,
    acting: Acting,
    entries: Sequence[Entry],
    *,
    region: str,
    locale: str,
) -> int:
    """Send people without a place theirs by SMS or e-mail, once a day each; how many were written to.

    The words name neither group nor test. Raises ``TooMany``.
    """
    sent = 0
    for entry in entries:
        kind, address = _reach(entry.facts)
        if entry.claimed_at is not None or address is None:
            continue
        limiter.hit(db, LETTERS, str(acting.group_id))
        sent += messages.write_to(
            kind,
            address,
            "roster_claim",
            key=f"roster_claim:{entry.id}:{clock.today()}",
            region=region,
            locale=locale,
            secret=entry.code,
        )
    return sent


def _reach(facts: Facts) -> tuple[str, str | None]:
    return ("phone", facts.phone) if facts.phone else ("email", facts.email)
