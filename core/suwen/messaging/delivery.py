"""Sending: claim, mark as sending, call the channel outside any transaction, write the outcome.

``leased`` is surely unsent, ``sending`` may have been sent. When a worker dies while sending, a
channel that knows our key is asked again with the same key; another one parks the delivery as
``uncertain`` or resends, as it says of itself. Exactly-once without the provider's help is
impossible, so the count of uncertain ones is shown honestly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import colander
import structlog
from sqlalchemy import update

from suwen.hookspecs.common import NotSent
from suwen.hookspecs.push import (
    Category,
    ChannelMisconfigured,
    Idempotency,
    MessageFact,
    Outcome,
    SendJob,
    SendResult,
)
from suwen.kernel import clock, ids
from suwen.kernel.db import locked
from suwen.kernel.outbox import Later
from suwen.messaging import texts
from suwen.messaging.models import DELIVERY, Message, MessageAttempt, MessageDelivery
from suwen.messaging.services import Directory, messaging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from suwen.hookspecs.common import PluginContext
    from suwen.hookspecs.push import ChannelInfo, PushChannel
    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=90)
BACK_OFF_S: Final = (5, 20, 60, 180, 600, 1800)

_FINAL_FAILURES: Final = frozenset({Outcome.REJECTED, Outcome.ADDRESS_GONE})


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything the network call needs, read before it; holds no session."""

    delivery_id: int
    token: str
    channel: PushChannel
    ctx: PluginContext
    job: SendJob


class Deliverer:
    """Handles one outbox item ``{"delivery": id}``; raises ``Later`` to be called again."""

    def __init__(self, house: House) -> None:
        """Send through the channels of ``house``."""
        self._house = house

    def __call__(self, payload: Mapping[str, Any]) -> None:
        """Bring one delivery as far as it goes now."""
        ready = self._claim(int(payload["delivery"]))
        if ready is None:
            return
        if not self._mark_sending(ready):
            raise Later(30)
        result = send(ready)
        wait = self._record(ready, result)
        if wait is not None:
            raise Later(wait)

    def _claim(self, delivery_id: int) -> Ready | None:
        with self._house.database.transaction() as db:
            delivery = locked(db, MessageDelivery, delivery_id)
            if delivery is None:
                return None
            if delivery.lease_until is not None and delivery.lease_until > clock.now():
                raise Later((delivery.lease_until - clock.now()).total_seconds() + 1)
            message = db.get_one(Message, delivery.message_id)
            if delivery.state == "sending":
                self._settle_orphan(delivery)
            if delivery.state == "leased":
                _move(delivery, "pending")
            if delivery.state != "pending":
                return None
            return self._lease(db, message, delivery)

    def _settle_orphan(self, delivery: MessageDelivery) -> None:
        """A worker died between the call and its answer."""
        found = self._house.host.channels.find(delivery.channel)
        if found is not None and may_resend(found.obj.info, delivery):
            _move(delivery, "pending")
        else:
            _move(delivery, "uncertain", "worker_died")

    def _lease(self, db: Session, message: Message, delivery: MessageDelivery) -> Ready | None:
        if clock.now() > message.expires_at:
            self._give_up(db, message, delivery, "expired", "too_late")
            return None
        if not self._still_wanted(db, message):
            _move(delivery, "suppressed", "no_consent")
            return None
        item = self._offered(db, message.region, delivery.channel)
        if item is None:
            self._give_up(db, message, delivery, "suppressed", "channel_off")
            return None
        try:
            ready = self._ready(db, message, delivery, item)
        except (colander.Invalid, ChannelMisconfigured) as error:
            log.error("messaging.misconfigured", channel=delivery.channel, error=str(error))  # noqa: TRY400
            self._give_up(db, message, delivery, "suppressed", "misconfigured")
            return None
        _move(delivery, "leased")
        delivery.lease_token, delivery.lease_until = ready.token, clock.now() + LEASE
        return ready

    def _still_wanted(self, db: Session, message: Message) -> bool:
        """Marketing stops with the consent to it, for what is waiting to be sent too."""
        if message.category != Category.MARKETING.value or message.member_id is None:
            return True
        return Directory(self._house.ports).may_market(db, message.member_id)

    def _offered(self, db: Session, region: str, code: str) -> Registered[PushChannel] | None:
        offering = self._house.switch.offering(db, region)
        found = self._house.host.channels.find(code)
        return found if found is not None and offering.enabled(found.plugin) else None

    def _ready(
        self,
        db: Session,
        message: Message,
        delivery: MessageDelivery,
        item: Registered[PushChannel],
    ) -> Ready:
        ctx = self._house.switch.context(db, message.region, item, message.locale)
        code = self._code(message)
        payload = {**message.payload, **({"code": code} if code else {})}
        default = texts.render(message.kind, message.locale, payload, self._house.settings.base_url)
        fact = MessageFact(message.kind, message.locale, payload)
        address = self._house.vault.house.open_text(
            delivery.address, f"message_delivery:address:{delivery.id}"
        )
        job = SendJob(
            delivery_id=delivery.id,
            idempotency_key=f"suwen-{delivery.id}",
            address=address,
            content=item.obj.render(ctx, fact, default),
            kind=message.kind,
            category=Category(message.category),
            attempt=delivery.attempts + 1,
            created_at=message.created_at,
            member_id=message.member_id,
            code=code,
        )
        return Ready(delivery.id, ids.token(), item.obj, ctx, job)

    def _code(self, message: Message) -> str | None:
        if message.secret is None:
            return None
        return self._house.vault.house.open_text(message.secret, f"message:secret:{message.id}")

    def _mark_sending(self, ready: Ready) -> bool:
        """Second transaction: from here on it may have been sent."""
        with self._house.database.transaction() as db:
            delivery = locked(db, MessageDelivery, ready.delivery_id)
            if delivery is None or delivery.lease_token != ready.token:
                return False
            _move(delivery, "sending")
            moment = clock.now()
            delivery.attempts += 1
            delivery.lease_until = moment + LEASE
            delivery.first_sent_at = delivery.first_sent_at or moment
            db.add(
                MessageAttempt(
                    id=ids.new_id(),
                    delivery_id=delivery.id,
                    number=delivery.attempts,
                    started_at=moment,
                )
            )
        return True

    def _record(self, ready: Ready, result: SendResult) -> float | None:
        """Third transaction: the outcome; seconds to wait when it is to be tried again."""
        with self._house.database.transaction() as db:
            _close_attempt(db, ready, result)
            delivery = locked(db, MessageDelivery, ready.delivery_id)
            if delivery is None or delivery.lease_token != ready.token:
                return None
            delivery.lease_token = delivery.lease_until = None
            delivery.last_code = result.code[:60]
            delivery.provider_id = (result.provider_id or delivery.provider_id)[:120]
            message = db.get_one(Message, delivery.message_id)
            return self._apply(db, message, delivery, ready.channel.info, result)

    def _apply(
        self,
        db: Session,
        message: Message,
        delivery: MessageDelivery,
        info: ChannelInfo,
        result: SendResult,
    ) -> float | None:
        outcome = result.outcome
        if outcome in {Outcome.ACCEPTED, Outcome.DELIVERED}:
            _move(delivery, outcome.value)
            message.secret = None
        elif outcome in _FINAL_FAILURES:
            self._give_up(db, message, delivery, "rejected", outcome.value)
        elif outcome is Outcome.UNKNOWN and not may_resend(info, delivery):
            # No fallback: the member may have it already.
            _move(delivery, "uncertain", "no_answer")
            message.secret = None
        else:
            return self._retry(db, message, delivery, result)
        return None

    def _retry(
        self, db: Session, message: Message, delivery: MessageDelivery, result: SendResult
    ) -> float | None:
        if delivery.attempts > len(BACK_OFF_S):
            self._give_up(db, message, delivery, "dead", "too_many_attempts")
            return None
        wait = float(result.retry_after_s or BACK_OFF_S[delivery.attempts - 1])
        if clock.now() + timedelta(seconds=wait) > message.expires_at:
            self._give_up(db, message, delivery, "dead", "too_late")
            return None
        _move(delivery, "pending", result.outcome.value)
        return wait

    def _give_up(
        self, db: Session, message: Message, delivery: MessageDelivery, state: str, reason: str
    ) -> None:
        _move(delivery, state, reason)
        db.flush()
        if not messaging(self._house, db).fall_back(message, delivery):
            message.secret = None


