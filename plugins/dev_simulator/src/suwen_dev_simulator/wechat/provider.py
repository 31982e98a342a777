"""The provider: its interface behind the signature, its notifications, its refunds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from webob import Request, Response

from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.delivery import Post
from suwen_dev_simulator.faults import FaultBoard, Faults
from suwen_dev_simulator.providers import Envelope
from suwen_dev_simulator.router import Route
from suwen_dev_simulator.store import Row, Store
from suwen_dev_simulator.wechat import notices, seal
from suwen_dev_simulator.wechat.identity import Identity
from suwen_dev_simulator.wechat.merchant_api import Body, MerchantApi
from suwen_dev_simulator.wechat.rules import ApiError

_MINUTE, _HOUR = 60, 3600
_STATUS_FROM = 400
_CODES = {401: "SIGN_ERROR", 403: "NO_AUTH", 429: "FREQUENCY_LIMITED"}

Call = Callable[..., Body]


class WeChatProvider:
    """微信支付."""

    name: str = notices.NAME
    gateway: str = "payment_wechat"
    title: str = "微信支付"
    # 24 hours and 4 minutes in all.
    schedule: Sequence[float] = (
        15,
        15,
        30,
        3 * _MINUTE,
        10 * _MINUTE,
        20 * _MINUTE,
        *[30 * _MINUTE] * 3,
        60 * _MINUTE,
        *[3 * _HOUR] * 3,
        *[6 * _HOUR] * 2,
    )

    def __init__(
        self,
        identity: Identity,
        store: Store,
        clock: Clock,
        faults: FaultBoard,
        post: Post,
        base_url: str,
    ) -> None:
        """Keep books in ``store``, send through ``post``."""
        self.identity = identity
        self._store = store
        self._clock = clock
        self._faults = faults
        self._api = MerchantApi(identity, store, clock, base_url)
        self._notices = notices.Notices(identity, store, clock, post)

    def routes(self) -> Sequence[Route]:
        """Paths of APIv3."""
        api, trades = self._api, "/v3/pay/transactions"
        refunds, number = "/v3/refund/domestic/refunds", r"(?P<number>[^/]+)"
        calls: Sequence[tuple[str, str, Call]] = (
            ("POST", rf"{trades}/(?P<product>native|jsapi|h5)", api.create),
            ("GET", rf"{trades}/out-trade-no/{number}", api.by_number),
            ("GET", rf"{trades}/id/(?P<trade_no>[^/]+)", api.by_trade_no),
            ("POST", rf"{trades}/out-trade-no/{number}/close", api.close),
            ("POST", refunds, api.refund),
            ("GET", rf"{refunds}/{number}", api.refund_by_number),
            ("GET", "/v3/certificates", api.certificates),
        )
        return [Route(method, path, self._guarded(call)) for method, path, call in calls]

    def _guarded(self, call: Call) -> Callable[..., Response]:
        def view(request: Request, **arguments: str) -> Response:
            try:
                seal.judge(request, self.identity, self._clock.now())
            except seal.BadSignature as error:
                return _refusal(ApiError(401, "SIGN_ERROR", str(error)))
            by_certificate = self._remember_mode(request)
            try:
                body = call(request, **arguments)
                answer = _success(body)
            except ApiError as error:
                answer = _refusal(error)
            # The work is done by now: what goes wrong is the answer.
            answer = self._spoilt() or answer
            serial, key = self.identity.signer(by_certificate=by_certificate)
            moment = self._clock.now()
            answer.headers.update(seal.signature_headers(serial, key, answer.body, moment))
            return answer

        return view

    def _spoilt(self) -> Response | None:
        wish = self._faults.present().http_error
        if wish >= _STATUS_FROM:
            return _refusal(ApiError(wish, _CODES.get(wish, "SYSTEM_ERROR"), "系统错误"))
        if wish and self._faults.take("http_error"):
            return _refusal(ApiError(500, "SYSTEM_ERROR", "系统错误"))
        return None

    def _remember_mode(self, request: Request) -> bool:
        """Answers and later notifications are signed the way the merchant asks for."""
        wanted = request.headers.get("Wechatpay-Serial", "")
        by_certificate = bool(wanted != self.identity.public_key_id)
        known = self._store.knob(notices.NOTIFY_BY_CERTIFICATE, default=False)
        if known != by_certificate:
            self._store.turn(notices.NOTIFY_BY_CERTIFICATE, by_certificate)
        return by_certificate

    def notify_paid(self, payment: Row) -> None:
        """Queue the notification of a payment."""
        self._notices.paid(payment)

    def settle_refunds(self) -> None:
        """Refunds whose time has come succeed."""
        due = self._store.all(
            "select refund_no from refund where provider = ? and state = 'PROCESSING' "
            "and settles_at <= ?",
            self.name,
            self._clock.now(),
        )
        for row in due:
            self.finish_refund(row["refund_no"], "SUCCESS")

    def finish_refund(self, refund_no: str, state: str) -> None:
        """End a refund as SUCCESS, ABNORMAL or CLOSED, and tell the merchant."""
        with self._store.transaction():
            changed = self._store.run(
                "update refund set state = ?, settled_at = ? "
                "where provider = ? and refund_no = ? and state = 'PROCESSING'",
                state,
                self._clock.now(),
                self.name,
                refund_no,
            )
            row = self._store.one(
                "select * from refund where provider = ? and refund_no = ?", self.name, refund_no
            )
            if changed and row is not None:
                payment = self._store.one(
                    "select * from payment where provider = ? and number = ?",
                    self.name,
                    row["number"],
                )
                assert payment is not None  # noqa: S101 - a refund has its payment
                self._notices.refund(payment, row)

    def envelope(self, delivery: Row, faults: Faults) -> Envelope:
        """Seal and sign a notification."""
        return self._notices.envelope(delivery, faults)

    def taken(self, status: int, body: bytes) -> bool:  # noqa: ARG002 - the status says it
        """200 and 204 end the notification."""
        return status in {200, 204}


def _success(body: Body) -> Response:
    if body is None:
        return Response(status=204, content_type=None)
    return _json(200, body)


def _refusal(error: ApiError) -> Response:
    return _json(error.status, {"code": error.code, "message": error.message})


def _json(status: int, body: object) -> Response:
    answer = Response(status=status, body=json.dumps(body, ensure_ascii=False).encode())
    # WebOb would leave the charset out, and clients that guess it guess wrong for Chinese.
    answer.headers["Content-Type"] = "application/json; charset=utf-8"
    return answer
