"""Somebody whose account was opened for him agrees to the terms himself, before anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import update

from suwen.accounts.errors import AgreementNeeded
from suwen.accounts.models import Member
from suwen.accounts.purposes import PRIVACY, TERMS, Purpose
from suwen.accounts.services import accounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House

ASKED: Final = (TERMS, PRIVACY)


class Agreement:
    """What is asked of one member, and his yes."""

    def __init__(self, house: House, db: Session, member_id: int) -> None:
        """Of the member ``member_id``."""
        self._db, self._member_id = db, member_id
        self._accounts = accounts(house, db)

    def asked(self) -> Sequence[tuple[str, Purpose]]:
        """The present texts, by purpose."""
        return [(name, self._accounts.consents.present(name)) for name in ASKED]

    def agree(self, shown: Mapping[str, tuple[str, str]], actor: Actor, channel: str) -> None:
        """Agree to what was shown, as (version, text) by purpose; the account is open then.

        Raises ``AgreementNeeded`` for a purpose that was not, and ``OldVersion``.
        """
        if set(shown) != set(ASKED):
            raise AgreementNeeded
        subject_id = self._accounts.subject_of(self._member_id)
        for name, (version, text) in shown.items():
            self._accounts.consents.give(
                subject_id, name, actor, version=version, shown=text, channel=channel
            )
        self._db.execute(
            update(Member).where(Member.id == self._member_id).values(must_agree=False),
            execution_options={"synchronize_session": False},
        )
