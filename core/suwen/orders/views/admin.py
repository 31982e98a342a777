"""Orders and intents for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.forms.money import parse_yuan
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _
from suwen.orders import writing
from suwen.orders.intents import Intents, Takings
from suwen.orders.models import Intent
from suwen.orders.services import orders
from suwen.orders.states import INTENT_TITLES, ORDER, ORDER_TITLES
from suwen.orders.views.storefront import EVENTS
from suwen.payments.states import ATTEMPT_TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request


@view_config(
    route_name="admin.orders",
    request_method="GET",
    renderer="admin/orders/list.jinja2",
    permission="staff.orders",
)
def order_list(request: Request) -> dict[str, Any]:
    """Orders of the regions and branches that the person works for."""
    state = request.GET.get("state")
    state = state if state in ORDER.states else None
    page = request.find(orders).page(
        state=state,
        reach=request.identity.reach("staff.orders"),
        cursor=request.GET.get("cursor") or None,
    )
    names = {region.code: region.name for region in request.regions}
    return {"page": page, "state": state, "titles": ORDER_TITLES, "region_names": names}


@view_config(
    route_name="admin.order",
    request_method="GET",
    renderer="admin/orders/order.jinja2",
    permission="staff.orders",
)
def order(request: Request) -> dict[str, Any]:
    """One order: facts, lines, payments and history."""
    service = request.find(orders)
    found = service.get(request.matchdict["number"], request.identity.reach("staff.orders"))
    cipher = request.house.vault.house
    return {
        "order": found,
        "lines": service.lines(found.id),
        "titles": ORDER_TITLES,
        "payments": service.payments.of_payable("order", found.id),
        "gateway_title": request.house.host.gateways.title,
        "attempt_titles": ATTEMPT_TITLES,
        "address": writing.open_address(cipher, "order", found.id, found.address_sealed),
        "timeline": [
            {
                "title": EVENTS.get(row.event, row.event),
                "at": row.at,
                "text": row.reason,
                "actor": row.actor_kind,
            }
            for row in service.timeline(found.id)
        ],
    }


@view_config(
    route_name="admin.intents",
    request_method="GET",
    renderer="admin/orders/intents.jinja2",
    permission="staff.cashier",
)
def intent_list(request: Request) -> dict[str, Any]:
    """Intents that wait for a cashier, oldest first; a code finds one of any state."""
    code = request.GET.get("code", "").strip().upper()
    reach = request.identity.reach("staff.cashier")
    rows = request.find(orders).intents.waiting(reach, code=code)
    return {"intents": rows, "code": code, "titles": INTENT_TITLES}


@view_config(
    route_name="admin.intent",
    request_method="GET",
    renderer="admin/orders/intent.jinja2",
    permission="staff.cashier",
)
def intent(request: Request) -> dict[str, Any]:
    """One intent, with the form to confirm it."""
    return _intent_page(request, {}, {})


def _intent(request: Request) -> Intent:
    reach = request.identity.reach("staff.cashier")
    intents: Intents = request.find(orders).intents
    return intents.get(request.matchdict["code"], reach)


def _intent_page(
    request: Request, values: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Any]:
    return {"intent": _intent(request), "titles": INTENT_TITLES, "values": values, "errors": errors}


@view_config(
    route_name="admin.intent_confirm",
    request_method="POST",
    renderer="admin/orders/intent.jinja2",
    permission="staff.cashier",
)
def confirm(request: Request) -> Any:
    """The money is on the counter: make the order."""
    found = _intent(request)
    try:
        takings = Takings(
            parse_yuan(request.POST.get("amount", "")),
            request.POST.get("receipt_no", "").strip(),
        )
        made = request.find(orders).intents.confirm(found.code, takings, actor(request))
    except SuwenError as error:
        request.response.status = 422
        return _intent_page(request, request.POST, error.fields or {"": error.text})
    request.flash("success", _("已确认收款并生成订单"))
    return HTTPSeeOther(
        request.route_path("admin.intent", code=found.code, _query={"order": made.number})
    )


@view_config(
    route_name="admin.intent_reject",
    request_method="POST",
    renderer="admin/orders/intent.jinja2",
    permission="staff.cashier",
)
def reject(request: Request) -> Any:
    """Refuse with a reason."""
    found = _intent(request)
    try:
        reason = request.POST.get("reason", "")[:200]
        request.find(orders).intents.reject(found.code, reason, actor(request))
    except SuwenError as error:
        request.response.status = 422
        return _intent_page(request, request.POST, error.fields or {"": error.text})
    request.flash("success", _("已驳回付款意向"))
    return HTTPSeeOther(request.route_path("admin.intents"))
