"""The second factor over its life: on, used, changed to another authenticator, off.

A dynamic code and a recovery code are the same to whoever asks for one. Every change tells the
member, and wants a code of the factor as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from suwen.accounts import recovery
from suwen.accounts.errors import NoTotp, StaffNeedTotp, WrongTotp
from suwen.accounts.limits import Checkpoint, Gate, no_checkpoint
from suwen.accounts.models import Member
from suwen.kernel.audit import Actor

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.notices import Notices
    from suwen.accounts.recovery import RecoveryCodes
    from suwen.accounts.totp import Totp
    from suwen.accounts.watch import Watch
    from suwen.kernel.audit import AuditLog


class SecondFactor:
    """Each method that takes a code counts tries; raises ``WrongTotp`` or ``TooMany``."""

    def __init__(
        self,
        db: Session,
        *,
        totp: Totp,
        recovery_codes: RecoveryCodes,
        gate: Gate,
        notices: Notices,
        watch: Watch,
        audit: AuditLog,
    ) -> None:
        """Collaborators are made by ``suwen.accounts.services.accounts``."""
        self._db = db
        self._totp = totp
        self._recovery = recovery_codes
        self._gate = gate
        self._notices = notices
        self._watch = watch
        self._audit = audit

    def left(self, member_id: int) -> int:
        """Recovery codes that can still be used."""
        return self._recovery.left(member_id)

    def check(self, member_id: int, code: str, checkpoint: Checkpoint = no_checkpoint) -> None:
        """Accept a dynamic code or a recovery code, each once."""
        with self._watch.over("second_factor", f"member {member_id}"):
            self._gate.totp_tried(member_id)
            checkpoint()
            if recovery.looks_like_one(code):
                self._recover(member_id, code)
            else:
                self._totp.check(member_id, code)
            self._gate.totp_right(member_id)

    def _recover(self, member_id: int, code: str) -> None:
        if not self._is_on(member_id) or not self._recovery.use(member_id, code):
            raise WrongTotp
        actor = Actor("member", member_id)
        self._audit.write(self._db, actor, "recovery_code.use", "member", member_id)
        self._notices.tell(member_id, "recovery_code_used")

    def enrol(
        self, member_id: int, code: str, actor: Actor, checkpoint: Checkpoint = no_checkpoint
    ) -> Sequence[str]:
        """Switch it on by the first code of the waiting seed; the recovery codes, this once."""
        with self._watch.over("second_factor", f"member {member_id}"):
            self._gate.totp_tried(member_id)
            checkpoint()
            self._totp.confirm(member_id, code, actor)
            self._gate.totp_right(member_id)
        self._notices.tell(member_id, "second_factor_on")
        return self._recovery.renew(member_id)

    def replace(
        self,
        member_id: int,
        code: str,
        secret: str,
        new_code: str,
        actor: Actor,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        """Change to another authenticator: a code of the old, or a recovery code, and one of the new."""
        self._need_on(member_id)
        self.check(member_id, code, checkpoint)
        try:
            self._totp.replace(member_id, secret, new_code, actor)
        except WrongTotp as error:
            raise WrongTotp(fields={"new_totp": error.text}) from None
        self._notices.tell(member_id, "second_factor_changed")

    def renew_codes(
        self, member_id: int, code: str, actor: Actor, checkpoint: Checkpoint = no_checkpoint
    ) -> Sequence[str]:
        """Ten new recovery codes in the place of all others."""
        self._need_on(member_id)
        self.check(member_id, code, checkpoint)
        self._audit.write(self._db, actor, "recovery_code.renew", "member", member_id)
        self._notices.tell(member_id, "second_factor_changed")
        return self._recovery.renew(member_id)

    def switch_off(
        self,
        member_id: int,
        code: str,
        actor: Actor,
        *,
        is_staff: bool,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        """Switch it off; raises ``StaffNeedTotp`` for whoever holds a role."""
        if is_staff:
            raise StaffNeedTotp
        self._need_on(member_id)
        self.check(member_id, code, checkpoint)
        self._totp.reset(member_id, actor, "own wish")
        self._notices.tell(member_id, "second_factor_off")

    def _need_on(self, member_id: int) -> None:
        if not self._is_on(member_id):
            raise NoTotp

    def _is_on(self, member_id: int) -> bool:
        return self._db.get_one(Member, member_id).totp_confirmed_at is not None
