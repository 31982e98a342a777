"""Accounts of the demonstration: one per staff role and some more, and a chain of three members.

Passwords and TOTP secrets are random for every installation and stand in ``demo-accounts.json`` in
the data folder, readable by its owner, which ``/_dev/accounts.json`` shows. All addresses end in
``.example`` (RFC 2606), so that no message can ever reach anybody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyotp

from suwen.accounts import contacts
from suwen.accounts.models import GROUP
from suwen.accounts.roles import TITLES
from suwen.accounts.services import Registration, accounts, passwords_of
from suwen.demo.market import YUEYANG
from suwen.demo.offices import DESK, POSTS, Offices, Post
from suwen.distribution.services import TERMS_VERSION, distribution
from suwen.kernel import ids
from suwen.kernel.audit import SYSTEM, Actor
from suwen.kernel.regions import DEFAULT_CODE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

FILE: Final = "demo-accounts.json"
SHARED: Final = "medication-safety"
"""The product whose links bind the chain."""
HEALTH_CONSENTS: Final = ("testing", "sensitive_data", "specimen")


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody needs to sign in as a demonstration account."""

    role: str
    address: str
    password: str
    totp_secret: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the chain."""

    key: str
    profile: Mapping[str, Any]
    postal: tuple[tuple[str, str], ...]
    totp: bool
    note: str

    @property
    def address(self) -> str:
        """E-mail address."""
        return f"member-{self.key}@members.suwen.example"


CHAIN: Final = (
    Person(
        "a",
        {"real_name": "周远航", "birth_date": date(1979, 9, 2), "sex": "male"},
        (("430602", "金鹗中路 12 号 3 栋 501"),),
        totp=True,
        note="推荐人：推荐了会员 B",
    ),
    Person(
        "b",
        {"real_name": "何思敏", "birth_date": date(1986, 1, 27), "sex": "female"},
        (("430611", "柳林洲街道滨湖路 8 号"),),
        totp=True,
        note="由会员 A 推荐，推荐了会员 C",
    ),
    Person(
        "c",
        {"real_name": "林晓禾", "birth_date": date(1992, 4, 18), "sex": "female"},
        (("430602", "巴陵中路 77 号 2 单元 1103"), ("430104", "枫林二路 100 号")),
        totp=False,
        note="由会员 B 推荐，有报告与可用余额",
    ),
)
"""A recommended B, B recommended C. C has no TOTP, a report and an available balance."""

GROUP_NAME: Final = "岳阳清波环保科技有限公司"
GROUP_ADDRESS: Final = "group@members.suwen.example"
"""An invented company."""


def staff_address(role: str) -> str:
    """Where the account of a staff role signs in."""
    return f"{role}@staff.suwen.example"


class Roll:
    """The accounts with their passwords, as they stand in the file."""

    def __init__(self, path: Path) -> None:
        """Read what an earlier load wrote."""
        self._path = path
        self._known: dict[str, Account] = {}
        if path.exists():
            for item in json.loads(path.read_text(encoding="utf-8")):
                self._known[item["address"]] = Account(**item)
        self._called: list[Account] = []

    def call(self, role: str, address: str, *, totp: bool, note: str) -> tuple[Account, bool]:
        """The account of this address, and whether its password is new."""
        known = self._known.get(address)
        account = known or Account(
            role,
            address,
            password="-".join(ids.code(4) for _ in range(4)),
            totp_secret=pyotp.random_base32() if totp else None,
            note=note,
        )
        self._called.append(account)
        return account, known is None

    def write(self) -> None:
        """Replace the file in one step; only its owner can read it."""
        draft = self._path.with_suffix(f".{ids.token()[:8]}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump([asdict(item) for item in self._called], file, ensure_ascii=False, indent=1)
        draft.replace(self._path)


@dataclass(frozen=True, slots=True)
class People:
    """Member ids by key of the staff, of the chain by ``a``, ``b``, ``c``, and of the group."""

    staff: Mapping[str, int]
    chain: Mapping[str, int]
    group: int


class Hiring:
    """Makes the accounts; those that stand keep what people have changed."""

    def __init__(self, house: House, db: Session) -> None:
        """Write to ``db`` and to the file in the data folder."""
        self._house, self._db = house, db
        self._accounts = accounts(house, db)
        self._sharing = distribution(house, db)
        self._offices = Offices(house, db)
        self._roll = Roll(house.settings.path(FILE))

    def gather(self) -> People:
        """All accounts. The file is written before the caller commits."""
        self._offices.open()
        staff: dict[str, int] = {}
        for post in POSTS:
            staff[post.key] = self._employ(post, staff)
        chain: dict[str, int] = {}
        sponsor: int | None = None
        for person in CHAIN:
            sponsor = chain[person.key] = self._welcome(person, sponsor)
        self._offices.enrol(chain[CHAIN[-1].key])
        group = self._found()
        self._roll.write()
        return People(staff, chain, group)

    def _found(self) -> int:
        """The group member."""
        note = f"团体会员：{GROUP_NAME}，有名册与批量订购"
        account, is_new = self._roll.call("group", GROUP_ADDRESS, totp=False, note=note)
        wanted = Registration(
            GROUP_ADDRESS,
            "",
            "",
            YUEYANG,
            kind=GROUP,
            group_name=GROUP_NAME,
            group_nature="enterprise",
        )
        member_id, created = self._member(account, wanted, renew=is_new)
        if created:
            book = self._accounts.addresses(member_id)
            book.create("程予安", "13800000000", "430602", "南湖大道 300 号 2 号楼")
        return member_id

    def _employ(self, post: Post, staff: Mapping[str, int]) -> int:
        note = f"{TITLES.get(post.role, DESK.title)}：{post.title}"
        account, is_new = self._roll.call(post.role, staff_address(post.key), totp=True, note=note)
        wanted = Registration(account.address, "", "", DEFAULT_CODE)
        member_id, created = self._member(account, wanted, renew=is_new)
        if created:
            below = staff[post.below] if post.below else None
            self._accounts.staff.place(member_id, below, post.title)
            role, region, branch_id = self._offices.grant(post, staff)
            self._accounts.staff.grant(member_id, role, SYSTEM, region, branch_id)
        return member_id

    def _welcome(self, person: Person, sponsor: int | None) -> int:
        account, is_new = self._roll.call(
            "member", person.address, totp=person.totp, note=person.note
        )
        code = self._sharing.share(sponsor, SHARED).code if sponsor else None
        wanted = Registration(account.address, "", "", YUEYANG, referral_code=code)
        member_id, created = self._member(account, wanted, renew=is_new)
        if created:
            self._furnish(member_id, person)
        return member_id

    def _member(self, account: Account, wanted: Registration, *, renew: bool) -> tuple[int, bool]:
        found = self._accounts.find(account.address)
        if found is not None and not renew:
            return found, False
        if found is not None:
            # The file was lost: nobody knows the old password any more.
            self._accounts.signing.change_password(found, account.password, keep_session=0)
            self._set_totp(found, account)
            return found, False
        hashed = passwords_of(self._house).hash(account.password)
        member = self._accounts.create(contacts.parse(account.address), wanted, hashed)
        self._set_totp(member.id, account)
        return member.id, True

    def _set_totp(self, member_id: int, account: Account) -> None:
        if account.totp_secret:
            self._accounts.totp.set_secret(member_id, account.totp_secret)

    def _furnish(self, member_id: int, person: Person) -> None:
        actor = Actor("member", member_id, region=YUEYANG)
        self._accounts.profiles.update(member_id, person.profile)
        book = self._accounts.addresses(member_id)
        for region, detail in person.postal:
            book.create(person.profile["real_name"], "13800000000", region, detail)
        subject = self._accounts.subject_of(member_id)
        for purpose in HEALTH_CONSENTS if person.key == CHAIN[-1].key else ():
            self._accounts.consents.give(subject, purpose, actor)
        self._sharing.join(member_id, TERMS_VERSION)