def send(ready: Ready) -> SendResult:
    """Call the channel; whatever it does, one result for our delivery comes out."""
    try:
        results: Sequence[SendResult] = ready.channel.send(ready.ctx, [ready.job])
    except NotSent as error:
        return SendResult(ready.delivery_id, Outcome.RETRY, code="not_sent", detail=str(error))
    except ChannelMisconfigured as error:
        log.error("messaging.misconfigured", channel=ready.channel.info.code, error=str(error))  # noqa: TRY400
        return SendResult(ready.delivery_id, Outcome.RETRY, code="misconfigured", retry_after_s=300)
    except Exception as error:  # noqa: BLE001 - it may have been sent before the channel failed
        log.warning("messaging.raised", channel=ready.channel.info.code, error=type(error).__name__)
        return SendResult(ready.delivery_id, Outcome.UNKNOWN, code=type(error).__name__)
    if len(results) == 1 and results[0].delivery_id == ready.delivery_id:
        return results[0]
    log.error("messaging.wrong_results", channel=ready.channel.info.code, count=len(results))
    return SendResult(ready.delivery_id, Outcome.UNKNOWN, code="wrong_results")


def may_resend(info: ChannelInfo, delivery: MessageDelivery) -> bool:
    """Whether sending again is harmless, or at least what the channel prefers to silence."""
    if info.idempotency is Idempotency.KEY:
        if not info.dedupe_window_s or delivery.first_sent_at is None:
            return True
        window = timedelta(seconds=info.dedupe_window_s)
        return clock.now() < delivery.first_sent_at + window
    return info.uncertain_default == "resend"


def _move(delivery: MessageDelivery, state: str, reason: str = "") -> None:
    DELIVERY.check(delivery.state, state)
    delivery.state, delivery.reason, delivery.updated_at = state, reason, clock.now()
    if state != "leased":
        delivery.lease_token = delivery.lease_token if state == "sending" else None
        delivery.lease_until = delivery.lease_until if state == "sending" else None


def _close_attempt(db: Session, ready: Ready, result: SendResult) -> None:
    db.execute(
        update(MessageAttempt)
        .where(
            MessageAttempt.delivery_id == ready.delivery_id,
            MessageAttempt.number == ready.job.attempt,
        )
        .values(
            ended_at=clock.now(),
            outcome=result.outcome.value,
            code=result.code[:60],
            detail=result.detail[:200],
        ),
        execution_options={"synchronize_session": False},
    )
