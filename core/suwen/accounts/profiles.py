"""What a member tells about himself, and where parcels go. All of it is sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from suwen.accounts.contacts import mask_name
from suwen.accounts.models import GROUP, Member, PostalAddress, Subject
from suwen.kernel import clock, ids
from suwen.kernel.errors import Conflict, NotFound
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.logins import Logins
    from suwen.kernel.crypto import Vault

SEXES: Final = ("female", "male")
MAX_ADDRESSES: Final = 20


class TooManyAddresses(Conflict):
    """More addresses than anybody needs."""

    code = "too_many_addresses"
    message = _("最多保存 20 个收货地址，请先删除不用的")


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's own words about himself. Any may be missing."""

    real_name: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    occupation: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the clear, for its owner and for the parcel's label."""

    id: int
    recipient: str
    phone: str
    region_code: str
    detail: str
    is_default: bool


class Profiles:
    """Reads and writes profiles; the key is that of the member's own subject."""

    def __init__(self, db: Session, vault: Vault, logins: Logins) -> None:
        """Seal with ``vault``."""
        self._db = db
        self._vault = vault
        self._logins = logins

    def member(self, member_id: int) -> Member:
        """The member; raises ``NotFound``."""
        found = self._db.get(Member, member_id)
        if found is None:
            raise NotFound
        return found

    def subject_of(self, member_id: int) -> int:
        """Id of the subject that is the member himself; raises ``NotFound``."""
        query = select(Subject.id).where(Subject.member_id == member_id, Subject.relation == "self")
        found = self._db.scalars(query).first()
        if found is None:
            raise NotFound
        return found

    def read(self, member_id: int) -> Profile:
        """The profile; raises ``SubjectKeyDestroyed`` after an erasure."""
        member = self.member(member_id)
        if member.profile is None:
            return Profile()
        cipher = self._vault.subject(self.subject_of(member_id))
        values = json.loads(cipher.open(member.profile, f"member:profile:{member_id}"))
        born = values.get("birth_date")
        return Profile(**{**values, "birth_date": date.fromisoformat(born) if born else None})

    def update(self, member_id: int, changes: Mapping[str, Any]) -> None:
        """Change what ``changes`` names: fields of the profile, ``region_code``, the group's
        ``name`` and ``nature``, ``locale``.
        """
        member = self.member(member_id)
        for name in ("region_code", "locale"):
            if name in changes:
                setattr(member, name, changes[name])
        if member.kind == GROUP:
            member.group_name = changes.get("name") or member.group_name
            member.group_nature = changes.get("nature") or member.group_nature
        fields = {name: changes[name] for name in Profile.__slots__ if name in changes}
        profile = self.read(member_id)
        if fields:
            profile = Profile(**{**asdict(profile), **fields})
            member.profile = self._sealed(member_id, profile)
        member.display_name = self._display_name(member, profile)
        self._db.flush()

    def _sealed(self, member_id: int, profile: Profile) -> bytes:
        text = json.dumps(asdict(profile), ensure_ascii=False, default=str)
        cipher = self._vault.subject(self.subject_of(member_id))
        return cipher.seal(text, f"member:profile:{member_id}")

    def _display_name(self, member: Member, profile: Profile) -> str:
        if member.kind == GROUP and member.group_name:
            return member.group_name
        if profile.real_name:
            return mask_name(profile.real_name)
        logins = self._logins.of(member.id)
        return logins[0].masked if logins else member.display_name


class AddressBook:
    """One member's postal addresses; another member's do not exist."""

    def __init__(self, db: Session, vault: Vault, member_id: int) -> None:
        """Only rows of ``member_id`` are read or written."""
        self._db = db
        self._vault = vault
        self._member_id = member_id

    def all(self) -> Sequence[Address]:
        """All addresses, the default first."""
        rows = self._db.scalars(
            select(PostalAddress)
            .where(PostalAddress.member_id == self._member_id)
            .order_by(PostalAddress.is_default.desc(), PostalAddress.id.desc())
            .limit(MAX_ADDRESSES)
        ).all()
        return [self._clear(row) for row in rows]

    def get(self, address_id: int) -> Address:
        """One address; raises ``NotFound``."""
        return self._clear(self._row(address_id))

    def create(
        self, recipient: str, phone: str, region_code: str, detail: str, *, is_default: bool = False
    ) -> Address:
        """Add an address; the first one is the default. Raises ``TooManyAddresses``."""
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
            created_at=clock.now(),
        )
        row.sealed = self._seal(row.id, recipient, phone, detail)
        if row.is_default:
            self._undefault()
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
        if changes.get("is_default"):
            self._undefault()
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

    def _undefault(self) -> None:
        self._db.execute(
            update(PostalAddress)
            .where(PostalAddress.member_id == self._member_id)
            .values(is_default=False)
        )

    def _seal(self, address_id: int, recipient: str, phone: str, detail: str) -> bytes:
        parts = {"recipient": recipient, "phone": phone, "detail": detail}
        text = json.dumps(parts, ensure_ascii=False)
        return self._vault.house.seal(text, f"postal_address:sealed:{address_id}")

    def _clear(self, row: PostalAddress) -> Address:
        text = self._vault.house.open(row.sealed, f"postal_address:sealed:{row.id}")
        return Address(
            id=row.id, region_code=row.region_code, is_default=row.is_default, **json.loads(text)
        )


_SEALED: Final = ("recipient", "phone", "detail")
