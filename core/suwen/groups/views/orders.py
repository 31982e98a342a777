"""Ordering for many, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.accounts.profiles import AddressBook
from suwen.archives.services import Document
from suwen.catalog.services import Filters as Shelf
from suwen.forms.schemas import MAX_LIMIT
from suwen.groups import people, sheets
from suwen.groups.fulfilment import STATES, TITLES
from suwen.groups.ordering import MAX_AT_ONCE, BulkWish
from suwen.groups.views.frame import PRIVATE, frame, group_of, number, refused, sheet
from suwen.groups.views.roster import filters_of
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _, translate
from suwen.kernel.themes.filters import fen
from suwen.orders.models import Intent
from suwen.orders.placing import Checkout
from suwen.orders.services import orders as shop
from suwen.orders.states import ORDER_TITLES
from suwen.places.divisions import full_name
from suwen.places.services import places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.request import Request

    from suwen.groups.services import Group

METHODS = {"on_site": _("采集点现场采集"), "mail": _("邮寄样本")}


@view_config(
    route_name="groups.orders",
    request_method="GET",
    renderer="groups/orders.jinja2",
    permission=PRIVATE,
)
def order_list(request: Request) -> dict[str, Any]:
    """Orders of the group, with how far each is."""
    found = group_of(request)
    page, following = found.fulfilment.page(request.GET.get("cursor") or None)
    return frame(
        found,
        orders=page,
        next_cursor=following,
        waiting=found.fulfilment.waiting(),
        titles=TITLES,
        order_titles=ORDER_TITLES,
    )


@view_config(
    route_name="groups.order",
    request_method="GET",
    renderer="groups/order.jinja2",
    permission=PRIVATE,
)
def order(request: Request) -> dict[str, Any]:
    """One order: its people and their states, never their results."""
    found, state = group_of(request), request.GET.get("state")
    summary = found.fulfilment.get(request.matchdict["number"])
    recipients, following = found.fulfilment.recipients(
        summary.order.id, state if state in STATES else None, request.GET.get("cursor") or None
    )
    sharing = found.sharing.sharing([r.id for r in recipients]) if found.who.is_owner else set()
    return frame(
        found,
        summary=summary,
        recipients=recipients,
        next_cursor=following,
        sharing=sharing,
        state=state,
        titles=TITLES,
        states=STATES,
        order_titles=ORDER_TITLES,
    )


@view_config(
    route_name="groups.order_export", request_method="GET", permission=PRIVATE, writes=True
)
def export(request: Request) -> Response:
    """The people of an order as a sheet; written down."""
    found = group_of(request)
    summary = found.fulfilment.get(request.matchdict["number"])
    order = ("name", "department", "number")

    def rows() -> Any:
        for one in found.fulfilment.all_recipients(summary.order.id):
            values = people.as_texts(one.facts)
            reported = one.reported_at.date().isoformat() if one.reported_at else ""
            state = translate(request, TITLES[one.state])
            yield [*(values[name] for name in order), state, reported]

    details = {"group": str(found.who.group_id)}
    request.house.audit.write(
        request.db,
        actor(request),
        "group.order.export",
        "order",
        summary.order.number,
        details=details,
    )
    titles = [*(people.TITLES[name] for name in order), _("状态"), _("报告日期")]
    headings = sheets.translated(titles, lambda title: translate(request, title))
    return sheet(request, _("履约明细"), sheets.write(headings, rows()))


@view_config(
    route_name="groups.order_new",
    request_method="GET",
    renderer="groups/order_new.jinja2",
    permission=PRIVATE,
)
def choose(request: Request) -> dict[str, Any]:
    """Whom to order for: everybody who matches, or those ticked."""
    return _people(request, group_of(request), request.GET, {})


def _people(
    request: Request, found: Group, given: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Any]:
    filters = filters_of(given)
    entries, more = found.roster.page(filters, limit=MAX_AT_ONCE)
    return frame(
        found,
        skus=_skus(request),
        sku=given.get("sku", ""),
        who=given.get("who", "all"),
        ticked=_ticked(given),
        filters=filters,
        entries=entries,
        matching=found.roster.count(filters),
        is_cut=more is not None,
        most=MAX_AT_ONCE,
        departments=found.roster.departments(),
        errors=errors,
    )


def _skus(request: Request) -> Sequence[tuple[str, str]]:
    """What can be ordered here: id, and product with specification and price."""
    page = request.find(shop).catalog.list_products(request.region.code, Shelf(), limit=MAX_LIMIT)
    return [
        (sku["id"], f"{row['name']}（{sku['name']}）{fen(sku['price_fen'])}")
        for row in page.items
        for sku in row["skus"]
    ]


def _ticked(given: Any) -> list[int]:
    values = given.getall("person")[: MAX_AT_ONCE + 1]
    return [key for key in map(ids.parse, values) if key]


@view_config(
    route_name="groups.checkout",
    request_method="POST",
    renderer="groups/checkout.jinja2",
    permission=PRIVATE,
)
def checkout(request: Request) -> Any:
    """Price, place, way to pay; with ``act=place`` the order itself, paid like any other."""
    found, post = group_of(request), request.POST
    picked = _ticked(post) if post.get("who") == "picked" else None
    try:
        chosen = found.bulk_orders.choose(filters_of(post), picked)
    except SuwenError as error:
        if error.status == 404:
            raise
        errors = refused(request, error)
        request.override_renderer = "groups/order_new.jinja2"
        return _people(request, found, post, errors)
    wish = BulkWish(
        sku_id=ids.parse(post.get("sku")) or 0,
        people=chosen,
        collection_method=post.get("method", ""),
        point_id=ids.parse(post.get("point")) if post.get("method") == "on_site" else None,
        address_id=ids.parse(post.get("address")) if post.get("method") == "mail" else None,
    )
    errors = {}
    if post.get("act") == "place":
        try:
            return _place(request, found, wish)
        except SuwenError as error:
            errors = refused(request, error)
    return _checkout(request, found, wish, errors)


def _place(request: Request, found: Group, wish: BulkWish) -> HTTPSeeOther:
    post = request.POST
    submission = post.get("submission", "")[:64] or ids.token()
    asked = Checkout(post.get("gateway", ""), submission)
    placed = found.bulk_orders.place(wish, asked, actor(request))
    if isinstance(placed, Intent):
        return HTTPSeeOther(request.route_path("orders.intent", code=placed.code))
    return HTTPSeeOther(request.route_path("orders.order", number=placed.number))


def _checkout(
    request: Request, found: Group, wish: BulkWish, errors: dict[str, str]
) -> dict[str, Any]:
    service, post, quote = request.find(shop), request.POST, None
    item = service.catalog.sku(wish.sku_id)
    methods = service.catalog.collection_methods(item) if item else []
    if item is not None and wish.collection_method:
        try:
            quote = found.bulk_orders.quote(wish)
        except SuwenError as error:
            if not errors and (wish.point_id or wish.address_id):
                errors = dict(error.fields) or {"": error.text}
    book = AddressBook(request.db, request.house.vault, found.who.group_id)
    return frame(
        found,
        wish=wish,
        item=item,
        quote=quote,
        errors=errors,
        methods=methods,
        titles=METHODS,
        method=wish.collection_method or (str(methods[0]) if methods else ""),
        points=[
            (str(p.id), p.name, f"{full_name(p.region_code)}{p.address}")
            for p in request.find(places).points()
        ],
        addresses=book.all(),
        full_name=full_name,
        gateway=post.get("gateway", ""),
        submission=post.get("submission", "")[:64] or ids.token(),
    )


@view_config(
    route_name="groups.report",
    request_method="GET",
    renderer="groups/report.jinja2",
    permission=PRIVATE,
    writes=True,
)
def report(request: Request) -> dict[str, Any]:
    """A report that its person shares with the group; the read stands in his access log."""
    found = group_of(request)
    service = found.sharing
    request.require_step_up()
    opened = service.open(number(request, "recipient"), actor(request), request.locale_name)
    return frame(found, opened=opened, recipient=request.matchdict["recipient"])


@view_config(route_name="groups.report_file", request_method="GET", permission=PRIVATE, writes=True)
def report_file(request: Request) -> Response:
    """The file of a shared report."""
    found = group_of(request)
    service = found.sharing
    request.require_step_up()
    document, content = service.document(
        number(request, "recipient"), number(request, "document"), actor(request)
    )
    return _file(document, content)


def _file(document: Document, content: bytes) -> Response:
    if not content:
        raise NotFound
    response = Response(body=content, content_type=document.media_type)
    response.headers["Content-Disposition"] = 'attachment; filename="report"'
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
