"""Orders and intents in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from suwen.accounts.identity import actor
from suwen.api.operations import operation
from suwen.hookspecs.payment import OrderPolicy
from suwen.kernel import ids
from suwen.kernel.i18n import _, translate
from suwen.orders.errors import NeedsIntent
from suwen.orders.models import Intent, Order
from suwen.orders.placing import Checkout
from suwen.orders.quoting import Quote, Wish
from suwen.orders.refunds import LineWish
from suwen.orders.schemas import (
    IntentAnswer,
    IntentOut,
    OrderDetail,
    OrderList,
    OrderQuery,
    PlaceIn,
    QuoteIn,
    QuoteOut,
    RefundIn,
    RefundOut,
    StartIn,
)
from suwen.orders.services import OrderService, orders
from suwen.payments.schemas import PaymentOut, payment_out
from suwen.payments.services import payments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request

    from suwen.orders.models import OrderLine, OrderTransition


def wish_of(request: Request, body: dict[str, Any]) -> Wish:
    """The wish of a validated body."""
    collection = body["collection"]
    return Wish(
        member_id=request.identity.member_id,
        items=tuple((item["sku_id"], item["quantity"]) for item in body["items"]),
        collection_method=collection["method"],
        point_id=collection["point_id"],
        address_id=collection["address_id"],
        use_balance_fen=body["use_balance_fen"],
    )


def methods_out(request: Request, methods: Any) -> list[dict[str, str]]:
    """Offered ways to pay."""
    return [
        {"gateway": m.gateway, "title": translate(request, m.title), "creates": m.creates}
        for m in methods
    ]


@operation(
    "quote_order", "POST", "/order-quotes", permission="member", body=QuoteIn(), answer=QuoteOut()
)
def quote_order(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Price a purchase and list the ways to pay for it."""
    return quote_out(request, request.find(orders).quoting.quote(wish_of(request, body)))


def quote_out(request: Request, quote: Quote) -> dict[str, Any]:
    """A quote as the API shows it."""
    return {
        "total_fen": quote.total_fen,
        "payable_fen": quote.payable_fen,
        "service_region": quote.region.code,
        "payment_methods": methods_out(request, quote.methods.offered),
        "refused_methods": [
            {"gateway": m.gateway, "reason": translate(request, m.reason)}
            for m in quote.methods.refused
        ],
    }


