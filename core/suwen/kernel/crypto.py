"""Encryption at rest: envelopes, blind indexes and the subjects' own keys.

An envelope is one byte of version, four bytes of key id, twelve of nonce and the ciphertext of
AES-256-GCM. Its additional data is ``table:column:id``, so a value that is moved to another row
does not open. Health data is sealed with the key of its subject; those keys are wrapped by the
master key and stand in a store of their own, so that destroying a key destroys the data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, LargeBinary, MetaData, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from suwen.kernel import clock
from suwen.kernel.db import Database, UTCDateTime
from suwen.kernel.upsert import insert_for

if TYPE_CHECKING:
    from suwen.kernel.settings import Settings

_VERSION = b"\x01"
_KEY_ID = 4
_NONCE = 12
_HEAD = 1 + _KEY_ID + _NONCE


class CannotOpen(Exception):
    """The value was altered, moved to another row, or sealed with a key that is gone."""


class SubjectKeyDestroyed(CannotOpen):
    """The subject's data was erased by destroying its key."""


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"suwen key id" + key).digest()[:_KEY_ID]


@dataclass(frozen=True)
class Cipher:
    """Seals with the newest key and opens with any it holds. Keys are never shown."""

    keys: Mapping[bytes, bytes]
    newest: bytes

    @classmethod
    def of(cls, *keys: bytes) -> Cipher:
        """A cipher over 32-byte keys, newest first."""
        return cls({_key_id(key): key for key in keys}, _key_id(keys[0]))

    def __repr__(self) -> str:
        """Without the keys."""
        return f"<Cipher {self.newest.hex()}>"

    def seal(self, plain: bytes | str, aad: str) -> bytes:
        """Encrypt; ``aad`` names the place, such as ``member:phone:123``."""
        data = plain.encode() if isinstance(plain, str) else plain
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self.keys[self.newest]).encrypt(nonce, data, aad.encode())
        return _VERSION + self.newest + nonce + sealed

    def open(self, sealed: bytes, aad: str) -> bytes:
        """Decrypt; raises ``CannotOpen``."""
        key = self.keys.get(sealed[1 : 1 + _KEY_ID])
        if sealed[:1] != _VERSION or key is None:
            raise CannotOpen(aad)
        nonce = sealed[1 + _KEY_ID : _HEAD]
        try:
            return AESGCM(key).decrypt(nonce, sealed[_HEAD:], aad.encode())
        except InvalidTag:
            raise CannotOpen(aad) from None

    def open_text(self, sealed: bytes, aad: str) -> str:
        """Decrypt text; raises ``CannotOpen``."""
        return self.open(sealed, aad).decode()

    def is_newest(self, sealed: bytes) -> bool:
        """Whether a rotation has nothing to do for this value."""
        return sealed[1 : 1 + _KEY_ID] == self.newest


class KeyBase(DeclarativeBase):
    """The key store has tables and a history of its own."""

    metadata = MetaData()


class SubjectKey(KeyBase):
    """A subject's data key, wrapped by the master key; ``wrapped`` is empty once destroyed."""

    __tablename__ = "subject_key"

    subject_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="live")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Vault:
    """The process's keys: the house cipher, blind indexes and the subjects' ciphers."""

    def __init__(self, master_keys: tuple[bytes, ...], store: Database) -> None:
        """Use master keys (32 bytes each, newest first) and the store of subjects' keys."""
        self._wrapping = Cipher.of(*(_derive(key, "wrap") for key in master_keys))
        self.house = Cipher.of(*(_derive(key, "house") for key in master_keys))
        self._index_key = _derive(master_keys[-1], "blind index")
        self._mac_key = _derive(master_keys[-1], "mac")
        self.store = store

    def blind_index(self, purpose: str, value: str) -> str:
        """Keyed hash to look a value up by; different for every purpose."""
        message = f"{purpose}\0{value}".encode()
        return hmac.new(self._index_key, message, hashlib.sha256).hexdigest()

    def mac(self, purpose: str, message: bytes) -> str:
        """Keyed hash that makes a stored row tamper-evident."""
        return hmac.new(
            self._mac_key, purpose.encode() + b"\0" + message, hashlib.sha256
        ).hexdigest()

    def subject(self, subject_id: int) -> Cipher:
        """The subject's cipher, its key made at first use; raises ``SubjectKeyDestroyed``."""
        with self.store.snapshot() as session:
            row = session.get(SubjectKey, subject_id)
        if row is None:
            self._make(subject_id)
            return self.subject(subject_id)
        if row.state != "live":
            raise SubjectKeyDestroyed(str(subject_id))
        return Cipher.of(self._wrapping.open(row.wrapped, f"subject_key:wrapped:{subject_id}"))

    def _make(self, subject_id: int) -> None:
        wrapped = self._wrapping.seal(secrets.token_bytes(32), f"subject_key:wrapped:{subject_id}")
        with self.store.transaction() as session:
            row = {
                "subject_id": subject_id,
                "wrapped": wrapped,
                "state": "live",
                "created_at": clock.now(),
            }
            session.execute(
                insert_for(session, SubjectKey)
                .values(**row)
                .on_conflict_do_nothing(index_elements=["subject_id"])
            )

    def destroy(self, subject_id: int) -> None:
        """Destroy the subject's key: everything sealed with it is gone for ever."""
        with self.store.transaction() as session:
            row = session.get(SubjectKey, subject_id)
            if row is not None:
                row.wrapped, row.state, row.destroyed_at = b"", "destroyed", clock.now()

    def rewrap(self, after: int = 0, limit: int = 500) -> int | None:
        """Wrap the next ``limit`` subject keys with the newest master key; where to go on.

        ``after`` is the answer of the call before, None the end. The rows are locked: a key that is
        destroyed meanwhile must not be written back.
        """
        query = select(SubjectKey).where(SubjectKey.subject_id > after, SubjectKey.state == "live")
        with self.store.transaction() as session:
            rows = session.scalars(
                query.order_by(SubjectKey.subject_id).limit(limit).with_for_update()
            ).all()
            for row in rows:
                if not self._wrapping.is_newest(row.wrapped):
                    aad = f"subject_key:wrapped:{row.subject_id}"
                    row.wrapped = self._wrapping.seal(self._wrapping.open(row.wrapped, aad), aad)
        return rows[-1].subject_id if len(rows) == limit else None


def _derive(master: bytes, purpose: str) -> bytes:
    return hmac.new(master, b"suwen/" + purpose.encode(), hashlib.sha256).digest()


def parse_master_keys(text: str) -> tuple[bytes, ...]:
    """Base64 keys of 32 bytes, newest first; raises ``ValueError``."""
    keys = tuple(base64.b64decode(part.strip(), validate=True) for part in text.split(","))
    if not all(len(key) == 32 for key in keys):
        raise ValueError("a master key has 32 bytes")
    return keys


def from_settings(settings: Settings) -> Vault:
    """The process's vault. In development a master key is made once in the data folder."""
    return Vault(_master_keys(settings), Database(settings.keys_url, pool_size=3))


def _master_keys(settings: Settings) -> tuple[bytes, ...]:
    if settings.master_key:
        return parse_master_keys(settings.master_key)
    return parse_master_keys(development_secret(settings, "master.key"))


def development_secret(settings: Settings, name: str) -> str:
    """A secret of a development machine, kept in its data folder with mode 0600."""
    path = settings.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        part = path.with_suffix(f".{secrets.token_hex(4)}")
        part.touch(mode=0o600)
        part.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        try:
            part.rename(path) if not path.exists() else part.unlink()
        finally:
            part.unlink(missing_ok=True)
    return path.read_text().strip()
