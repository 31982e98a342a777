"""A member's orders and intents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.accounts.representing import on_behalf_of
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _
from suwen.orders.models import Order
from suwen.orders.services import orders
from suwen.orders.states import HOLDS_MONEY, INTENT_TITLES, ORDER, ORDER_TITLES
from suwen.payments.states import ATTEMPT_TITLES

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.orders.services import OrderService

EVENTS = {
    "placed": _("提交订单"),
    "paid": _("付款成功"),
    "cancelled": _("订单取消"),
    "refunded": _("全额退款"),
    "refunded_partly": _("部分退款"),
    "refund_requested": _("申请退款"),
    "late_payment": _("收到逾期付款，已安排退回"),
}


@view_config(
    route_name="orders.list",
    request_method="GET",
    renderer="orders/list.jinja2",
    permission="member",
)
def order_list(request: Request) -> dict[str, Any]:
    """Own orders, by state."""
    state = request.GET.get("state")
    state = state if state in ORDER.states else None
    page = request.find(orders).page(
        member_id=request.identity.member_id, state=state, cursor=request.GET.get("cursor") or None
    )
    return {"page": page, "state": state, "titles": ORDER_TITLES}


def _own(request: Request) -> Order:
    service: OrderService = request.find(orders)
    found = service.get(request.matchdict["number"])
    on_behalf_of(request, found.member_id)
    return found


@view_config(
    route_name="orders.order",
    request_method="GET",
    renderer="orders/order.jinja2",
    permission="member",
)
def order(request: Request) -> dict[str, Any]:
    """One order with its timeline and what can be done now."""
    service, found = request.find(orders), _own(request)
    waiting = found.state == "pending_payment"
    return {
        "order": found,
        "lines": service.lines(found.id),
        "titles": ORDER_TITLES,
        "timeline": [
            {"title": EVENTS.get(row.event, row.event), "at": row.at, "text": row.reason}
            for row in service.timeline(found.id)
        ],
        "methods": service.ways_to_pay(found) if waiting else [],
        "payments": service.payments.of_payable("order", found.id),
        "gateway_title": request.house.host.gateways.title,
        "attempt_titles": ATTEMPT_TITLES,
        "refundable": found.state in HOLDS_MONEY,
    }


@view_config(route_name="orders.cancel", request_method="POST", permission="member")
def cancel(request: Request) -> HTTPSeeOther:
    """Cancel an unpaid order."""
    found = _own(request)
    try:
        request.find(orders).cancel(found, actor(request), _("会员取消"))
        request.flash("success", _("订单已取消"))
    except SuwenError as error:
        request.flash("danger", error.text)
    return HTTPSeeOther(request.route_path("orders.order", number=found.number))


@view_config(route_name="orders.refund", request_method="POST", permission="member")
def refund(request: Request) -> HTTPSeeOther:
    """Ask for all that is left of an order."""
    found = _own(request)
    try:
        reason = request.POST.get("reason", "")[:200]
        request.find(orders).refunds.request(found, reason, (), actor(request))
        request.flash("success", _("退款申请已提交，财务审核后原路退回"))
    except SuwenError as error:
        request.flash("danger", next(iter(error.fields.values()), error.text))
    return HTTPSeeOther(request.route_path("orders.order", number=found.number))


@view_config(
    route_name="orders.intent",
    request_method="GET",
    renderer="orders/intent.jinja2",
    permission="member",
)
def intent(request: Request) -> dict[str, Any]:
    """A payment intent: the code to show at the counter."""
    found = request.find(orders).intents.get(request.matchdict["code"])
    on_behalf_of(request, found.member_id)
    return {"intent": found, "titles": INTENT_TITLES}


@view_config(route_name="orders.intent_cancel", request_method="POST", permission="member")
def intent_cancel(request: Request) -> HTTPSeeOther:
    """Withdraw one's own intent."""
    intents = request.find(orders).intents
    found = intents.get(request.matchdict["code"])
    member_id, code = on_behalf_of(request, found.member_id), found.code
    try:
        intents.cancel(member_id, code, actor(request))
        request.flash("success", _("付款意向已取消"))
    except SuwenError as error:
        request.flash("danger", error.text)
    return HTTPSeeOther(request.route_path("orders.intent", code=code))
