"""Where kits and paper reports are sent (收货地址、报告查收地址). All but the division is sealed.

Each address serves kits, reports or both, and for each of the two uses one address stands first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from suwen.accounts import contacts
from suwen.accounts.errors import BadAddress
from suwen.accounts.models import PostalAddress
from suwen.kernel import clock, ids
from suwen.kernel.db import take_turns
from suwen.kernel.errors import Conflict, Invalid, NotFound
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault

KITS, REPORTS, BOTH = "kits", "reports", "both"
PURPOSES: Final[Mapping[str, str]] = {
    BOTH: _("收采样包和纸质报告"),
    KITS: _("只收采样包"),
    REPORTS: _("只收纸质报告"),
}
USES: Final[Mapping[str, str]] = {KITS: _("收采样包"), REPORTS: _("收报告")}
MAX_ADDRESSES: Final = 20
_SEALED: Final = ("recipient", "phone", "detail")


class TooManyAddresses(Conflict):
    """More addresses than anybody needs."""

    code = "too_many_addresses"
    message = _("最多保存 20 个地址，请先删除不用的")


class BadPhone(Invalid):
    """Not a number that a courier can call or write to."""

    code = "bad_phone"
    message = _("请填写正确的手机号，快递员会用它联系收件人")

    def __init__(self) -> None:
        """Put the message beside the number."""
        super().__init__(fields={"phone": self.message})


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the clear, for its owner and for the parcel's label."""

    id: int
    recipient: str
    phone: str
    region_code: str
    detail: str
    is_default: bool
    purpose: str = BOTH

    def serves(self, use: str) -> bool:
        """Whether it may be chosen for kits or for reports."""
        return self.purpose in {BOTH, use}


def parse_phone(text: str) -> str:
    """A mobile number in canonical form; raises ``BadPhone``."""
    try:
        found = contacts.parse(text.replace("@", " "), "phone")
    except BadAddress:
        raise BadPhone from None
    return found.value


def defaults(addresses: Sequence[Address]) -> dict[str, int]:
    """Which address stands first for each use: one marked for it alone, one marked for both, or
    the newest that serves it.
    """
    found = {}
    for use in USES:
        fitting = [address for address in addresses if address.serves(use)]
        if fitting:
            found[use] = max(fitting, key=_rank).id
    return found


def _rank(address: Address) -> tuple[bool, bool, int]:
    return address.is_default, address.is_default and address.purpose != BOTH, address.id


class AddressBook:
    """One member's postal addresses; another member's do not exist."""

    def __init__(self, db: Session, vault: Vault, member_id: int) -> None:
        """Only rows of ``member_id`` are read or written."""
        self._db = db
        self._vault = vault
        self._member_id = member_id

    def all(self) -> Sequence[Address]:
        """All addresses, defaults first."""
        rows = self._db.scalars(
            select(PostalAddress)
            .where(PostalAddress.member_id == self._member_id)
            .order_by(PostalAddress.is_default.desc(), PostalAddress.id.desc())
            .limit(MAX_ADDRESSES)
        ).all()
        return [self._clear(row) for row in rows]

    def serving(self, use: str) -> Sequence[Address]:
        """Those that may be chosen for ``kits`` or ``reports``, the default of it first."""
        fitting = [address for address in self.all() if address.serves(use)]
        return sorted(fitting, key=_rank, reverse=True)

    def exists(self) -> bool:
        """Whether there is any."""
        query = select(PostalAddress.id).where(PostalAddress.member_id == self._member_id)
        return self._db.scalars(query.limit(1)).first() is not None

    def get(self, address_id: int) -> Address:
        """One address; raises ``NotFound``."""
        return self._clear(self._row(address_id))

    def create(
        self,
        recipient: str,
        phone: str,
        region_code: str,
        detail: str,
        *,
        is_default: bool = False,
        purpose: str = BOTH,
    ) -> Address:
        """Add an address; the first one is the default. Raises ``TooManyAddresses``."""
        take_turns(self._db, f"{PostalAddress.__tablename__}:{self._member_id}")
        count = self._db.scalar(
            select(func.count())
            .select_from(PostalAddress)
            .where(PostalAddress.member_id == self._member_id)
        )
        if (count or 0) >= MAX_ADDRESSES:
            raise TooManyAddresses
        row = PostalAddress(
            id=ids.new_id(),
            member_id=self._member_id,
            region_code=region_code,
            sealed=b"",
            is_default=is_default or not count,
            purpose=purpose,
            created_at=clock.now(),
        )
        row.sealed = self._seal(row.id, recipient, phone, detail)
        if row.is_default:
            self._undefault(purpose)
        self._db.add(row)
        self._db.flush()
        return self._clear(row)

    def update(self, address_id: int, changes: Mapping[str, Any]) -> Address:
        """Change what is named; raises ``NotFound``."""
        row = self._row(address_id)
        old = self._clear(row)
        parts = {name: changes.get(name, getattr(old, name)) for name in _SEALED}
        row.sealed = self._seal(row.id, **parts)
        row.region_code = changes.get("region_code", row.region_code)
        row.purpose = changes.get("purpose", row.purpose)
        if changes.get("is_default") or (row.is_default and row.purpose != old.purpose):
            self._undefault(row.purpose)
            row.is_default = True
        self._db.flush()
        return self._clear(row)

    def delete(self, address_id: int) -> None:
        """Delete an address; the newest of the others becomes the default. Raises ``NotFound``."""
        row = self._row(address_id)
        self._db.delete(row)
        self._db.flush()
        rest = self.all()
        if rest and not rest[0].is_default:
            self._row(rest[0].id).is_default = True
            self._db.flush()

    def _row(self, address_id: int) -> PostalAddress:
        row = self._db.get(PostalAddress, address_id)
        if row is None or row.member_id != self._member_id:
            raise NotFound
        return row

    def _undefault(self, purpose: str) -> None:
        """Unmark what ``purpose`` replaces: its like, or with ``both`` every other."""
        query = update(PostalAddress).where(PostalAddress.member_id == self._member_id)
        if purpose != BOTH:
            query = query.where(PostalAddress.purpose == purpose)
        self._db.execute(query.values(is_default=False))

    def _seal(self, address_id: int, recipient: str, phone: str, detail: str) -> bytes:
        parts = {"recipient": recipient, "phone": phone, "detail": detail}
        text = json.dumps(parts, ensure_ascii=False)
        return self._vault.house.seal(text, f"postal_address:sealed:{address_id}")

    def _clear(self, row: PostalAddress) -> Address:
        text = self._vault.house.open(row.sealed, f"postal_address:sealed:{row.id}")
        return Address(
            id=row.id,
            region_code=row.region_code,
            is_default=row.is_default,
            purpose=row.purpose,
            **json.loads(text),
        )
