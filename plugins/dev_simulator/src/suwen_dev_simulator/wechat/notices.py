"""Notifications of the provider: queued as plain JSON, sealed and signed when they leave."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.delivery import Post
from suwen_dev_simulator.faults import Faults
from suwen_dev_simulator.providers import Envelope
from suwen_dev_simulator.store import Row, Store
from suwen_dev_simulator.wechat import seal, views
from suwen_dev_simulator.wechat.identity import Identity

NAME: Final = "wechat"
NOTIFY_BY_CERTIFICATE: Final = "wechat.notify_by_certificate"
_SUMMARY: Final = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
}
_DELTA_FIELDS: Final = {
    "TRANSACTION": ("total", "payer_total"),
    "REFUND": ("refund", "payer_refund"),
}


class Notices:
    """Writes and seals notifications."""

    def __init__(self, identity: Identity, store: Store, clock: Clock, post: Post) -> None:
        """Queue them at ``post``."""
        self._identity = identity
        self._store = store
        self._clock = clock
        self._post = post

    def paid(self, payment: Row) -> None:
        """Tell of a payment."""
        plain = views.transaction(self._identity, payment, refunded=False)
        self._queue("TRANSACTION.SUCCESS", payment["number"], payment["notify_url"], plain)

    def refund(self, payment: Row, row: Row) -> None:
        """Tell of a refund's end, if the merchant gave an address for it."""
        if row["notify_url"]:
            plain = views.refund_notice(self._identity, payment, row)
            self._queue(f"REFUND.{row['state']}", row["refund_no"], row["notify_url"], plain)

    def _queue(self, event: str, number: str, url: str, plain: Mapping[str, Any]) -> None:
        self._post.queue(
            NAME,
            event=event,
            notification_id=str(uuid.uuid4()),
            number=number,
            url=url,
            payload=json.dumps(plain, ensure_ascii=False),
        )

    def envelope(self, delivery: Row, faults: Faults) -> Envelope:
        """The notification as it leaves now, with what is wrong about it."""
        event, plain = delivery["event"], json.loads(delivery["payload"])
        family = event.partition(".")[0]
        for name in _DELTA_FIELDS[family]:
            plain["amount"][name] += faults.amount_delta_fen
        original = family.lower()
        body = json.dumps(
            {
                "id": delivery["notification_id"],
                "create_time": views.rfc3339(self._clock.now()),
                "resource_type": "encrypt-resource",
                "event_type": event,
                "summary": _SUMMARY[event],
                "resource": {
                    "original_type": original,
                    **seal.seal(
                        json.dumps(plain, ensure_ascii=False).encode(),
                        self._identity.apiv3_key,
                        original,
                    ),
                },
            },
            ensure_ascii=False,
        ).encode()
        by_certificate = bool(self._store.knob(NOTIFY_BY_CERTIFICATE, default=False))
        serial, key = self._identity.signer(by_certificate=by_certificate)
        if faults.forge:
            key = self._identity.stranger_key
        moment = self._clock.now() - faults.stale_s
        headers = seal.signature_headers(serial, key, body, moment)
        return Envelope({"Content-Type": "application/json", **headers}, body)
