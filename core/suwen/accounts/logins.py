"""Addresses that sign members in: sealed, and found by their blind index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, select

from suwen.accounts.contacts import KINDS, PHONE, Contact
from suwen.accounts.errors import AddressTaken
from suwen.accounts.marks import tail_mark
from suwen.accounts.models import ACTIVE, Login, Member
from suwen.kernel import ids
from suwen.kernel.errors import NotFound
from suwen.kernel.upsert import insert_once

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know of an account; ``member_id`` 0 for an unknown address."""

    member_id: int = 0
    password_hash: str | None = None
    has_totp: bool = False


@dataclass(frozen=True, slots=True)
class LoginInfo:
    """One way to sign in, for its owner."""

    id: int
    contact: Contact
    verified_at: datetime

    @property
    def kind(self) -> str:
        """``phone``, ``email`` or the id of a provider's plugin with the application's id."""
        return self.contact.kind

    @property
    def reachable(self) -> bool:
        """Whether codes can be sent there."""
        return self.contact.reachable


class Logins:
    """Finds accounts by address and addresses by account."""

    def __init__(self, db: Session, vault: Vault) -> None:
        """Seal and index with ``vault``."""
        self._db = db
        self._vault = vault

    def account(self, contact: Contact) -> Account:
        """The active account of an address, or an empty one."""
        owner = select(Login.member_id).where(
            Login.kind == contact.kind, Login.index == self._index(contact)
        )
        return self._read(Member.id.in_(owner))

    def account_of(self, member_id: int) -> Account:
        """The active account of a member, or an empty one."""
        return self._read(Member.id == member_id)

    def _read(self, condition: ColumnElement[bool]) -> Account:
        row = self._db.execute(
            select(Member.id, Member.password_hash, Member.totp_confirmed_at).where(
                condition, Member.state == ACTIVE
            )
        ).first()
        if row is None:
            return Account()
        return Account(row.id, row.password_hash, row.totp_confirmed_at is not None)

    def add(self, member_id: int, contact: Contact, verified_at: datetime) -> LoginInfo:
        """Let the address, or what a provider calls him, sign the member in; raises ``AddressTaken``."""
        login_id = ids.new_id()
        values = {
            "id": login_id,
            "member_id": member_id,
            "kind": contact.kind,
            "value": self._vault.house.seal(contact.value, _aad(login_id)),
            "index": self._index(contact),
            "tail_index": tail_mark(self._vault, contact.value) if contact.kind == PHONE else None,
            "verified_at": verified_at,
        }
        # Two registrations of one address at once: one of them finds the row standing.
        if not insert_once(self._db, Login, values, "kind", "index"):
            raise AddressTaken
        return LoginInfo(login_id, contact, verified_at)

    def remove(self, member_id: int, login_id: int) -> None:
        """Let an address sign the member in no longer."""
        self._db.execute(
            delete(Login).where(Login.id == login_id, Login.member_id == member_id),
            execution_options={"synchronize_session": False},
        )

    def all(self, member_id: int) -> Sequence[LoginInfo]:
        """Every way to sign the member in, oldest first."""
        query = select(Login).where(Login.member_id == member_id).order_by(Login.id)
        return [
            LoginInfo(row.id, Contact(row.kind, self._open(row)), row.verified_at)
            for row in self._db.scalars(query).all()
        ]

    def get(self, member_id: int, login_id: int) -> LoginInfo:
        """One of them; raises ``NotFound``."""
        for one in self.all(member_id):
            if one.id == login_id:
                return one
        raise NotFound

    def of(self, member_id: int) -> Sequence[Contact]:
        """The member's addresses, which codes can be sent to, oldest first."""
        return [one.contact for one in self.all(member_id) if one.reachable]

    def clear(self, row: Login) -> str:
        """The address of a row in the clear."""
        return self._open(row)

    def of_many(self, member_ids: Sequence[int]) -> dict[int, list[Contact]]:
        """Addresses of several members, oldest first, in one statement."""
        mine = Login.member_id.in_(member_ids), Login.kind.in_(KINDS)
        query = select(Login).where(*mine).order_by(Login.id)
        found: dict[int, list[Contact]] = {}
        for row in self._db.scalars(query):
            found.setdefault(row.member_id, []).append(Contact(row.kind, self._open(row)))
        return found

    def _open(self, row: Login) -> str:
        return self._vault.house.open_text(row.value, _aad(row.id))

    def _index(self, contact: Contact) -> str:
        return self._vault.blind_index(f"login {contact.kind}", contact.value)


def _aad(login_id: int) -> str:
    return f"login:value:{login_id}"
