"""What members ask for: a copy of everything about them, or to be erased. Jobs carry it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from suwen.accounts.personal_data import OpenItem, personal_data
from suwen.accounts.profiles import Profiles
from suwen.accounts.services import accounts
from suwen.kernel import clock, ids, outbox
from suwen.kernel.crypto import Cipher
from suwen.kernel.db import locked
from suwen.kernel.errors import NotFound
from suwen.kernel.outbox import OutboxItem
from suwen.kernel.ratelimit import Limit
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.upsert import insert_once
from suwen.ledger.personal import BALANCE
from suwen.messaging.services import messaging
from suwen.privacy import parts
from suwen.privacy.errors import NotConfirmed, NotRetryable, StillOpen, TooLate
from suwen.privacy.models import PrivacyRequest
from suwen.privacy.periods import GRACE, periods

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House

EXPORT: Final = "export"
ERASURE: Final = "erasure"
WAITING: Final = "waiting"
RUNNING: Final = "running"
READY: Final = "ready"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
EXPIRED: Final = "expired"

KINDS: Final[Mapping[str, str]] = {EXPORT: "privacy.export", ERASURE: "privacy.erase"}
"""Outbox items by the kind of request."""
WORDS: Final = ("注销", "ERASE")
"""What is typed to confirm an erasure."""
PER_DAY: Final = Limit("privacy.export", 5, 86_400)
PAGE: Final = 50
_UNTYPED: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Copy:
    """A finished copy, ready to be handed over piece by piece."""

    name: str
    size: int
    pieces: Iterator[bytes]


class Requests:
    """Asks, reads, cancels and hands over."""

    def __init__(self, db: Session, house: House) -> None:
        """Work in ``db``."""
        self._db = db
        self._house = house

    def ask_export(self, member_id: int, actor: Actor) -> PrivacyRequest:
        """A copy of everything; asking again while one is being made gives that one.

        Raises ``TooMany`` after five in a day.
        """
        row, is_new = self._ask(member_id, EXPORT, clock.now())
        if is_new:
            self._house.limiter.hit(self._db, PER_DAY, str(member_id))
            self._log(actor, "privacy.export_asked", row)
        return row

    def ask_erasure(
        self, member_id: int, word: str, actor: Actor, *, forfeit: bool = False
    ) -> PrivacyRequest:
        """Erase the member, at once or after the days of grace; asking again gives the same one.

        With ``forfeit`` he gives up what is left on his balance. Raises ``NotConfirmed``, or ``StillOpen`` with what must be settled first.
        """
        if word.strip().upper() not in WORDS:
            raise NotConfirmed
        standing = self.open_one(member_id, ERASURE)
        if standing is not None:
            return standing
        items = self.open_items(member_id, forfeit=forfeit)
        if items:
            raise StillOpen(items)
        days = periods(self._house, self._db).days(GRACE)
        row, is_new = self._ask(member_id, ERASURE, clock.now() + timedelta(days=days))
        if is_new:
            row.forfeits = forfeit
            self._log(actor, "privacy.erasure_asked", row)
            if days:
                self._warn(row, actor)
        return row

    def _warn(self, row: PrivacyRequest, actor: Actor) -> None:
        """Whoever did not ask for it learns of it in time."""
        day = row.due_at.astimezone(clock.SHANGHAI).date().isoformat()
        messaging(self._house, self._db).notify(
            row.member_id,
            "erasure_planned",
            {"day": day},
            key=f"erasure_planned:{row.id}",
            region=actor.region or DEFAULT_CODE,
        )

    def _ask(self, member_id: int, kind: str, due_at: Any) -> tuple[PrivacyRequest, bool]:
        values = {
            "id": ids.new_id(),
            "member_id": member_id,
            "kind": kind,
            "state": WAITING,
            "open_key": f"{member_id}:{kind}",
            "requested_at": clock.now(),
            "due_at": due_at,
            "progress": 0,
            "parts": [],
            "receipt": [],
            "error": "",
            "forfeits": False,
        }
        # The second of two clicks finds the request of the first.
        is_new = insert_once(self._db, PrivacyRequest, values, "open_key")
        row = self.open_one(member_id, kind)
        if row is None:
            raise NotFound
        if is_new:
            later = due_at if due_at > clock.now() else None
            outbox.put(self._db, KINDS[kind], _key(row), due_at=later, request=row.id)
        return row, is_new

    def open_one(self, member_id: int, kind: str) -> PrivacyRequest | None:
        """The request of this kind that is still under way."""
        query = select(PrivacyRequest).where(PrivacyRequest.open_key == f"{member_id}:{kind}")
        return self._db.scalars(query).first()

    def latest(self, member_id: int, kind: str) -> PrivacyRequest | None:
        """The member's newest request of a kind."""
        query = (
            select(PrivacyRequest)
            .where(PrivacyRequest.member_id == member_id, PrivacyRequest.kind == kind)
            .order_by(PrivacyRequest.id.desc())
            .limit(1)
        )
        return self._db.scalars(query).first()

    def own(self, member_id: int, request_id: int) -> PrivacyRequest:
        """A member's own request; raises ``NotFound``."""
        row = self._db.get(PrivacyRequest, request_id)
        if row is None or row.member_id != member_id:
            raise NotFound
        return row

    def open_items(self, member_id: int, *, forfeit: bool = False) -> Sequence[OpenItem]:
        """What must be settled before an erasure, as the domains say."""
        found: list[OpenItem] = []
        for data in personal_data(self._house):
            ask = getattr(data, "open_items", None)
            found += ask(self._db, member_id) if ask is not None else ()
        return [item for item in found if not (forfeit and item.code == BALANCE)]

    def cancel(self, member_id: int, request_id: int, actor: Actor) -> None:
        """Take a request back that has not begun; raises ``NotFound`` or ``TooLate``."""
        self.own(member_id, request_id)
        row = locked(self._db, PrivacyRequest, request_id)
        if row is None or row.state != WAITING:
            raise TooLate
        row.state, row.open_key, row.finished_at = CANCELLED, None, clock.now()
        self._db.flush()
        self._log(actor, f"privacy.{row.kind}_cancelled", row)

    def hand_over(self, member_id: int, request_id: int, actor: Actor) -> Copy:
        """The finished copy; logged. Raises ``NotFound`` for what is not ready or not there."""
        row = self.own(member_id, request_id)
        is_there = row.kind == EXPORT and row.state == READY and row.file_key is not None
        if not is_there or (row.expires_at is not None and row.expires_at <= clock.now()):
            raise NotFound
        cipher = self._opened(row)
        self._log(actor, "privacy.export_read", row)
        day = row.requested_at.astimezone(clock.SHANGHAI).strftime("%Y%m%d")
        pieces = parts.read(self._house.files, cipher, list(row.parts))
        return Copy(f"suwen-{day}.zip", row.size or 0, pieces)

    def _opened(self, row: PrivacyRequest) -> Cipher:
        subject_id = accounts(self._house, self._db).subject_of(row.member_id)
        sealed = row.file_key or b""
        return Cipher.of(self._house.vault.subject(subject_id).open(sealed, key_place(row.id)))

    def page(
        self, state: str | None, cursor: str | None = None
    ) -> tuple[Sequence[PrivacyRequest], str | None]:
        """Requests for staff, newest first; none of them holds anything personal."""
        query = select(PrivacyRequest).order_by(PrivacyRequest.id.desc()).limit(PAGE + 1)
        if state is not None:
            query = query.where(PrivacyRequest.state == state)
        if cursor is not None:
            query = query.where(PrivacyRequest.id < (ids.parse(cursor) or 0))
        rows = self._db.scalars(query).all()
        return rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else None

    def retry(self, request_id: int, actor: Actor) -> None:
        """Try a failed request again at once; raises ``NotFound`` or ``NotRetryable``."""
        row = locked(self._db, PrivacyRequest, request_id)
        if row is None:
            raise NotFound
        if row.state != FAILED:
            raise NotRetryable
        row.state, row.error = WAITING, ""
        again = {"state": "pending", "due_at": clock.now(), "attempts": 0}
        stands = self._db.execute(
            update(OutboxItem)
            .where(OutboxItem.key == _key(row), OutboxItem.state != "leased")
            .values(**again)
            .returning(OutboxItem.id),
            execution_options=_UNTYPED,
        ).first()
        if stands is None:
            outbox.put(self._db, KINDS[row.kind], _key(row), request=row.id)
        self._db.flush()
        self._log(actor, "privacy.retry", row)

    def _log(self, actor: Actor, action: str, row: PrivacyRequest) -> None:
        profiles: Profiles = accounts(self._house, self._db).profiles
        self._house.audit.write(
            self._db,
            actor,
            action,
            "privacy_request",
            row.id,
            subject_id=profiles.subject_of(row.member_id),
        )
        self._db.flush()


def _key(row: PrivacyRequest) -> str:
    return f"{KINDS[row.kind]}:{row.id}"


def key_place(request_id: int) -> str:
    """Additional data of the sealed key of an export's pieces."""
    return f"privacy_request:file_key:{request_id}"


def requests(house: House, db: Session) -> Requests:
    """The service of one unit of work."""
    return Requests(db, house)