@operation(
    "place_order",
    "POST",
    "/orders",
    permission="member",
    body=PlaceIn(),
    answer=OrderDetail(),
    status=201,
    other_answers={202: IntentAnswer()},
    idempotent=True,
)
def place_order(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Place an order; where the gateway takes the money first, an intent (202)."""
    service = request.find(orders)
    quote = service.quoting.quote(wish_of(request, body))
    # A repeated Idempotency-Key is answered before it comes here.
    checkout = Checkout(body["gateway"], ids.token(), body["referral_code"])
    placed = service.placing.place_anew(quote, checkout, actor(request))
    if isinstance(placed, Intent):
        request.environ["suwen.api_status"] = 202
        return {"intent": intent_out(placed)}
    return detail_out(request, service, placed.order, placed.lines, [placed.step])


def line_out(line: OrderLine) -> dict[str, Any]:
    """A line as the API shows it."""
    return {
        "id": str(line.id),
        "sku_id": str(line.sku_id),
        "product_name": line.product_name,
        "sku_name": line.sku_name,
        "quantity": line.quantity,
        "amount_fen": line.amount_fen,
        "refunded_fen": line.refunded_fen,
        "voucher_state": None,
        "kit_barcode": None,
    }


def order_out(order: Order, lines: Sequence[OrderLine]) -> dict[str, Any]:
    """An order as the API lists it."""
    return {
        "number": order.number,
        "state": order.state,
        "total_fen": order.total_fen,
        "payable_fen": order.payable_fen,
        "service_region": order.region,
        "created_at": order.created_at.isoformat(),
        "expires_at": order.expires_at.isoformat(),
        "lines": [line_out(line) for line in lines],
    }


def order_detail(request: Request, service: OrderService, order: Order) -> dict[str, Any]:
    """An order with its timeline and ways to pay."""
    return detail_out(request, service, order, service.lines(order.id), service.timeline(order.id))


def detail_out(
    request: Request,
    service: OrderService,
    order: Order,
    lines: Sequence[OrderLine],
    steps: Sequence[OrderTransition],
) -> dict[str, Any]:
    """As ``order_detail``, of rows that are at hand."""
    waiting = order.state == "pending_payment"
    return {
        **order_out(order, lines),
        "timeline": [{"at": row.at.isoformat(), "event": row.event} for row in steps],
        "payment_methods": methods_out(request, service.ways_to_pay(order)) if waiting else [],
    }


def own(request: Request) -> Order:
    """The member's order of the path; raises ``NotFound``."""
    service: OrderService = request.find(orders)
    return service.of_member(request.identity.member_id, request.matchdict["number"])


@operation(
    "list_orders", "GET", "/orders", permission="member", query=OrderQuery(), answer=OrderList
)
def list_orders(request: Request) -> dict[str, Any]:
    """Own orders, newest first."""
    page = request.find(orders).page(member_id=request.identity.member_id, **request.query)
    items = [order_out(order, lines) for order, lines in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@operation("get_order", "GET", "/orders/{number}", permission="member", answer=OrderDetail())
def get_order(request: Request) -> dict[str, Any]:
    """One of one's own orders."""
    return order_detail(request, request.find(orders), own(request))


@operation("cancel_order", "DELETE", "/orders/{number}", permission="member", answer=OrderDetail())
def cancel_order(request: Request) -> dict[str, Any]:
    """Cancel an unpaid order."""
    service, order = request.find(orders), own(request)
    service.cancel(order, actor(request), _("会员取消"))
    return order_detail(request, service, own(request))


@operation(
    "start_payment",
    "POST",
    "/orders/{number}/payments",
    permission="member",
    body=StartIn(),
    answer=PaymentOut(),
    status=201,
)
def start_payment(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Start paying an order; repeating it gives the payment that is still open."""
    service, money = request.find(orders), request.find(payments)
    gateway = request.house.host.gateways.find(body["gateway"])
    if gateway and gateway.obj.info.order_policy is OrderPolicy.AFTER_CONFIRMATION:
        raise NeedsIntent
    payable = service.payable_of_member(request.identity.member_id, request.matchdict["number"])
    attempt = money.start(payable, body["gateway"], request.client_address)
    line = money.line(attempt)
    request.commit_step()
    return payment_out(money.announced(attempt, line))


@operation(
    "request_refund",
    "POST",
    "/orders/{number}/refunds",
    permission="member",
    body=RefundIn(),
    answer=RefundOut(),
    status=201,
    idempotent=True,
)
def request_refund(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for money back, by line or for all that is left."""
    wishes = [
        LineWish(line["line_id"], line["quantity"], line["amount_fen"]) for line in body["lines"]
    ]
    refund = request.find(orders).refunds.request(
        own(request), body["reason"], wishes, actor(request)
    )
    return {"number": refund.number, "state": refund.state, "amount_fen": refund.amount_fen}


def intent_out(intent: Intent) -> dict[str, Any]:
    """An intent as the API shows it."""
    return {
        "code": intent.code,
        "state": intent.state,
        "payable_fen": intent.payable_fen,
        "expires_at": intent.expires_at.isoformat(),
        "instructions": intent.instructions,
        "order_number": intent.order_number,
    }


@operation("get_intent", "GET", "/intents/{code}", permission="member", answer=IntentOut())
def get_intent(request: Request) -> dict[str, Any]:
    """One of one's own intents."""
    intents = request.find(orders).intents
    return intent_out(intents.of_member(request.identity.member_id, request.matchdict["code"]))


@operation("cancel_intent", "DELETE", "/intents/{code}", permission="member")
def cancel_intent(request: Request) -> Response:
    """Withdraw an intent."""
    intents = request.find(orders).intents
    intents.cancel(request.identity.member_id, request.matchdict["code"], actor(request))
    return Response(status=204)
