"""Recovery codes (恢复码): the second factor of who lost the authenticator; each is used once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update

from suwen.accounts.models import RecoveryCode
from suwen.kernel import clock, ids

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault

HOW_MANY: Final = 10
LENGTH: Final = 10
"""Characters of 5 bits each: 50 bits, behind the limits of the second factor."""
_READ_AS: Final = str.maketrans("OIL", "011", " -")
_QUIET: Final = {"synchronize_session": False}


class RecoveryCodes:
    """Makes codes, shows them once, lets each be used once."""

    def __init__(self, db: Session, vault: Vault) -> None:
        """Codes are kept as keyed hashes under ``vault``."""
        self._db = db
        self._vault = vault

    def renew(self, member_id: int) -> Sequence[str]:
        """Ten new codes, in the clear this once; all earlier ones are void."""
        self.forget(member_id)
        codes = [ids.code(LENGTH) for _ in range(HOW_MANY)]
        self._db.add_all(
            RecoveryCode(
                id=ids.new_id(),
                member_id=member_id,
                code_hash=self._hash(member_id, code),
                created_at=clock.now(),
            )
            for code in codes
        )
        self._db.flush()
        return [f"{code[:5]}-{code[5:]}" for code in codes]

    def left(self, member_id: int) -> int:
        """How many can still be used."""
        query = (
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.member_id == member_id, RecoveryCode.used_at.is_(None))
        )
        return self._db.scalar(query) or 0

    def use(self, member_id: int, code: str) -> bool:
        """Whether the code fits; a fitting one is used up. Of two parallel uses one wins."""
        used = self._db.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.member_id == member_id,
                RecoveryCode.code_hash == self._hash(member_id, _plain(code)),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=clock.now())
            .returning(RecoveryCode.id),
            execution_options=_QUIET,
        )
        return used.first() is not None

    def forget(self, member_id: int) -> None:
        """Void all codes of a member."""
        self._db.execute(
            delete(RecoveryCode).where(RecoveryCode.member_id == member_id),
            execution_options=_QUIET,
        )

    def _hash(self, member_id: int, plain: str) -> str:
        return self._vault.mac("recovery code", f"{member_id}:{plain}".encode())


def looks_like_one(code: str) -> bool:
    """Whether what was typed is as long as a recovery code; a dynamic code is shorter."""
    return len(_plain(code)) == LENGTH


def _plain(code: str) -> str:
    return unicodedata.normalize("NFKC", code).upper().translate(_READ_AS)
