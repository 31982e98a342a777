"""Changing the addresses that sign a member in (更换手机号、邮箱): each end proves itself.

The new address gets a code, and so does one that the member has already. The address that goes is
told, and every other session ends. Callers ask for a step-up first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from suwen.accounts import contacts
from suwen.accounts.errors import LastLogin, OwnAddress, TooManyLogins, WrongCodes
from suwen.accounts.limits import Checkpoint, Gate, no_checkpoint
from suwen.kernel import clock
from suwen.kernel.audit import Actor
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.codes import Codes
    from suwen.accounts.contacts import Contact
    from suwen.accounts.logins import LoginInfo, Logins
    from suwen.accounts.notices import Notices
    from suwen.accounts.profiles import Profiles
    from suwen.kernel.audit import AuditLog
    from suwen.kernel.sessions import Sessions
    from suwen.messaging.services import MessagingService

NEW: Final = "bind"
"""Purpose of the code for the new address."""
OLD: Final = "change"
"""Purpose of the code for an address that the member has."""
MOST: Final = 6
"""Addresses of one member; pages offer one of each kind."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is wanted: ``address`` in the place of login ``replace``, or beside all (None).

    ``via`` is the login that gets the second code; None chooses the one that is replaced, or the
    first.
    """

    address: str
    replace: int | None = None
    via: int | None = None


class Changing:
    """Adds, replaces and removes logins of one member."""

    def __init__(
        self,
        db: Session,
        *,
        logins: Logins,
        codes: Codes,
        gate: Gate,
        messages: MessagingService,
        notices: Notices,
        sessions: Sessions,
        audit: AuditLog,
        profiles: Profiles,
    ) -> None:
        """Collaborators are made by ``suwen.accounts.services.accounts``."""
        self._db = db
        self._logins = logins
        self._codes = codes
        self._gate = gate
        self._messages = messages
        self._notices = notices
        self._sessions = sessions
        self._audit = audit
        self._profiles = profiles

    def ask(
        self, member_id: int, change: Change, *, network: str, region: str, locale: str
    ) -> Contact | None:
        """Send both codes; the address that got the second, None where the member has none.

        Whether the new address is known elsewhere shows only to who proves to own it. Raises
        ``BadAddress``, ``OwnAddress``, ``TooManyLogins``, ``TooMany`` or ``NoChannel``.
        """
        contact, old = self._ends(member_id, change)
        self._gate.change_wanted(member_id)
        for end, purpose in ((contact, NEW), (old.contact if old else None, OLD)):
            if end is not None:
                self._gate.code_wanted(end.value, network)
                code = self._codes.issue(end, purpose)
                self._messages.send_code(end.kind, end.value, code, purpose, region, locale=locale)
        return old.contact if old else None

    def finish(
        self,
        member_id: int,
        change: Change,
        code: str,
        old_code: str,
        *,
        actor: Actor,
        network: str,
        session_id: int,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> LoginInfo:
        """Make the change. Raises as ``ask``, ``WrongCodes`` or ``AddressTaken``."""
        contact, old = self._ends(member_id, change)
        self._gate.sign_in_tried(contact.value, network)
        tries = {"code": (self._codes.begin(contact, NEW), code)}
        if old is not None:
            tries["old_code"] = (self._codes.begin(old.contact, OLD), old_code)
        checkpoint()
        wrong = [name for name, (one, text) in tries.items() if not self._codes.finish(one, text)]
        if wrong:
            raise WrongCodes(*wrong)
        self._gate.signed_in(contact.value, network)
        replaced = self._replaced(member_id, change)
        if replaced is not None:
            self._notices.tell(member_id, f"{replaced.kind}_changed")
            self._logins.remove(member_id, replaced.id)
        else:
            self._notices.tell(member_id, "login_added")
        made = self._logins.add(member_id, contact, clock.now())
        verb = "login.change" if replaced else "login.add"
        self._done(member_id, verb, contact, replaced, actor, session_id)
        return made

    def remove(self, member_id: int, login_id: int, *, actor: Actor, session_id: int) -> None:
        """Take a login away; raises ``NotFound``, or ``LastLogin`` where no address would be left."""
        going = self._logins.get(member_id, login_id)
        left = [one for one in self._logins.all(member_id) if one.id != login_id]
        if not any(one.reachable for one in left):
            raise LastLogin
        kind = f"{going.kind}_removed" if going.reachable else "login_removed"
        self._notices.tell(member_id, kind)
        self._logins.remove(member_id, login_id)
        self._done(member_id, "login.remove", None, going, actor, session_id)

    def _ends(self, member_id: int, change: Change) -> tuple[Contact, LoginInfo | None]:
        contact = contacts.parse(change.address)
        own = self._logins.all(member_id)
        if any(one.contact == contact for one in own):
            raise OwnAddress
        replaced = self._replaced(member_id, change)
        if replaced is None and len(own) >= MOST:
            raise TooManyLogins
        if change.via is not None:
            via = self._logins.get(member_id, change.via)
            if not via.reachable:
                raise NotFound
            return contact, via
        reachable = [one for one in own if one.reachable]
        return contact, replaced or (reachable[0] if reachable else None)

    def _replaced(self, member_id: int, change: Change) -> LoginInfo | None:
        if change.replace is None:
            return None
        found = self._logins.get(member_id, change.replace)
        if not found.reachable:
            raise NotFound
        return found

    def _done(
        self,
        member_id: int,
        action: str,
        new: Contact | None,
        old: LoginInfo | None,
        actor: Actor,
        session_id: int,
    ) -> None:
        details = {
            "before": old.contact.masked if old else None,
            "after": new.masked if new else None,
        }
        self._audit.write(self._db, actor, action, "member", member_id, details=details)
        self._profiles.update(member_id, {})
        self._sessions.revoke_all(member_id, keep=session_id)
