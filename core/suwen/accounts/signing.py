"""Proving who one is: at sign-in, again before something sensitive, and with a forgotten password.

Tries are counted and committed before anything is compared, so parallel guesses cannot share one
count, and no password is hashed while a writing transaction is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import update

from suwen.accounts import contacts
from suwen.accounts.contacts import Contact
from suwen.accounts.errors import BadAddress, SignInFailed, TotpRequired, WrongCode
from suwen.accounts.limits import Checkpoint, Gate, no_checkpoint
from suwen.accounts.logins import Account, Logins
from suwen.accounts.models import Member
from suwen.accounts.passwords import Passwords, check_strength
from suwen.kernel import clock
from suwen.kernel.audit import Actor

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.codes import Codes
    from suwen.accounts.notices import Notices
    from suwen.accounts.second_factor import SecondFactor
    from suwen.accounts.watch import Watch
    from suwen.kernel.audit import AuditLog
    from suwen.kernel.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody offers as proof: a password or a code, and the second factor where needed.

    ``totp`` may be a recovery code.
    """

    password: str | None = None
    code: str | None = None
    totp: str | None = None


class Signing:
    """Checks proofs. Every method that takes ``network`` counts tries and may raise ``TooMany``."""

    def __init__(
        self,
        db: Session,
        *,
        logins: Logins,
        codes: Codes,
        second: SecondFactor,
        gate: Gate,
        passwords: Passwords,
        sessions: Sessions,
        audit: AuditLog,
        notices: Notices,
        watch: Watch,
        step_up_minutes: int,
    ) -> None:
        """Collaborators are made by ``suwen.accounts.services.accounts``."""
        self._db = db
        self._logins = logins
        self._codes = codes
        self._second = second
        self._gate = gate
        self._passwords = passwords
        self._sessions = sessions
        self._audit = audit
        self._notices = notices
        self._watch = watch
        self._step_up_minutes = step_up_minutes

    def authenticate(
        self, address: str, proof: Proof, network: str, checkpoint: Checkpoint = no_checkpoint
    ) -> int:
        """Id of the member who has proved himself.

        Raises ``SignInFailed``, ``TotpRequired`` (first factor right), ``WrongTotp`` or ``TooMany``.
        """
        account = self.first_factor(address, proof, network, checkpoint)
        if account.has_totp:
            if not proof.totp:
                checkpoint()
                raise TotpRequired
            self._second.check(account.member_id, proof.totp, checkpoint)
        return account.member_id

    def first_factor(
        self, address: str, proof: Proof, network: str, checkpoint: Checkpoint = no_checkpoint
    ) -> Account:
        """The account whose password or code is right; raises ``SignInFailed`` or ``TooMany``."""
        try:
            contact = contacts.parse(address)
        except BadAddress:
            contact = Contact("unknown", address.strip()[:200])
        with self._watch.over("sign_in", contact.value):
            self._gate.sign_in_tried(contact.value, network)
            account = self._logins.account(contact)
            if not self._proves(contact, account, proof, "sign_in", checkpoint):
                raise SignInFailed
        self._gate.signed_in(contact.value, network)
        return account

    def _proves(
        self,
        contact: Contact,
        account: Account,
        proof: Proof,
        purpose: str,
        checkpoint: Checkpoint,
    ) -> bool:
        if proof.code is not None and proof.password is None:
            return self._proves_code(contact, account, proof.code, purpose, checkpoint)
        return self._proves_password(account, proof.password or "", checkpoint)

    def _proves_code(
        self, contact: Contact, account: Account, code: str, purpose: str, checkpoint: Checkpoint
    ) -> bool:
        attempt = self._codes.begin(contact, purpose)
        checkpoint()
        return self._codes.finish(attempt, code) and account.member_id != 0

    def _proves_password(self, account: Account, password: str, checkpoint: Checkpoint) -> bool:
        checkpoint()
        right = self._passwords.verify(account.password_hash, password)
        if right and account.password_hash and self._passwords.needs_rehash(account.password_hash):
            self._store_password(account.member_id, self._passwords.hash(password))
        return right

    def step_up(
        self,
        member_id: int,
        session_id: int,
        proof: Proof,
        network: str,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> datetime:
        """Elevate a session after one more proof; until when. Raises ``SignInFailed``,
        ``WrongTotp`` or ``TooMany``.
        """
        if proof.totp:
            self._second.check(member_id, proof.totp, checkpoint)
        else:
            self._prove_again(member_id, proof, network, checkpoint)
        return self._sessions.elevate(session_id, self._step_up_minutes)

    def _prove_again(
        self, member_id: int, proof: Proof, network: str, checkpoint: Checkpoint
    ) -> None:
        own = self._logins.of(member_id)
        key = own[0].value if own else f"member {member_id}"
        with self._watch.over("step_up", key):
            self._gate.sign_in_tried(key, network)
            account = self._logins.account_of(member_id)
            if not self._proves_anywhere(own, account, proof, checkpoint):
                raise SignInFailed
        self._gate.signed_in(key, network)

    def _proves_anywhere(
        self, own: Sequence[Contact], account: Account, proof: Proof, checkpoint: Checkpoint
    ) -> bool:
        if proof.code is None:
            return self._proves_password(account, proof.password or "", checkpoint)
        return any(
            self._proves_code(one, account, proof.code, "step_up", checkpoint) for one in own
        )

    def reset_password(
        self,
        address: str,
        code: str,
        password: str,
        network: str,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        """Set a new password by a code and end all sessions; raises ``WrongCode`` and others."""
        contact = contacts.parse(address)
        check_strength(password, address=contact.value)
        with self._watch.over("reset", contact.value):
            self._gate.sign_in_tried(contact.value, network)
            attempt = self._codes.begin(contact, "reset")
            checkpoint()
            password_hash = self._passwords.hash(password)
            account = self._logins.account(contact)
            if not self._codes.finish(attempt, code) or not account.member_id:
                raise WrongCode
        self._gate.signed_in(contact.value, network)
        self._store_password(account.member_id, password_hash)
        self._sessions.revoke_all(account.member_id)
        actor = Actor("member", account.member_id)
        self._audit.write(self._db, actor, "password.reset", "member", account.member_id)
        self._notices.tell(account.member_id, "password_changed")

    def change_password(
        self,
        member_id: int,
        password: str,
        keep_session: int,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        """Set a new password for a member who has just stepped up; other sessions end."""
        own = self._logins.of(member_id)
        check_strength(password, address=own[0].value if own else "")
        checkpoint()
        self._store_password(member_id, self._passwords.hash(password))
        self._sessions.revoke_all(member_id, keep=keep_session)
        actor = Actor("member", member_id)
        self._audit.write(self._db, actor, "password.change", "member", member_id)
        self._notices.tell(member_id, "password_changed")

    def _store_password(self, member_id: int, password_hash: str) -> None:
        self._db.execute(
            update(Member)
            .where(Member.id == member_id)
            .values(password_hash=password_hash, password_changed_at=clock.now()),
            execution_options={"synchronize_session": False},
        )
