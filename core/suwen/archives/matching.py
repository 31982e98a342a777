"""Whose report is it? The order line is the first key, what the document itself says the second.

An order can be for several people: the buyer, his dependants, and for a group those on its roster who
have taken their place. Exactly one of them must agree with the document in name and birth date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from suwen.accounts.dependants import GUARDIAN, dependants
from suwen.accounts.models import GROUP, Subject
from suwen.accounts.persons import plain, same_person

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.profiles import Profiles
    from suwen.kernel.house import House
    from suwen.orders.models import Order, OrderLine

RECIPIENTS: Final = "order_recipients"
"""Port: ``(db, line_id, name) -> ids`` of subjects of that name for whom a group ordered a line."""
Recipients = Callable[["Session", int, str], Sequence[int]]
NEEDED_CONSENTS: Final = ("testing", "sensitive_data", "specimen")


class Known(Protocol):
    """What is known of somebody."""

    @property
    def real_name(self) -> str | None:
        """His name."""

    @property
    def birth_date(self) -> date | None:
        """His birth date."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whose report it could be.

    ``needs`` are the purposes that must be agreed to; ``may_be_tested`` is False for an adult who
    has not taken his place: nobody can consent for him.
    """

    subject_id: int
    member_id: int
    real_name: str | None
    birth_date: date | None
    needs: Sequence[str] = NEEDED_CONSENTS
    may_be_tested: bool = True


def judge(parsed: Mapping[str, str], known: Known) -> tuple[str, str]:
    """``matched`` when name and birth date agree, else ``quarantined``, with the reason."""
    pairs = (
        ("name", parsed.get("name"), known.real_name),
        ("birth_date", parsed.get("birth_date"), known.birth_date),
    )
    agreeing = 0
    for name, told, held in pairs:
        if told and held and plain(told) != plain(str(held)):
            return "quarantined", f"{name} differs"
        agreeing += bool(told and held)
    return ("matched", "") if agreeing == len(pairs) else ("quarantined", "not enough to match")


class Candidates:
    """Finds the people that an order line can be for."""

    def __init__(self, db: Session, house: House, profiles: Profiles) -> None:
        """Ask the members' profiles, their dependants, and the domain of groups by its port."""
        self._db = db
        self._house = house
        self._profiles = profiles

    def choose(
        self, order: Order, line: OrderLine, parsed: Mapping[str, str]
    ) -> tuple[Candidate | None, str, str]:
        """Who it is, ``matched`` or ``quarantined``, and the reason.

        Nobody for a group's order when not exactly one fits: there is no person whose key could
        seal the document. An own order's goes into quarantine under the buyer.
        """
        buyer = self._profiles.member(order.member_id)
        if buyer.kind == GROUP:
            fitting = self._fitting(self._recipients(line, parsed), parsed)
            return (fitting[0], "matched", "") if len(fitting) == 1 else (None, "", "")
        himself = self._himself(order.member_id)
        fitting = self._fitting([himself, *self._family(order.member_id)], parsed)
        if len(fitting) == 1:
            return fitting[0], "matched", ""
        if fitting:
            return himself, "quarantined", "several people fit"
        return himself, *judge(parsed, himself)

    def _fitting(
        self, people: Sequence[Candidate], parsed: Mapping[str, str]
    ) -> Sequence[Candidate]:
        fitting = {
            one.subject_id: one
            for one in people
            if same_person(
                parsed.get("name"), parsed.get("birth_date"), one.real_name, one.birth_date
            )
        }
        return list(fitting.values())

    def _himself(self, member_id: int) -> Candidate:
        profile = self._profiles.read(member_id)
        subject_id = self._profiles.subject_of(member_id)
        return Candidate(subject_id, member_id, profile.real_name, profile.birth_date)

    def _family(self, member_id: int) -> Sequence[Candidate]:
        found = []
        for one in dependants(self._house, self._db, member_id).all():
            facts = one.name, one.birth_date
            if one.linked_id is not None:
                owner = self._db.get_one(Subject, one.linked_id).member_id
                found.append(Candidate(one.linked_id, owner, *facts))
            elif one.is_minor:
                needs = (*NEEDED_CONSENTS, GUARDIAN)
                found.append(Candidate(one.subject_id, member_id, *facts, needs))
            else:
                found.append(Candidate(one.subject_id, member_id, *facts, may_be_tested=False))
        return found

    def _recipients(self, line: OrderLine, parsed: Mapping[str, str]) -> Sequence[Candidate]:
        port: Recipients | None = self._house.ports.get(RECIPIENTS)
        if port is None:
            return ()
        subjects = port(self._db, line.id, parsed.get("name", ""))
        owners = [self._db.get_one(Subject, subject_id).member_id for subject_id in subjects]
        return [self._himself(member_id) for member_id in owners]
