"""The pay page, its polling, and the page after paying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.representing import on_behalf_of
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _, translate
from suwen.payments import actions
from suwen.payments.services import payments
from suwen.payments.states import ATTEMPT_TITLES

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.payments.reading import PaymentView


def _own(request: Request) -> PaymentView:
    service, number = request.find(payments), request.matchdict["number"]
    owner_id = on_behalf_of(request, service.owner_of(number))
    view: PaymentView = service.view(owner_id, number)
    return view


def payable_url(request: Request, view: PaymentView) -> str | None:
    """Page of what is paid for: the route ``<kind>s.<kind>``, by number, where there is one."""
    route = f"{view.payable_kind}s.{view.payable_kind}"
    try:
        return str(request.route_path(route, number=view.payable_number))
    except KeyError:
        return None


def _page(request: Request, view: PaymentView) -> dict[str, Any]:
    return {
        "payment": view,
        "state_title": ATTEMPT_TITLES[view.state],
        "payable_url": payable_url(request, view),
    }


@view_config(
    route_name="payments.pay",
    request_method="GET",
    renderer="payments/pay.jinja2",
    permission="member",
)
def pay(request: Request) -> Any:
    """What to do to pay: a code to scan, a button to the provider, or instructions."""
    view = _own(request)
    if not view.open:
        return HTTPSeeOther(request.route_path("payments.result", number=view.number))
    action = view.action or {}
    if action.get("kind") == "form":
        # This page alone may post to the provider's cashier.
        request.csp_additions = {"form-action": actions.origin(action["url"])}
    qr = None
    if action.get("kind") == "qr":
        # White behind it: scanners need the contrast in dark mode too.
        import segno

        code = segno.make(action["text"], error="m", micro=False)
        qr = code.svg_data_uri(scale=6, border=3, light="#fff")
    return {**_page(request, view), "action": action, "qr": qr}


@view_config(
    route_name="payments.status", request_method="GET", renderer="json", permission="member"
)
def status(request: Request) -> dict[str, Any]:
    """What the pay page asks every few seconds. It looks at our own records only."""
    view = _own(request)
    url = request.route_path("payments.result", number=view.number)
    text = _("已超时，正在确认支付结果…") if view.overdue else ATTEMPT_TITLES[view.state]
    return {
        "state": view.state,
        "done": not view.open,
        "url": url,
        "text": translate(request, text),
    }


@view_config(
    route_name="payments.result",
    request_method="GET",
    renderer="payments/result.jinja2",
    permission="member",
)
def result(request: Request) -> dict[str, Any]:
    """What became of the payment, as far as we know."""
    return _page(request, _own(request))


@view_config(route_name="payments.retry", request_method="POST", permission="member")
def retry(request: Request) -> HTTPSeeOther:
    """Announce again, under the same number, what the provider did not answer."""
    view, service = _own(request), request.find(payments)
    attempt_id = service.attempt_id(view.number)
    request.commit_step()
    try:
        service.announce(attempt_id)
    except SuwenError as error:
        request.flash("danger", translate(request, error.text))
    return HTTPSeeOther(request.route_path("payments.pay", number=view.number))


@view_config(
    route_name="payments.return",
    request_method=("GET", "POST"),
    permission="public",
    require_csrf=False,
    writes=True,
)
def come_back(request: Request) -> HTTPSeeOther:
    """The provider sends the buyer back here. What it says in doing so counts for nothing.

    A form posted from another site carries no cookie, so nobody may be signed in here; the next
    page is reached by GET, and is the owner's alone.
    """
    service, number = request.find(payments), request.matchdict["number"]
    service.poll_soon(service.attempt_id(number))
    return HTTPSeeOther(request.route_path("payments.result", number=number))
