"""Accounts: registering, proving who one is, roles. Rules only; views and commands call it.

Whoever guesses learns nothing: known and unknown addresses get the same answer after the same work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from suwen.accounts import contacts
from suwen.accounts.changing import Changing
from suwen.accounts.codes import Codes
from suwen.accounts.consents import PRIVACY, TERMS, Consents, consents
from suwen.accounts.contacts import Contact
from suwen.accounts.errors import WrongCode
from suwen.accounts.limits import Checkpoint, Gate, no_checkpoint
from suwen.accounts.logins import Logins
from suwen.accounts.models import ACTIVE, GROUP, INDIVIDUAL, Member, Subject
from suwen.accounts.notices import Notices
from suwen.accounts.passwords import Passwords, check_strength
from suwen.accounts.profiles import AddressBook, Profiles
from suwen.accounts.recovery import RecoveryCodes
from suwen.accounts.second_factor import SecondFactor
from suwen.accounts.signing import Signing
from suwen.accounts.staff import Staff
from suwen.accounts.tokens import ApiTokens, TokenPair
from suwen.accounts.totp import Totp
from suwen.accounts.watch import Watch
from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock, ids
from suwen.kernel.audit import Actor
from suwen.kernel.sessions import Device, Sessions, sessions
from suwen.messaging.services import MessagingService, messaging

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import AuditLog
    from suwen.kernel.crypto import Vault
    from suwen.kernel.events import EventBus
    from suwen.kernel.house import House


@dataclass(frozen=True, slots=True)
class Registration:
    """What a new member gives. ``group_name`` and ``group_nature`` for a group member."""

    address: str
    code: str
    password: str
    region: str
    kind: str = INDIVIDUAL
    group_name: str | None = None
    group_nature: str | None = None
    referral_code: str | None = None
    locale: str = "zh_CN"
    opened_by: Actor | None = None
    """Who of the staff opened the account for him; then he has not agreed to anything yet."""
    agreed: Mapping[str, str] = field(default_factory=dict)
    """What he agreed to, by purpose, as it was shown; the Chinese texts unless said."""
    surface: str = "web"


class AccountService:
    """Members. ``signing`` proves who they are, ``sessions`` and ``tokens`` keep them signed in,
    ``changing`` is for the addresses they sign in by; ``profiles``, ``consents``, ``staff``,
    ``totp`` and ``second_factor`` hold what their names say.
    """

    def __init__(
        self,
        db: Session,
        *,
        vault: Vault,
        gate: Gate,
        passwords: Passwords,
        messages: MessagingService,
        events: EventBus,
        audit: AuditLog,
        open_sessions: Sessions,
        step_up_minutes: int,
        agreed: Consents,
        notices: Notices,
    ) -> None:
        """Collaborators are made by ``accounts(house, db)``."""
        self._db = db
        self._vault = vault
        self._gate = gate
        self._passwords = passwords
        self._messages = messages
        self._events = events
        self._audit = audit
        self._notices = notices
        self._watch = Watch(vault)
        self.sessions = open_sessions
        self.logins = Logins(db, vault)
        self.codes = Codes(db, vault)
        self.totp = Totp(db, vault, audit)
        self.tokens = ApiTokens(db, open_sessions)
        self.profiles = Profiles(db, vault, self.logins)
        self.consents = agreed
        self.staff = Staff(db, open_sessions, audit)
        self.signing = Signing(
            db,
            logins=self.logins,
            codes=self.codes,
            second=self.second_factor,
            gate=gate,
            passwords=passwords,
            sessions=open_sessions,
            audit=audit,
            notices=notices,
            watch=self._watch,
            step_up_minutes=step_up_minutes,
        )

    @cached_property
    def second_factor(self) -> SecondFactor:
        """Dynamic codes and recovery codes."""
        return SecondFactor(
            self._db,
            totp=self.totp,
            recovery_codes=RecoveryCodes(self._db, self._vault),
            gate=self._gate,
            notices=self._notices,
            watch=self._watch,
            audit=self._audit,
        )

    @cached_property
    def changing(self) -> Changing:
        """The addresses that sign members in."""
        return Changing(
            self._db,
            logins=self.logins,
            codes=self.codes,
            gate=self._gate,
            messages=self._messages,
            notices=self._notices,
            sessions=self.sessions,
            audit=self._audit,
            profiles=self.profiles,
        )

    def request_code(
        self, address: str, purpose: str, *, network: str, region: str, locale: str = "zh_CN"
    ) -> Contact:
        """Send a code, if the address may have one for this purpose; the answer never tells.

        Raises ``BadAddress``, ``TooMany`` or ``NoChannel``, each for known and unknown alike.
        """
        contact = contacts.parse(address)
        self._gate.code_wanted(contact.value, network)
        known = self.logins.account(contact).member_id != 0
        code = self.codes.issue(contact, purpose)
        # Everybody's message is written; a stranger's is taken back, after the same work.
        with self._db.begin_nested() as written:
            self._messages.send_code(
                contact.kind, contact.value, code, purpose, region, locale=locale
            )
            if purpose != "register" and not known:
                written.rollback()
        return contact

    def register(
        self, wanted: Registration, network: str, checkpoint: Checkpoint = no_checkpoint
    ) -> Member:
        """Make a member whose address the code proves. Publishes ``member_registered``.

        Raises ``BadAddress``, ``WeakPassword``, ``WrongCode`` or ``AddressTaken``.
        """
        contact = contacts.parse(wanted.address)
        check_strength(wanted.password, address=contact.value)
        with self._watch.over("register", contact.value):
            self._gate.sign_in_tried(contact.value, network)
            attempt = self.codes.begin(contact, "register")
            checkpoint()
            password_hash = self._passwords.hash(wanted.password)
            if not self.codes.finish(attempt, wanted.code):
                raise WrongCode
        self._gate.signed_in(contact.value, network)
        return self.create(contact, wanted, password_hash)

    def create(self, contact: Contact, wanted: Registration, password_hash: str | None) -> Member:
        """Make a member for an address that is known to be his; raises ``AddressTaken``."""
        moment = clock.now()
        name = wanted.group_name if wanted.kind == GROUP and wanted.group_name else contact.masked
        member = Member(
            id=ids.new_id(),
            kind=wanted.kind,
            state=ACTIVE,
            display_name=name,
            group_name=wanted.group_name if wanted.kind == GROUP else None,
            group_nature=wanted.group_nature if wanted.kind == GROUP else None,
            region_code=wanted.region,
            locale=wanted.locale,
            must_agree=wanted.opened_by is not None,
            password_hash=password_hash,
            password_changed_at=moment if password_hash else None,
            totp_last_step=0,
            created_at=moment,
        )
        self._db.add(member)
        self._db.flush()
        self.logins.add(member.id, contact, moment)
        subject = Subject(id=ids.new_id(), member_id=member.id, relation="self", created_at=moment)
        self._db.add(subject)
        self._db.flush()
        self._welcome(member, subject.id, wanted)
        return member

    def _welcome(self, member: Member, subject_id: int, wanted: Registration) -> None:
        actor = wanted.opened_by or Actor("member", member.id, region=wanted.region)
        for purpose in () if wanted.opened_by else (TERMS, PRIVACY):
            shown = wanted.agreed.get(purpose)
            self.consents.give(subject_id, purpose, actor, shown=shown, channel=wanted.surface)
        action = "member.open" if wanted.opened_by else "member.register"
        self._audit.write(self._db, actor, action, "member", member.id)
        kind = "account_opened" if wanted.opened_by else "welcome"
        self._messages.notify(member.id, kind, {}, key=f"welcome:{member.id}", region=wanted.region)
        data = {"member_id": member.id, "referral_code": wanted.referral_code}
        key = f"member_registered:{member.id}"
        event = Event("member_registered", key, wanted.region, clock.now(), data)
        self._events.publish(self._db, event)

    def find(self, address: str) -> int | None:
        """Id of the active member with this address; raises ``BadAddress``."""
        return self.logins.account(contacts.parse(address)).member_id or None

    def subject_of(self, member_id: int) -> int:
        """Id of the subject that is the member himself; raises ``NotFound``."""
        return self.profiles.subject_of(member_id)

    def addresses(self, member_id: int) -> AddressBook:
        """The member's postal addresses."""
        return AddressBook(self._db, self._vault, member_id)

    def open_browser_session(
        self, member_id: int, device: Device, *, known: bool | None = None
    ) -> str:
        """Sign a browser in; the token for its cookie. ``known``: it has signed him in before."""
        session, token = self.sessions.open(member_id, device)
        self._opened(member_id, session.id, known=known)
        return token

    def open_app_session(self, member_id: int, device: Device) -> TokenPair:
        """Sign the APP in; its tokens."""
        pair = self.tokens.sign_in(member_id, device)
        self._opened(member_id, pair.session_id, known=None)
        return pair

    def _opened(self, member_id: int, session_id: int, *, known: bool | None) -> None:
        actor = Actor("member", member_id)
        self._audit.write(self._db, actor, "session.open", "member", member_id)
        self._notices.signed_in(member_id, session_id, known=known)

    def sign_out(self, member_id: int, session_id: int, actor: Actor) -> None:
        """End one session of a member; another member's is left alone."""
        self.sessions.revoke(member_id, session_id)
        self._audit.write(self._db, actor, "session.close", "member", member_id)

    def sign_out_everywhere(self, member_id: int, actor: Actor, *, keep: int | None = None) -> None:
        """End all sessions of a member but ``keep``."""
        self.sessions.revoke_all(member_id, keep=keep)
        self._audit.write(self._db, actor, "session.close_all", "member", member_id)


def passwords_of(house: House) -> Passwords:
    """The process's hasher; one, so that its bound on parallel hashes is one."""
    found: Passwords = house.ports.setdefault("passwords", Passwords())
    return found


def accounts(house: House, db: Session) -> AccountService:
    """The service for one session."""
    messages = messaging(house, db)
    return AccountService(
        db,
        vault=house.vault,
        gate=Gate(db, house.limiter),
        passwords=passwords_of(house),
        messages=messages,
        events=house.events,
        audit=house.audit,
        open_sessions=sessions(house.settings, db),
        step_up_minutes=house.settings.step_up_minutes,
        agreed=consents(house, db),
        notices=Notices(db, messages, house.regions),
    )
