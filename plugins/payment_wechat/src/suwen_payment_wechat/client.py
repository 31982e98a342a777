"""Calls to APIv3: signed, sent once, and believed only when the answer is signed too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from suwen.hookspecs.common import HttpResponse, NoAnswer, NotSent, PluginContext
from suwen.hookspecs.payment import (
    GatewayUnavailable,
    OutcomeUnknown,
    SignatureInvalid,
    StaleNotification,
)
from suwen_payment_wechat import errors, reading, signing
from suwen_payment_wechat.certificates import CertificateStore
from suwen_payment_wechat.i18n import _
from suwen_payment_wechat.settings import Account

TIMEOUT_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified answer: what it says, and the bytes that said it."""

    data: Mapping[str, Any]
    raw: bytes


class Client:
    """One merchant account for the time of one call."""

    def __init__(self, ctx: PluginContext, account: Account, store: CertificateStore) -> None:
        """``store`` knows the platform certificates that have been fetched before."""
        self._ctx = ctx
        self._account = account
        self._store = store

    def get(self, target: str) -> Answer:
        """Ask for something; ``target`` is path and query."""
        return self._call("GET", target, b"")

    def post(self, target: str, payload: Mapping[str, Any]) -> Answer:
        """Send an object; the same object always makes the same bytes."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return self._call("POST", target, body)

    def _call(self, method: str, target: str, body: bytes) -> Answer:
        answer = self._send(method, target, body)
        ok = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        # Refusals are signed too, unless it was our own signature that was refused.
        if ok or "wechatpay-signature" in answer.headers:
            self._verify(answer)
        if not ok:
            raise errors.from_answer(answer)
        try:
            data = reading.load_object(answer.content) if answer.content else {}
        except reading.Malformed as error:
            raise OutcomeUnknown(f"the answer is malformed: {error}") from None
        return Answer(data, answer.content)

    def _send(self, method: str, target: str, body: bytes) -> HttpResponse:
        try:
            return self._ctx.transport.request(
                method,
                self._account.base_url + target,
                headers=self._headers(method, target, body),
                content=body or None,
                timeout_s=TIMEOUT_S,
            )
        except NotSent:
            raise GatewayUnavailable(
                "WeChat Pay cannot be reached", user_message=_("暂时无法连接微信支付，请稍后再试")
            ) from None
        except NoAnswer:
            raise errors.no_answer() from None

    def _headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        account = self._account
        timestamp, nonce = str(int(self._ctx.now().timestamp())), signing.new_nonce()
        message = signing.request_message(method, target, timestamp, nonce, body)
        fields = {
            "mchid": account.mchid,
            "nonce_str": nonce,
            "signature": signing.sign(account.merchant_key, message),
            "timestamp": timestamp,
            "serial_no": account.merchant_serial,
        }
        listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
        headers = {
            "Authorization": f"{signing.SCHEME} {listed}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        if account.public_key_id:
            headers["Wechatpay-Serial"] = account.public_key_id
        return headers

    def _verify(self, answer: HttpResponse) -> None:
        try:
            self._verify_or_refresh(answer)
        except (SignatureInvalid, StaleNotification) as error:
            raise errors.AnswerUnverified(
                f"the answer of WeChat Pay cannot be believed: {error}",
                user_message=_("微信支付的应答未通过验证，请稍后查看支付结果"),
            ) from None

    def _verify_or_refresh(self, answer: HttpResponse) -> None:
        now = self._ctx.now()
        ring = self._store.ring(self._account)
        try:
            signing.verify(answer.headers, answer.content, find=ring.find, at=now)
        except signing.UnknownSerial:
            if not self._store.may_refresh(self._account, now):
                raise
            self._store.refresh(self._account, now, self._fetch_certificates)
            ring = self._store.ring(self._account)
            signing.verify(answer.headers, answer.content, find=ring.find, at=now)

    def _fetch_certificates(self) -> HttpResponse | None:
        try:
            answer = self._send("GET", "/v3/certificates", b"")
        except (GatewayUnavailable, OutcomeUnknown):
            return None
        return answer if answer.status == HTTPStatus.OK else None
