"""The second factor (RFC 6238): a code from an authenticator, each usable once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyotp
from sqlalchemy import update

from suwen.accounts.codes import plain
from suwen.accounts.errors import WrongTotp
from suwen.accounts.models import Member
from suwen.accounts.recovery import RecoveryCodes
from suwen.kernel import clock

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault

ISSUER: Final = "Suwen"
STEP_S: Final = 30
DRIFT: Final = 1
"""Steps that a clock may be wrong by."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A seed that waits for its first code; ``uri`` is what the QR says."""

    secret: str
    uri: str


class Totp:
    """Enrols members and checks their codes."""

    def __init__(self, db: Session, vault: Vault, audit: AuditLog) -> None:
        """Seeds are sealed with ``vault``."""
        self._db = db
        self._vault = vault
        self._audit = audit

    def begin(self, member_id: int) -> Enrolment:
        """A new seed, or the one that still waits; never that of a confirmed factor."""
        member = self._db.get_one(Member, member_id)
        if member.totp_confirmed_at is not None:
            raise ValueError("the second factor is confirmed already")
        secret = self._secret(member) or pyotp.random_base32()
        if member.totp_secret is None:
            member.totp_secret = self._vault.house.seal(secret, _aad(member_id))
            self._db.flush()
        return self._enrolment(member, secret)

    def enrolment(self, member_id: int, secret: str) -> Enrolment:
        """A seed that a form holds, shown once more."""
        return self._enrolment(self._db.get_one(Member, member_id), secret)

    def fresh(self, member_id: int) -> Enrolment:
        """A seed to put in the place of the confirmed one; nothing is stored before ``replace``."""
        return self._enrolment(self._db.get_one(Member, member_id), pyotp.random_base32())

    def _enrolment(self, member: Member, secret: str) -> Enrolment:
        uri = pyotp.TOTP(secret).provisioning_uri(name=member.display_name, issuer_name=ISSUER)
        return Enrolment(secret, uri)

    def replace(self, member_id: int, secret: str, code: str, actor: Actor) -> None:
        """Change to another authenticator, which its first code proves; raises ``WrongTotp``."""
        step = _step_of(secret, code)
        if step is None:
            raise WrongTotp
        self.set_secret(member_id, secret)
        self._use(member_id, step)
        self._audit.write(self._db, actor, "totp.replace", "member", member_id)

    def set_secret(self, member_id: int, secret: str) -> None:
        """Enrol with a known seed (demonstration data, a restored authenticator).

        Raises ``ValueError`` for one of less than 112 bits (RFC 4226 R6 asks for 128).
        """
        _step_of(secret, "")
        member = self._db.get_one(Member, member_id)
        member.totp_secret = self._vault.house.seal(secret, _aad(member_id))
        member.totp_confirmed_at = clock.now()
        self._db.flush()

    def confirm(self, member_id: int, code: str, actor: Actor) -> None:
        """The first code proves that the authenticator has the seed; raises ``WrongTotp``."""
        self.check(member_id, code)
        self._db.execute(
            update(Member).where(Member.id == member_id).values(totp_confirmed_at=clock.now()),
            execution_options={"synchronize_session": False},
        )
        self._audit.write(self._db, actor, "totp.enrol", "member", member_id)

    def check(self, member_id: int, code: str) -> None:
        """Accept a code of now or a neighbour step, later than any used; raises ``WrongTotp``."""
        member = self._db.get_one(Member, member_id, populate_existing=True)
        secret = self._secret(member)
        step = _step_of(secret, code) if secret else None
        if step is None or not self._use(member_id, step):
            raise WrongTotp

    def _use(self, member_id: int, step: int) -> bool:
        # One statement: of two parallel uses of a code one finds the step taken.
        used = self._db.execute(
            update(Member)
            .where(Member.id == member_id, Member.totp_last_step < step)
            .values(totp_last_step=step)
            .returning(Member.id),
            execution_options={"synchronize_session": False},
        )
        return used.first() is not None

    def reset(self, member_id: int, actor: Actor, reason: str) -> None:
        """Take the factor away, its recovery codes with it; audited."""
        member = self._db.get_one(Member, member_id)
        member.totp_secret = member.totp_confirmed_at = None
        RecoveryCodes(self._db, self._vault).forget(member_id)
        self._audit.write(self._db, actor, "totp.reset", "member", member_id, reason=reason)
        self._db.flush()

    def _secret(self, member: Member) -> str | None:
        if member.totp_secret is None:
            return None
        return self._vault.house.open_text(member.totp_secret, _aad(member.id))


def _step_of(secret: str, code: str) -> int | None:
    present = int(clock.now().timestamp()) // STEP_S
    generator = pyotp.TOTP(secret)
    for step in range(present - DRIFT, present + DRIFT + 1):
        if pyotp.utils.strings_equal(generator.generate_otp(step), plain(code)):
            return step
    return None


def _aad(member_id: int) -> str:
    return f"member:totp_secret:{member_id}"
