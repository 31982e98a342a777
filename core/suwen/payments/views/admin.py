"""Payments and refunds for finance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _, translate
from suwen.payments.services import payments
from suwen.payments.states import ATTEMPT, ATTEMPT_TITLES, FLAG_TITLES, REFUND, REFUND_TITLES

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.payments.refunds import Refunds

FINANCE: Final = "staff.finance"

CAUSES: Final = {
    "request": _("平台操作"),
    "notification": _("渠道通知"),
    "poll": _("主动查询"),
    "cashier": _("收银员确认"),
    "bill": _("对账单"),
}
OUTCOMES: Final = {
    "received": _("已收到"),
    "applied": _("已生效"),
    "ignored": _("已忽略"),
    "unknown_order": _("订单未知"),
    "amount_mismatch": _("金额不符"),
}
FACTS: Final = {
    "captured": _("支付成功"),
    "failed": _("支付失败"),
    "closed": _("支付关闭"),
    "refund_succeeded": _("退款成功"),
    "refund_failed": _("退款失败"),
    "refund_abnormal": _("退款异常"),
}


def _regions(request: Request) -> Any:
    return request.identity.regions_of(FINANCE)


def _words(request: Request) -> dict[str, Any]:
    return {
        "gateway_title": request.house.host.gateways.title,
        "titles": ATTEMPT_TITLES,
        "refund_titles": REFUND_TITLES,
        "flag_titles": FLAG_TITLES,
        "causes": CAUSES,
        "outcomes": OUTCOMES,
        "facts": FACTS,
        "region_names": {region.code: region.name for region in request.regions},
    }


@view_config(
    route_name="admin.payments",
    request_method="GET",
    renderer="admin/payments/list.jinja2",
    permission=FINANCE,
)
def payment_list(request: Request) -> dict[str, Any]:
    """Payments of the person's regions; ``review`` shows those that need a person."""
    state = request.GET.get("state")
    state = state if state in ATTEMPT.states else None
    flagged = request.GET.get("review") == "1"
    number = request.GET.get("number", "").strip()[:80]
    rows, following = request.find(payments).reader.page(
        _regions(request),
        state=state,
        flagged=flagged,
        number=number,
        cursor=request.GET.get("cursor"),
    )
    asked = {"state": state, "review": "1" if flagged else None, "number": number or None}
    query = {name: value for name, value in asked.items() if value}
    return {
        **_words(request),
        "rows": rows,
        "next_cursor": following,
        "state": state,
        "flagged": flagged,
        "number": number,
        "query": query,
    }


@view_config(
    route_name="admin.payment",
    request_method="GET",
    renderer="admin/payments/payment.jinja2",
    permission=FINANCE,
)
def payment(request: Request) -> dict[str, Any]:
    """One payment: facts, steps, what the provider told, refunds and what can be done."""
    return _file(request, request.matchdict["number"])


def _file(
    request: Request,
    number: str,
    *,
    refund: str = "",
    errors: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The page; ``refund`` is the one whose decision was refused, with the errors beside it."""
    file = request.find(payments).reader.file(number, _regions(request))
    installed = request.house.host.gateways.find(file.attempt.gateway) is not None
    return {
        **_words(request),
        "file": file,
        "attempt": file.attempt,
        "installed": installed,
        "values": request.POST,
        "refused": refund,
        "errors": errors or {},
    }


@view_config(route_name="admin.payment_query", request_method="POST", permission=FINANCE)
def query(request: Request) -> HTTPSeeOther:
    """Let a job ask the provider now."""
    service = request.find(payments)
    file = service.reader.file(request.matchdict["number"], _regions(request))
    service.poll_soon(file.attempt.id)
    request.flash("success", translate(request, _("已安排向支付渠道查询，请稍后刷新")))
    return HTTPSeeOther(request.route_path("admin.payment", number=file.attempt.number))


@view_config(
    route_name="admin.refunds",
    request_method="GET",
    renderer="admin/payments/refunds.jinja2",
    permission=FINANCE,
)
def refund_list(request: Request) -> dict[str, Any]:
    """Refunds of the person's regions."""
    state = request.GET.get("state")
    state = state if state in REFUND.states else None
    rows, following = request.find(payments).reader.refunds(
        _regions(request), state=state, cursor=request.GET.get("cursor")
    )
    return {**_words(request), "rows": rows, "next_cursor": following, "state": state}


DECISIONS: Final = {
    "approve": _("已同意退款，系统将原路退回"),
    "reject": _("已驳回退款申请"),
    "retry": _("已重新提交退款"),
    "confirm": _("已登记人工退款"),
}


@view_config(
    route_name="admin.refund_decide",
    request_method="POST",
    renderer="admin/payments/payment.jinja2",
    permission=FINANCE,
)
def decide(request: Request) -> Any:
    """Approve, reject, retry or confirm a refund; errors stand beside its form."""
    number, decision = request.matchdict["number"], request.matchdict["decision"]
    service = request.find(payments)
    payment_number = service.reader.refund_payment(number, _regions(request))
    try:
        _decide(request, service.refunds, number, decision)
    except SuwenError as error:
        request.response.status = 422
        return _file(
            request, payment_number, refund=number, errors=error.fields or {"": error.text}
        )
    request.flash("success", translate(request, DECISIONS[decision]))
    return HTTPSeeOther(request.route_path("admin.payment", number=payment_number))


def _decide(request: Request, refunds: Refunds, number: str, decision: str) -> None:
    who, text = actor(request), request.POST.get("text", "").strip()[:200]
    if decision == "approve":
        refunds.approve(number, who)
    elif decision == "reject":
        refunds.reject(number, who, text)
    elif decision == "retry":
        refunds.retry(number, who)
    else:
        refunds.confirm_by_hand(number, who, text)
