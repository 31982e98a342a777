"""Generated members: without passwords, most of them recommended by an earlier one.

Every fourth has a phone number as well, of a form that no network knows, every tenth a name that he
is found by, and every hundredth is a group. A few are tagged, disabled or without a region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from suwen.accounts.consents import PRIVACY, PURPOSES, TERMS
from suwen.accounts.contacts import EMAIL, PHONE, Contact
from suwen.accounts.marks import name_mark, tail_mark
from suwen.accounts.models import (
    ACTIVE,
    GROUP,
    INDIVIDUAL,
    Consent,
    Login,
    Member,
    MemberTag,
    Subject,
)
from suwen.demo.market import YUEYANG
from suwen.demo.volume.chance import batches, chance, moment_of
from suwen.distribution.models import Binding, Distributor
from suwen.distribution.services import TERMS_VERSION
from suwen.kernel import ids

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

_DAYS: Final = 400
_JOINED: Final = 0.6
_RECOMMENDED: Final = 0.7
_FAMILIES: Final = "赵钱孙李周吴郑王"

PHONES, NAMES, GROUPS = 4, 10, 100
TAGGED, DISABLED, ELSEWHERE = 50, 200, 20
TAGS: Final = ("回访", "体检客户", "团购", "合作单位")

Rows = dict[Any, list[dict[str, Any]]]


class Crowd:
    """Makes what is missing of a seed, and knows the ids of all."""

    def __init__(self, house: House, seed: int, progress: Callable[[int], object]) -> None:
        """``members`` holds the ids in the order of their numbers once ``make`` has run."""
        self._house, self._seed, self._progress = house, seed, progress
        self.members: list[int] = []

    def make(self, wanted: int) -> int:
        """Have ``wanted`` members; how many were made."""
        made = 0
        for numbers in batches(0, wanted):
            with self._house.database.transaction() as db:
                made += self._make(db, numbers, wanted)
            self._progress(len(numbers))
        return made

    def _make(self, db: Session, numbers: Sequence[int], total: int) -> int:
        indexes = {number: self._index(self._contact(number)) for number in numbers}
        standing = _owners(db, list(indexes.values()))
        rows: Rows = {
            model: []
            for model in (Member, Login, Subject, Consent, MemberTag, Distributor, Binding)
        }
        for number, index in indexes.items():
            member_id = standing.get(index) or ids.new_id()
            if index not in standing:
                self._add(rows, number, member_id, moment_of(number, total, _DAYS))
            self.members.append(member_id)
        for model, found in rows.items():
            if found:
                db.execute(insert(model), found)
        return len(rows[Member])

    def _index(self, contact: Contact) -> str:
        return self._house.vault.blind_index(f"login {contact.kind}", contact.value)

    def _contact(self, number: int) -> Contact:
        return Contact(EMAIL, f"g{self._seed}-{number:07d}@generated.suwen.example")

    def _add(self, rows: Rows, number: int, member_id: int, moment: datetime) -> None:
        luck, contact = chance(self._seed, "member", number), self._contact(number)
        rows[Member].append(self._member(number, member_id, contact.masked, moment))
        rows[Login].append(self._login(member_id, contact, moment))
        if number % PHONES == 0:
            phone = Contact(PHONE, f"+86100{self._seed:04d}{number:07d}")
            rows[Login].append(self._login(member_id, phone, moment))
        if number % TAGGED == 0:
            tag = TAGS[number // TAGGED % len(TAGS)]
            rows[MemberTag].append({"member_id": member_id, "tag": tag, "created_at": moment})
        subject_id = ids.new_id()
        rows[Subject].append(
            {"id": subject_id, "member_id": member_id, "relation": "self", "created_at": moment}
        )
        rows[Consent] += [
            _consent(subject_id, member_id, name, moment) for name in (TERMS, PRIVACY)
        ]
        if luck.random() < _JOINED:
            rows[Distributor].append(
                {
                    "member_id": member_id,
                    "state": "active",
                    "terms_version": TERMS_VERSION,
                    "joined_at": moment,
                }
            )
        if number and luck.random() < _RECOMMENDED:
            sponsor_id = self.members[luck.randrange(number)]
            rows[Binding].append(
                {"member_id": member_id, "sponsor_id": sponsor_id, "bound_at": moment}
            )

    def _login(self, member_id: int, contact: Contact, moment: datetime) -> dict[str, Any]:
        """As ``suwen.accounts.logins`` writes it, for many at a time."""
        login_id = ids.new_id()
        return {
            "id": login_id,
            "member_id": member_id,
            "kind": contact.kind,
            "value": self._house.vault.house.seal(contact.value, f"login:value:{login_id}"),
            "index": self._index(contact),
            "tail_index": self._tail(contact),
            "verified_at": moment,
        }

    def _tail(self, contact: Contact) -> str | None:
        vault = self._house.vault
        return tail_mark(vault, contact.value) if contact.kind == PHONE else None

    def _member(self, number: int, member_id: int, shown: str, moment: datetime) -> dict[str, Any]:
        group = f"生成单位 {number}" if number % GROUPS == 0 else None
        name = group or (name_of(number) if number % NAMES == 0 else None)
        return {
            "id": member_id,
            "kind": GROUP if group else INDIVIDUAL,
            "state": "locked" if number % DISABLED == 1 else ACTIVE,
            "display_name": group or shown,
            "group_name": group,
            "group_nature": "enterprise" if group else None,
            "name_index": name_mark(self._house.vault, name),
            "region_code": None if number % ELSEWHERE == 1 else YUEYANG,
            "locale": "zh_CN",
            "must_agree": False,
            "totp_last_step": 0,
            "created_at": moment,
        }


def _owners(db: Session, indexes: Sequence[str]) -> dict[str, int]:
    query = select(Login.index.label("key"), Login.member_id)
    query = query.where(Login.kind == EMAIL, Login.index.in_(indexes))
    return {row.key: row.member_id for row in db.execute(query)}


def name_of(number: int) -> str:
    """The name by which every tenth member is found."""
    return f"{_FAMILIES[number % len(_FAMILIES)]}生{number}"


def _consent(subject_id: int, member_id: int, purpose: str, moment: datetime) -> dict[str, Any]:
    about = PURPOSES[purpose]
    return {
        "id": ids.new_id(),
        "subject_id": subject_id,
        "member_id": member_id,
        "purpose": purpose,
        "version": about.version,
        "text_hash": about.text_hash,
        "given_at": moment,
    }
