"""Telling members something: writes what is to be sent; ``delivery`` sends it after the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.hookspecs.push import AddressInvalid, Category
from suwen.kernel import clock, ids, outbox
from suwen.kernel.upsert import insert_once
from suwen.messaging import texts
from suwen.messaging.errors import NoChannel
from suwen.messaging.models import Message, MessageDelivery

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.push import PushChannel
    from suwen.kernel.crypto import Vault
    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered

OUTBOX_KIND: Final = "messaging.deliver"
TELL_KIND: Final = "messaging.tell"
TOGETHER: Final = "messaging.together"
INBOX_ADDRESS: Final = "member"

Channels = Callable[["Session", str], Sequence["Registered[PushChannel]"]]

OutboxRow = tuple[str, str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Directory:
    """What messaging asks about a member; accounts fills the ports behind it.

    A port that nobody filled knows nothing: no address, Chinese, no marketing.
    """

    ports: Mapping[str, Any]

    def addresses(self, db: Session, member_id: int, kind: str) -> Sequence[str]:
        """Verified addresses of a kind, the best first."""
        port = self.ports.get("addresses")
        found: Sequence[str] = port(db, member_id, kind) if port else ()
        return found

    def locale(self, db: Session, member_id: int) -> str:
        """The member's language."""
        port = self.ports.get("locale")
        return str(port(db, member_id)) if port else "zh_CN"

    def may_market(self, db: Session, member_id: int) -> bool:
        """Whether the member agreed to marketing; without a clear yes the answer is no."""
        port = self.ports.get("marketing_allowed")
        return bool(port and port(db, member_id))


@dataclass(frozen=True, slots=True)
class Note:
    """Something to tell one member once per ``key``. ``payload`` never holds health data."""

    member_id: int
    kind: str
    payload: Mapping[str, object]
    key: str


