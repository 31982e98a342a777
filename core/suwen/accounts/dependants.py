"""Dependants (家人): subjects of a member other than himself, and how adults among them take over.

A child is decided for by the member, who confirms to be the guardian and consents in the child's
place (PIPL Art. 31; the law's line is 14, ours 18 unless the region says otherwise). An adult
consents himself or not at all: the member can only hand him a link. With it he links the place to
his own account, where his consents and his reports then are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.accounts.models import Subject
from suwen.accounts.persons import age_on, same_person
from suwen.accounts.services import accounts
from suwen.kernel import clock, ids
from suwen.kernel.db import locked, take_turns
from suwen.kernel.errors import Conflict, Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.kernel.sessions import digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.consents import Consents
    from suwen.accounts.profiles import Profiles
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault
    from suwen.kernel.house import House

SELF: Final = "self"
RELATIONS: Final = ("child", "parent", "spouse", "other")
TITLES: Final[Mapping[str, str]] = {
    "child": _("子女"),
    "parent": _("父母"),
    "spouse": _("配偶"),
    "other": _("其他"),
}
MAX_DEPENDANTS: Final = 20
ADULT_AGE: Final = 18
LOWEST_ADULT_AGE: Final = 14
"""Below it the law asks for a guardian whatever a region says (PIPL Art. 28, 31)."""
HIGHEST_ADULT_AGE: Final = 21
GUARDIAN: Final = "guardian"


class TooManyDependants(Conflict):
    """More people than a family has."""

    code = "too_many_dependants"
    message = _("最多添加 20 位家人，请先移除不再需要的")


class SamePerson(Conflict):
    """The member himself, or a dependant that he has."""

    code = "same_person"
    message = _("这个人已经在列表中，或就是您自己")

    def __init__(self) -> None:
        """Put the message beside the name."""
        super().__init__(fields={"name": self.message})


class IsLinked(Conflict):
    """Whoever took his place himself is described by himself."""

    code = "is_linked"
    message = _("对方已用自己的账户关联，资料由其本人维护")


class NotAdult(Conflict):
    """A child cannot take a place himself."""

    code = "not_adult"
    message = _("未成年人由监护人代为管理，不能使用关联链接")


class AdultDecides(Conflict):
    """Nobody consents for an adult."""

    code = "adult_decides"
    message = _("成年人须由本人同意，请把关联链接交给对方")


@dataclass(frozen=True, slots=True)
class Dependant:
    """A dependant in the clear, for his member."""

    subject_id: int
    relation: str
    name: str
    birth_date: date
    sex: str | None
    is_minor: bool
    age: int
    linked_id: int | None = None
    """His own subject, once he has taken his place himself."""
    removed_at: datetime | None = None

    @property
    def is_linked(self) -> bool:
        """Whether he describes himself and consents himself."""
        return self.linked_id is not None


@dataclass(frozen=True, slots=True)
class Details:
    """What is said of a dependant, valid already."""

    name: str
    birth_date: date
    sex: str | None = None


def adult_age(settings: Mapping[str, object]) -> int:
    """Age from which one consents oneself, of a region's settings: 18, or what it says within
    what the law allows.
    """
    chosen = settings.get("adult_age")
    if type(chosen) is int and LOWEST_ADULT_AGE <= chosen <= HIGHEST_ADULT_AGE:
        return chosen
    return ADULT_AGE


class Dependants:
    """One member's dependants; another member's do not exist."""

    def __init__(
        self,
        db: Session,
        vault: Vault,
        member_id: int,
        *,
        audit: AuditLog,
        consents: Consents,
        profiles: Profiles,
        adult_age: int = ADULT_AGE,
    ) -> None:
        """Only subjects of ``member_id`` are read or written; ``adult_age`` in years."""
        self._db = db
        self._vault = vault
        self._member_id = member_id
        self._audit = audit
        self._consents = consents
        self._profiles = profiles
        self.adult_age = adult_age

    def all(self, *, removed: bool = False) -> Sequence[Dependant]:
        """Dependants in the order in which they came; with ``removed`` also those taken off."""
        query = select(Subject).where(
            Subject.member_id == self._member_id, Subject.relation.in_(RELATIONS)
        )
        if not removed:
            query = query.where(Subject.removed_at.is_(None))
        rows = self._db.scalars(query.order_by(Subject.id).limit(5 * MAX_DEPENDANTS)).all()
        return [self._clear(row) for row in rows]

    def get(self, subject_id: int) -> Dependant:
        """One of them; raises ``NotFound``."""
        return self._clear(self._row(subject_id))

    def _row(self, subject_id: int) -> Subject:
        row = locked(self._db, Subject, subject_id)
        if (
            row is None
            or row.member_id != self._member_id
            or row.relation not in RELATIONS
            or row.removed_at is not None
        ):
            raise NotFound
        return row

    def _clear(self, row: Subject) -> Dependant:
        known = details_of(self._vault, row)
        age = age_on(known.birth_date, clock.today())
        return Dependant(
            subject_id=row.id,
            relation=row.relation,
            name=known.name,
            birth_date=known.birth_date,
            sex=known.sex,
            is_minor=age < self.adult_age,
            age=age,
            linked_id=row.linked_id,
            removed_at=row.removed_at,
        )

    def add(self, relation: str, details: Details, actor: Actor) -> Dependant:
        """Add one, sealed with a key of his own; raises ``SamePerson`` or ``TooManyDependants``."""
        _check_relation(relation)
        take_turns(self._db, f"dependants:{self._member_id}")
        standing = self.all()
        if len(standing) >= MAX_DEPENDANTS:
            raise TooManyDependants
        self._refuse_known(details, standing)
        row = Subject(
            id=ids.new_id(),
            member_id=self._member_id,
            relation=relation,
            created_at=clock.now(),
        )
        row.sealed = self._seal(row.id, details)
        self._db.add(row)
        self._db.flush()
        self._log(actor, "dependant.add", row, {"after": _plain(relation, details)})
        return self._clear(row)

    def _refuse_known(self, details: Details, others: Sequence[Dependant]) -> None:
        own = self._profiles.read(self._member_id)
        known = [(own.real_name, own.birth_date), *((o.name, o.birth_date) for o in others)]
        if any(same_person(details.name, details.birth_date, *pair) for pair in known):
            raise SamePerson

    def _seal(self, subject_id: int, details: Details) -> bytes:
        text = json.dumps(asdict(details), ensure_ascii=False, default=str)
        return self._vault.subject(subject_id).seal(text, f"subject:sealed:{subject_id}")

    def update(self, subject_id: int, relation: str, details: Details, actor: Actor) -> Dependant:
        """Change one; raises ``NotFound``, ``SamePerson`` or ``IsLinked``."""
        _check_relation(relation)
        row = self._row(subject_id)
        if row.linked_id is not None:
            raise IsLinked
        before = _plain(row.relation, details_of(self._vault, row))
        self._refuse_known(details, [one for one in self.all() if one.subject_id != subject_id])
        row.relation, row.sealed = relation, self._seal(row.id, details)
        self._db.flush()
        values = {"before": before, "after": _plain(relation, details)}
        self._log(actor, "dependant.change", row, values)
        return self._clear(row)

    def remove(self, subject_id: int, actor: Actor) -> None:
        """Take one off the list: nothing new is processed, what is there stays readable by the
        member until it is erased. Raises ``NotFound``.
        """
        row = self._row(subject_id)
        row.removed_at, row.claim_hash, row.linked_id = clock.now(), None, None
        self._db.flush()
        for standing in self._consents.standings(row.id, oneself=False):
            if standing.given_version is not None and standing.about.withdrawable:
                self._consents.withdraw(row.id, standing.purpose, actor)
        self._log(actor, "dependant.remove", row, {"after": {"state": "removed"}})

    def link(self, subject_id: int, actor: Actor) -> str:
        """Token of a link by which an adult takes his place; an older one is dead.

        Raises ``NotFound``, ``NotAdult`` or ``IsLinked``.
        """
        row = self._row(subject_id)
        if row.linked_id is not None:
            raise IsLinked
        if self._clear(row).is_minor:
            raise NotAdult
        token = ids.token()
        row.claim_hash = digest(token)
        self._db.flush()
        self._log(actor, "dependant.link", row, {})
        return token

    def _log(self, actor: Actor, action: str, row: Subject, details: Mapping[str, Any]) -> None:
        self._audit.write(
            self._db, actor, action, "subject", row.id, subject_id=row.id, details=details
        )


def details_of(vault: Vault, row: Subject) -> Details:
    """What is sealed in a dependant's row; raises ``SubjectKeyDestroyed`` after an erasure."""
    text = vault.subject(row.id).open(row.sealed or b"", f"subject:sealed:{row.id}")
    values = json.loads(text)
    return Details(values["name"], date.fromisoformat(values["birth_date"]), values["sex"])


def _plain(relation: str, details: Details) -> dict[str, str | None]:
    return {
        "relation": relation,
        "name": details.name,
        "birth_date": details.birth_date.isoformat(),
        "sex": details.sex,
    }


def _check_relation(relation: str) -> None:
    if relation not in RELATIONS:
        text = _("请从给出的选项中选择")
        raise Invalid(text, fields={"relation": text})


def require_guardian(house: House, db: Session, subject: Subject) -> None:
    """Raise ``AdultDecides`` unless the subject is the member himself or a minor of his."""
    is_own = subject.relation not in RELATIONS
    if not is_own and not dependants(house, db, subject.member_id).get(subject.id).is_minor:
        raise AdultDecides


def dependants(house: House, db: Session, member_id: int) -> Dependants:
    """A member's dependants, judged by the age that his region says."""
    people = accounts(house, db)
    region = people.profiles.member(member_id).region_code
    return Dependants(
        db,
        house.vault,
        member_id,
        audit=house.audit,
        consents=people.consents,
        profiles=people.profiles,
        adult_age=adult_age(house.regions.resolve(db, region).settings),
    )
