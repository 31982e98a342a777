"""One-time codes: six digits, five minutes, five tries, one use."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from suwen.accounts.models import VerificationCode
from suwen.kernel import clock, ids

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.contacts import Contact
    from suwen.kernel.crypto import Vault

PURPOSES: Final = ("register", "sign_in", "reset", "step_up")
"""Those that anybody may ask for; a change of address has its own."""
LASTS: Final = timedelta(minutes=5)
TRIES: Final = 5
DIGITS: Final = 6

_SPACING: Final = dict.fromkeys(map(ord, " -\t\u200b"))
_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that has been counted. ``hash`` is empty when there is nothing to match."""

    code_id: int
    hash: str


def plain(code: str) -> str:
    """A code as people paste it: spaces, hyphens and full-width digits are no fault."""
    return unicodedata.normalize("NFKC", code).translate(_SPACING)


class Codes:
    """Issues codes and lets each be used once."""

    def __init__(self, db: Session, vault: Vault) -> None:
        """Codes are kept as keyed hashes under ``vault``."""
        self._db = db
        self._vault = vault

    def issue(self, contact: Contact, purpose: str) -> str:
        """A new code; it takes the place of those issued before for the same purpose."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        moment, code_id = clock.now(), ids.new_id()
        index = self._index(contact)
        self._db.execute(
            delete(VerificationCode).where(
                VerificationCode.address_index == index, VerificationCode.purpose == purpose
            ),
            execution_options=_QUIET,
        )
        self._db.add(
            VerificationCode(
                id=code_id,
                purpose=purpose,
                address_index=index,
                code_hash=self._hash(code_id, code),
                tries=0,
                created_at=moment,
                expires_at=moment + LASTS,
            )
        )
        self._db.flush()
        return code

    def begin(self, contact: Contact, purpose: str) -> Attempt:
        """Count a try. Commit before ``finish``, so that parallel guesses cannot share one count."""
        newest = (
            select(VerificationCode.id)
            .where(
                VerificationCode.address_index == self._index(contact),
                VerificationCode.purpose == purpose,
                VerificationCode.expires_at > clock.now(),
                VerificationCode.consumed_at.is_(None),
            )
            .order_by(VerificationCode.id.desc())
            .limit(1)
        )
        row = self._db.execute(
            update(VerificationCode)
            .where(VerificationCode.id == newest.scalar_subquery(), VerificationCode.tries < TRIES)
            .values(tries=VerificationCode.tries + 1)
            .returning(VerificationCode.id, VerificationCode.code_hash),
            execution_options=_QUIET,
        ).first()
        return Attempt(row.id, row.code_hash) if row else Attempt(0, "")

    def finish(self, attempt: Attempt, code: str) -> bool:
        """Whether the code fits; a fitting one is used up."""
        given = self._hash(attempt.code_id, plain(code))
        if not hmac.compare_digest(given, attempt.hash or "-" * len(given)):
            return False
        used = self._db.execute(
            update(VerificationCode)
            .where(VerificationCode.id == attempt.code_id, VerificationCode.consumed_at.is_(None))
            .values(consumed_at=clock.now())
            .returning(VerificationCode.id),
            execution_options=_QUIET,
        )
        return used.first() is not None

    def purge(self) -> None:
        """Forget codes that are over."""
        self._db.execute(
            delete(VerificationCode).where(VerificationCode.expires_at < clock.now()),
            execution_options=_QUIET,
        )

    def _index(self, contact: Contact) -> str:
        return self._vault.blind_index("verification code", f"{contact.kind}:{contact.value}")

    def _hash(self, code_id: int, code: str) -> str:
        return self._vault.mac("verification code", f"{code_id}:{code}".encode())
