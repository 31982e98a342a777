"""The interface for merchants: what is posted becomes rows, rows become answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding
from webob import Request

from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.store import Row, Store
from suwen_dev_simulator.wechat import rules, seal, views
from suwen_dev_simulator.wechat.identity import Identity, serial_of
from suwen_dev_simulator.wechat.notices import NAME
from suwen_dev_simulator.wechat.rules import refuse

Body = Mapping[str, Any] | None
MAX_REFUNDS: Final = 50
REFUND_DAYS: Final = 365
REFUND_TAKES_S: Final = 1.0
_LIVE: Final = "state <> 'CLOSED'"


class MerchantApi:
    """One method per call; each returns the body of a 200, or None for 204."""

    def __init__(self, identity: Identity, store: Store, clock: Clock, base_url: str) -> None:
        """``base_url`` is where the buyer finds the cashier."""
        self._identity = identity
        self._store = store
        self._clock = clock
        self._base_url = base_url

    def create(self, request: Request, product: str) -> Body:
        """Make an order, or give the code of the same order again."""
        body = rules.parse(request.body)
        self._check_merchant(body, "mchid", "appid")
        order = rules.read_order(body, product)
        with self._store.transaction():
            known = self._payment(order.number)
            if known is None:
                self._insert(order, product)
            else:
                _check_repeat(known, order.request)
        return self._invitation(order.number, product)

    def _insert(self, order: rules.Order, product: str) -> None:
        now = self._clock.now()
        self._store.insert(
            "payment",
            provider=NAME,
            number=order.number,
            product=product,
            trade_no=f"42{secrets.randbelow(10**26):026d}",
            amount_fen=order.amount_fen,
            description=order.description,
            notify_url=order.notify_url,
            request=order.request,
            state="pending",
            created_at=now,
            expires_at=rules.check_expiry(order, now),
        )

    def _invitation(self, number: str, product: str) -> Body:
        page = f"{self._base_url}/pay/{NAME}/{number}"
        if product == "jsapi":
            return {"prepay_id": f"wxsimulator{number}"}
        return {"code_url": page} if product == "native" else {"h5_url": page}

    def by_number(self, request: Request, number: str) -> Body:
        """An order by the merchant's number."""
        self._check_merchant(request.GET, "mchid")
        return self._transaction(self._known(self._payment(number)))

    def by_trade_no(self, request: Request, trade_no: str) -> Body:
        """An order by the provider's number, which exists once it is paid."""
        self._check_merchant(request.GET, "mchid")
        payment = self._store.one(
            "select * from payment where provider = ? and trade_no = ? and state = 'paid'",
            NAME,
            trade_no,
        )
        return self._transaction(self._known(payment))

    def _transaction(self, payment: Row) -> Body:
        refunded = bool(self._refunds(payment["number"]))
        return views.transaction(self._identity, payment, refunded=refunded)

    def close(self, request: Request, number: str) -> Body:
        """Close an unpaid order."""
        self._check_merchant(rules.parse(request.body), "mchid")
        with self._store.transaction():
            payment = self._known(self._payment(number))
            if payment["state"] == "paid":
                raise refuse("该订单已支付", "ORDERPAID")
            if payment["state"] == "closed":
                raise refuse("该订单已关闭", "ORDER_CLOSED")
            self._store.run(
                "update payment set state = 'closed' where provider = ? and number = ?",
                NAME,
                number,
            )
        return None

    def refund(self, request: Request) -> Body:
        """Accept a refund, or tell how far the same one has come."""
        asked = rules.read_refund(rules.parse(request.body))
        with self._store.transaction():
            payment = self._refundable(asked)
            known = self._refund(asked.refund_no)
            if known is None:
                self._check_refund(payment, asked)
                self._insert_refund(payment, asked)
                known = self._refund(asked.refund_no)
            elif known["request"] != asked.request:
                raise refuse("退款单号已使用，且参数与原请求不一致", "INVALID_REQUEST")
            elif known["state"] == "CLOSED":
                self._restart(known)
                known = self._refund(asked.refund_no)
        assert known is not None  # noqa: S101 - inserted just above
        return views.refund(payment, known)

    def _refundable(self, asked: rules.Refund) -> Row:
        payment = self._store.one(
            "select * from payment where provider = ? and (number = ? or trade_no = ?)",
            NAME,
            asked.out_trade_no,
            asked.transaction_id,
        )
        if payment is None:
            raise refuse("订单不存在", "RESOURCE_NOT_EXISTS", 404)
        if payment["state"] != "paid":
            raise refuse("订单未支付", "INVALID_REQUEST")
        return payment

    def _check_refund(self, payment: Row, asked: rules.Refund) -> None:
        now, others = self._clock.now(), self._refunds(payment["number"])
        if asked.total_fen != payment["amount_fen"]:
            raise refuse("订单金额不一致", "INVALID_REQUEST")
        if now - payment["paid_at"] > REFUND_DAYS * rules.DAY:
            raise refuse("订单已超过退款期限", "INVALID_REQUEST")
        if len(others) >= MAX_REFUNDS:
            raise refuse("退款次数超过限制", "INVALID_REQUEST")
        if sum(row["amount_fen"] for row in others) + asked.refund_fen > payment["amount_fen"]:
            raise refuse("申请退款金额大于可退款金额", "INVALID_REQUEST")
        latest = max((row["created_at"] for row in others), default=0.0)
        if now - latest < self._clock.wait(rules.MINUTE):
            raise refuse("同一笔订单的两次退款需要间隔 1 分钟", "FREQUENCY_LIMITED", 429)

    def _insert_refund(self, payment: Row, asked: rules.Refund) -> None:
        now = self._clock.now()
        self._store.insert(
            "refund",
            provider=NAME,
            refund_no=asked.refund_no,
            number=payment["number"],
            refund_id=f"50{secrets.randbelow(10**26):026d}",
            amount_fen=asked.refund_fen,
            request=asked.request,
            notify_url=asked.notify_url,
            state="PROCESSING",
            created_at=now,
            settles_at=now + self._clock.wait(REFUND_TAKES_S),
        )

    def _restart(self, row: Row) -> None:
        """A closed refund is tried again under its old number."""
        due = self._clock.now() + self._clock.wait(REFUND_TAKES_S)
        self._store.run(
            "update refund set state = 'PROCESSING', settles_at = ?, settled_at = null "
            "where provider = ? and refund_no = ?",
            due,
            NAME,
            row["refund_no"],
        )

    def refund_by_number(self, _request: Request, number: str) -> Body:
        """A refund by the merchant's number."""
        row = self._refund(number)
        if row is None:
            raise refuse("退款单不存在", "RESOURCE_NOT_EXISTS", 404)
        return views.refund(self._known(self._payment(row["number"])), row)

    def certificates(self, _request: Request) -> Body:
        """The platform certificates, sealed with the APIv3 key."""
        return {
            "data": [
                {
                    "serial_no": serial_of(item),
                    "effective_time": item.not_valid_before_utc.isoformat(),
                    "expire_time": item.not_valid_after_utc.isoformat(),
                    "encrypt_certificate": seal.seal(
                        item.public_bytes(Encoding.PEM), self._identity.apiv3_key, "certificate"
                    ),
                }
                for _key, item in self._identity.certificates()
            ]
        }

    def _payment(self, number: str) -> Row | None:
        return self._store.one(
            "select * from payment where provider = ? and number = ?", NAME, number
        )

    def _refund(self, number: str) -> Row | None:
        return self._store.one(
            "select * from refund where provider = ? and refund_no = ?", NAME, number
        )

    def _refunds(self, number: str) -> list[Row]:
        statement = f"select * from refund where provider = ? and number = ? and {_LIVE}"  # noqa: S608
        return list(self._store.all(statement, NAME, number))

    def _known(self, payment: Row | None) -> Row:
        if payment is None:
            raise refuse("订单不存在", "ORDER_NOT_EXIST", 404)
        return payment

    def _check_merchant(self, given: Mapping[str, Any], *names: str) -> None:
        for name in names:
            if given.get(name) != getattr(self._identity, name):
                code = "APPID_MCHID_NOT_MATCH" if name == "appid" else "PARAM_ERROR"
                raise refuse(f"{name} 不正确", code)


def _check_repeat(known: Row, request: str) -> None:
    if known["request"] != request:
        raise refuse("商户订单号重复", "OUT_TRADE_NO_USED", 403)
    if known["state"] == "paid":
        raise refuse("该订单已支付", "ORDERPAID")
    if known["state"] == "closed":
        raise refuse("该订单已关闭", "ORDER_CLOSED")
