"""Checkout: one page for what, where and how to pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.addresses import KITS, AddressBook
from suwen.accounts.identity import actor
from suwen.kernel import ids
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _
from suwen.orders.models import Intent
from suwen.orders.placing import Checkout
from suwen.orders.quoting import Quote, Wish
from suwen.orders.services import orders
from suwen.orders.views.paying import begin
from suwen.places.divisions import full_name
from suwen.places.services import places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

TITLES = {"on_site": _("采集点现场采集"), "mail": _("邮寄样本")}


class Form:
    """The text of the form as it was sent, and the wish it stands for."""

    def __init__(self, request: Request, values: Mapping[str, str]) -> None:
        """Read what is there; nothing is refused yet."""
        self.sku = values.get("sku", "")
        self.quantity = values.get("quantity", "1")
        self.method = values.get("method", "")
        self.point = values.get("point", "")
        self.address = values.get("address", "")
        self.gateway = values.get("gateway", "")
        self.submission = values.get("submission", "")[:64] or ids.token()
        self.member_id: int = request.identity.member_id

    def wish(self) -> Wish:
        """The wish; what is not a number counts as none and is refused by the service."""
        return Wish(
            member_id=self.member_id,
            items=((ids.parse(self.sku) or 0, ids.parse(self.quantity) or 0),),
            collection_method=self.method,
            point_id=ids.parse(self.point) if self.method == "on_site" else None,
            address_id=ids.parse(self.address) if self.method == "mail" else None,
        )


@view_config(
    route_name="orders.checkout",
    request_method="GET",
    renderer="orders/checkout.jinja2",
    permission="member",
)
def show(request: Request) -> dict[str, Any]:
    """The form; with a place chosen it shows price and ways to pay."""
    form = Form(request, request.GET)
    if not form.method:
        form.method = _usual_method(request, form)
    return page(request, form, {})


@view_config(
    route_name="orders.checkout",
    request_method="POST",
    renderer="orders/checkout.jinja2",
    permission="member",
)
def submit(request: Request) -> Any:
    """Place the order, or ask again with the faults beside their fields."""
    form = Form(request, request.POST)
    if "refresh" in request.POST:
        return page(request, form, {})
    service = request.find(orders)
    try:
        quote = service.quoting.quote(form.wish())
        checkout = Checkout(form.gateway, form.submission, request.cookies.get("ref"))
        placed = service.placing.place(quote, checkout, actor(request))
    except SuwenError as error:
        request.response.status = 422
        return page(request, form, error.fields or {"": error.text})
    if isinstance(placed, Intent):
        return HTTPSeeOther(request.route_path("orders.intent", code=placed.code))
    return begin(request, placed, form.gateway)


def page(request: Request, form: Form, errors: Mapping[str, str]) -> dict[str, Any]:
    """What the template shows."""
    service, quote, found = request.find(orders), None, dict(errors)
    shop = service.catalog
    item = shop.sku(ids.parse(form.sku) or 0)
    addresses = AddressBook(request.db, request.house.vault, form.member_id).serving(KITS)
    if form.method == "mail" and not form.address and addresses:
        form.address = str(addresses[0].id)
    if form.method:
        try:
            quote = service.quoting.quote(form.wish())
        except SuwenError as error:
            if not errors and (form.point or form.address):
                found = dict(error.fields)
    return {
        "form": form,
        "item": item,
        "quote": quote,
        "errors": found,
        "titles": TITLES,
        "points": _points(request),
        "addresses": addresses,
        "methods": shop.collection_methods(item) if item else [],
        "gateway": form.gateway or _first_gateway(quote),
        "full_name": full_name,
    }


def _points(request: Request) -> list[tuple[str, str, str]]:
    rows = request.find(places).points()
    return [(str(row.id), row.name, f"{full_name(row.region_code)}{row.address}") for row in rows]


def _usual_method(request: Request, form: Form) -> str:
    shop = request.find(orders).catalog
    item = shop.sku(ids.parse(form.sku) or 0)
    methods = shop.collection_methods(item) if item else []
    return str(methods[0]) if methods else ""


def _first_gateway(quote: Quote | None) -> str:
    offered = quote.methods.offered if quote else ()
    return offered[0].gateway if offered else ""