class MessagingService:
    """Writes messages and their deliveries into the caller's transaction."""

    def __init__(self, db: Session, vault: Vault, channels: Channels, directory: Directory) -> None:
        """``channels(db, region)`` gives what the region offers, in its order."""
        self._db = db
        self._vault = vault
        self._channels = channels
        self._directory = directory

    def tell(self, notes: Sequence[Note], *, region: str) -> None:
        """Tell members after the commit: one row now, the messages themselves by a job.

        For transactions that many people wait behind, such as a payment's. Notes whose keys were
        told before are told no more. Raises ``UnknownKind``.
        """
        for note in notes:
            texts.kind_of(note.kind)
        if notes:
            rows = [{**asdict(note), "payload": dict(note.payload)} for note in notes]
            item = TELL_KIND, f"{TELL_KIND}:{notes[0].key}", {"notes": rows, "region": region}
            together: list[OutboxRow] | None = self._db.info.get(TOGETHER)
            if together is None:
                outbox.put_all(self._db, [item])
            else:
                together.append(item)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is told inside, by whomever, in one statement when the block ends."""
        if TOGETHER in self._db.info:
            yield
            return
        items: list[OutboxRow] = self._db.info.setdefault(TOGETHER, [])
        try:
            yield
            if items:
                outbox.put_all(self._db, items)
        finally:
            del self._db.info[TOGETHER]

    def notify(
        self,
        member_id: int,
        kind: str,
        payload: Mapping[str, object],
        *,
        key: str,
        region: str,
        category: Category | None = None,
    ) -> bool:
        """Tell a member once per ``key``, in the inbox and by the first channel of the kind's chain.

        ``payload`` holds plain values (numbers, links), never health data. False when this was told
        before. Raises ``UnknownKind``.
        """
        known = texts.kind_of(kind)
        message = self._message(
            kind,
            payload,
            key=key,
            region=region,
            category=category or known.category,
            locale=self._directory.locale(self._db, member_id),
            member_id=member_id,
        )
        if message is None:
            return False
        if message["category"] == Category.MARKETING.value and not self._directory.may_market(
            self._db, member_id
        ):
            self._deliver(message, "none", str(member_id), state="suppressed", reason="no_consent")
            return True
        for channel in self._fitting(region, INBOX_ADDRESS, message["category"]):
            self._deliver(message, channel.code, str(member_id))
        self._start_chain(message, known.chain)
        return True

    def _start_chain(self, message: Mapping[str, Any], chain: Sequence[str]) -> None:
        for code, address in self._ways(message["region"], message, chain):
            self._deliver(message, code, address)
            return

    def fall_back(self, message: Message, failed: MessageDelivery) -> bool:
        """Begin the next way of the chain after ``failed``; False when none is left.

        The inbox is not part of the chain: when it fails nothing else starts because of it.
        """
        chain = texts.kind_of(message.kind).chain
        taken = self._channels_used(message.id)
        facts = {
            "id": message.id,
            "member_id": message.member_id,
            "category": message.category,
            "region": message.region,
        }
        if failed.address_index == self._index(str(message.member_id)):
            return False
        for code, address in self._ways(message.region, facts, chain):
            if code not in taken:
                self._deliver(facts, code, address, fallback_of=failed.id)
                return True
        return False

    def _channels_used(self, message_id: int) -> set[str]:
        query = select(MessageDelivery.channel).where(MessageDelivery.message_id == message_id)
        return set(self._db.scalars(query).all())

    def _index(self, address: str) -> str:
        return self._vault.blind_index("delivery address", address)

    def _ways(
        self, region: str, message: Mapping[str, Any], chain: Sequence[str]
    ) -> Sequence[tuple[str, str]]:
        """``(channel code, address)`` in the order in which they are tried."""
        if message["member_id"] is None:
            return ()
        found = []
        for kind in chain:
            for channel in self._fitting(region, kind, message["category"]):
                address = self._usable(channel, message["member_id"], kind)
                if address is not None:
                    found.append((channel.code, address))
        return found

    def _usable(self, channel: Registered[PushChannel], member_id: int, kind: str) -> str | None:
        for address in self._directory.addresses(self._db, member_id, kind):
            try:
                return channel.obj.validate_address(address)
            except AddressInvalid:
                continue
        return None

    def _fitting(
        self, region: str, address_kind: str, category: str
    ) -> list[Registered[PushChannel]]:
        return [
            item
            for item in self._channels(self._db, region)
            if item.obj.info.address_kind == address_kind
            and Category(category) in item.obj.info.categories
        ]

    def send_code(
        self,
        channel_kind: str,
        address: str,
        code: str,
        purpose: str,
        region: str,
        *,
        minutes: int = 5,
        locale: str = "zh_CN",
    ) -> None:
        """Send a one-time code to an address of kind ``phone`` or ``email``.

        The code is sealed until it is sent and dropped after 120 s. Raises ``NoChannel``.
        """
        channels = self._fitting(region, channel_kind, Category.OTP.value)
        if not channels:
            raise NoChannel
        message = self._message(
            "verification_code",
            {"minutes": str(minutes), "purpose": purpose},
            key=f"code:{ids.new_id()}",
            region=region,
            category=Category.OTP,
            locale=locale,
            code=code,
        )
        if message is not None:
            canonical = channels[0].obj.validate_address(address)
            self._deliver(message, channels[0].code, canonical)

    def write_to(
        self,
        channel_kind: str,
        address: str,
        kind: str,
        *,
        key: str,
        region: str,
        locale: str = "zh_CN",
        secret: str | None = None,
    ) -> bool:
        """Write to an address that no member may have yet, once per ``key``: an invitation.

        ``secret`` stands as ``code`` in the kind's words and link, sealed until it is sent. False
        when this was told before, or no channel of the region reaches such an address.
        """
        known = texts.kind_of(kind)
        channels = self._fitting(region, channel_kind, known.category.value)
        if not channels:
            return False
        message = self._message(
            kind, {}, key=key, region=region, category=known.category, locale=locale, code=secret
        )
        if message is None:
            return False
        canonical = channels[0].obj.validate_address(address)
        self._deliver(message, channels[0].code, canonical)
        return True

    def send_to(
        self, contact: tuple[str, str], kind: str, payload: Mapping[str, object], **about: Any
    ) -> bool:
        """Tell an address, ``(kind, address)``, that belongs to no member any more.

        ``about`` is ``key``, ``region`` and ``locale``. False where no channel reaches it.
        """
        category = texts.kind_of(kind).category
        for channel in self._fitting(about["region"], contact[0], category.value):
            message = self._message(kind, payload, category=category, **about)
            if message is not None:
                canonical = channel.obj.validate_address(contact[1])
                self._deliver(message, channel.code, canonical)
            return True
        return False

    def require_channel(self, channel_kind: str, region: str) -> None:
        """Raise ``NoChannel`` where ``send_code`` would."""
        if not self._fitting(region, channel_kind, Category.OTP.value):
            raise NoChannel

    def _message(
        self,
        kind: str,
        payload: Mapping[str, object],
        *,
        key: str,
        region: str,
        category: Category,
        locale: str,
        member_id: int | None = None,
        code: str | None = None,
    ) -> dict[str, Any] | None:
        moment, message_id = clock.now(), ids.new_id()
        values: dict[str, Any] = {
            "id": message_id,
            "dedupe_key": key,
            "kind": kind,
            "category": category.value,
            "member_id": member_id,
            "region": region,
            "locale": locale,
            "payload": {name: str(value) for name, value in payload.items()},
            "secret": self._sealed(message_id, code),
            "created_at": moment,
            "expires_at": moment + texts.kind_of(kind).lasts,
        }
        return values if insert_once(self._db, Message, values, "dedupe_key") else None

    def _sealed(self, message_id: int, code: str | None) -> bytes | None:
        if code is None:
            return None
        return self._vault.house.seal(code, f"message:secret:{message_id}")

    def _deliver(
        self,
        message: Mapping[str, Any],
        channel: str,
        address: str,
        *,
        state: str = "pending",
        reason: str = "",
        fallback_of: int | None = None,
    ) -> None:
        delivery_id, moment = ids.new_id(), clock.now()
        values = {
            "id": delivery_id,
            "message_id": message["id"],
            "channel": channel,
            "address": self._vault.house.seal(address, f"message_delivery:address:{delivery_id}"),
            "address_index": self._index(address),
            "state": state,
            "reason": reason,
            "fallback_of": fallback_of,
            "attempts": 0,
            "provider_id": "",
            "last_code": "",
            "created_at": moment,
            "updated_at": moment,
        }
        unique = ("message_id", "channel", "address_index")
        written = insert_once(self._db, MessageDelivery, values, *unique)
        if written and state == "pending":
            outbox.put(self._db, OUTBOX_KIND, f"{OUTBOX_KIND}:{delivery_id}", delivery=delivery_id)


def tell_now(house: House, payload: Mapping[str, Any]) -> None:
    """Outbox handler: write the messages of ``tell``; twice changes nothing."""
    with house.database.transaction() as db:
        service = messaging(house, db)
        for note in payload["notes"]:
            service.notify(
                note["member_id"],
                note["kind"],
                note["payload"],
                key=note["key"],
                region=payload["region"],
            )


def messaging(house: House, db: Session) -> MessagingService:
    """The service for one session."""

    def channels(session: Session, region: str) -> Sequence[Registered[PushChannel]]:
        return house.switch.offering(session, region).of(house.host.channels)

    return MessagingService(db, house.vault, channels, Directory(house.ports))
