"""From an order to the cashier of a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.representing import on_behalf_of
from suwen.kernel.errors import SuwenError
from suwen.orders.services import orders
from suwen.payments.services import payments

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.orders.models import Order


def begin(request: Request, order: Order, gateway: str) -> Any:
    """Start a payment and lead to its page; a provider that fails leaves the order to be tried.

    The attempt is committed before the provider is called, and nothing is open meanwhile.
    """
    money = request.find(payments)
    attempt = money.start(request.find(orders).payable(order), gateway, request.client_address)
    order_number, line = order.number, money.line(attempt)
    request.commit_step()
    try:
        money.announced(attempt, line)
    except SuwenError as error:
        request.flash("danger", error.text)
        return HTTPSeeOther(request.route_path("orders.order", number=order_number))
    return HTTPSeeOther(request.route_path("payments.pay", number=attempt.number))


@view_config(route_name="orders.pay", request_method="POST", permission="member")
def pay(request: Request) -> Any:
    """Pay an order that waits."""
    order = request.find(orders).get(request.matchdict["number"])
    on_behalf_of(request, order.member_id)
    try:
        return begin(request, order, request.POST.get("gateway", ""))
    except SuwenError as error:
        request.flash("danger", error.text)
        return HTTPSeeOther(request.route_path("orders.order", number=order.number))
