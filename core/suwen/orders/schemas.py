"""What the API says of orders, and what checkout accepts."""

from __future__ import annotations

import colander

from suwen.catalog.lines import MAX_QUANTITY
from suwen.forms.schemas import (
    MAX_FEN,
    DateTimeOut,
    Day,
    Fen,
    IdString,
    PageQuery,
    StrictInteger,
    Text,
    listing,
)
from suwen.orders.consumption import KINDS, MAX_TEXT
from suwen.orders.states import INTENT, ORDER

METHODS = ("on_site", "mail")


class Item(colander.MappingSchema):
    """A SKU and how many of it."""

    sku_id = colander.SchemaNode(IdString())
    quantity = colander.SchemaNode(StrictInteger(1, MAX_QUANTITY))


class Items(colander.SequenceSchema):
    """What is wanted."""

    item = Item()


class CollectionIn(colander.MappingSchema):
    """How the specimen is taken: at a point, or by post to an address."""

    method = colander.SchemaNode(colander.String(), validator=colander.OneOf(METHODS))
    point_id = colander.SchemaNode(IdString(), missing=None)
    address_id = colander.SchemaNode(IdString(), missing=None)


class QuoteIn(colander.MappingSchema):
    """A purchase to be priced."""

    items = Items(validator=colander.Length(1, 20))
    collection = CollectionIn()
    use_balance_fen = colander.SchemaNode(Fen(), missing=0)


class PlaceIn(QuoteIn):
    """A purchase to be made."""

    gateway = colander.SchemaNode(colander.String(), validator=colander.Length(1, 60))
    referral_code = colander.SchemaNode(
        colander.String(), validator=colander.Length(max=40), missing=None
    )


class MethodOut(colander.MappingSchema):
    """A way to pay that is offered; ``creates`` says whether an order or an intent comes of it."""

    gateway = colander.SchemaNode(colander.String())
    title = colander.SchemaNode(colander.String())
    creates = colander.SchemaNode(colander.String(), validator=colander.OneOf(["order", "intent"]))


class RefusedOut(colander.MappingSchema):
    """A way to pay that is not offered, and why."""

    gateway = colander.SchemaNode(colander.String())
    reason = colander.SchemaNode(colander.String())


class Methods(colander.SequenceSchema):
    """Offered ways to pay."""

    method = MethodOut()


class RefusedMethods(colander.SequenceSchema):
    """Refused ways to pay."""

    method = RefusedOut()


class QuoteOut(colander.MappingSchema):
    """Price and ways to pay."""

    total_fen = colander.SchemaNode(Fen())
    payable_fen = colander.SchemaNode(Fen())
    service_region = colander.SchemaNode(colander.String())
    payment_methods = Methods()
    refused_methods = RefusedMethods()


class LineOut(colander.MappingSchema):
    """A line of an order."""

    id = colander.SchemaNode(IdString())
    sku_id = colander.SchemaNode(IdString())
    product_name = colander.SchemaNode(colander.String())
    sku_name = colander.SchemaNode(colander.String())
    quantity = colander.SchemaNode(StrictInteger(1))
    amount_fen = colander.SchemaNode(Fen())
    refunded_fen = colander.SchemaNode(Fen())


class Lines(colander.SequenceSchema):
    """Lines of an order."""

    line = LineOut()


class TimelineEvent(colander.MappingSchema):
    """Something that happened."""

    at = colander.SchemaNode(DateTimeOut())
    event = colander.SchemaNode(colander.String())


class Timeline(colander.SequenceSchema):
    """What happened, oldest first."""

    event = TimelineEvent()


class OrderOut(colander.MappingSchema):
    """An order."""

    number = colander.SchemaNode(colander.String())
    state = colander.SchemaNode(colander.String(), validator=colander.OneOf(sorted(ORDER.states)))
    total_fen = colander.SchemaNode(Fen())
    payable_fen = colander.SchemaNode(Fen())
    service_region = colander.SchemaNode(colander.String())
    created_at = colander.SchemaNode(DateTimeOut())
    expires_at = colander.SchemaNode(DateTimeOut())
    lines = Lines()


class OrderDetail(OrderOut):
    """An order with its timeline and, while it waits, its ways to pay."""

    timeline = Timeline()
    payment_methods = Methods()


class IntentOut(colander.MappingSchema):
    """A payment intent."""

    code = colander.SchemaNode(colander.String())
    state = colander.SchemaNode(colander.String(), validator=colander.OneOf(sorted(INTENT.states)))
    payable_fen = colander.SchemaNode(Fen())
    expires_at = colander.SchemaNode(DateTimeOut())
    instructions = colander.SchemaNode(colander.String())
    order_number = colander.SchemaNode(colander.String(), missing=None)


class IntentAnswer(colander.MappingSchema):
    """What placing answers where the gateway takes the money first."""

    intent = IntentOut()


class OrderQuery(PageQuery):
    """Filters and paging."""

    state = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(sorted(ORDER.states)), missing=None
    )


class RefundLine(colander.MappingSchema):
    """What to give back of a line: pieces or an amount."""

    line_id = colander.SchemaNode(IdString())
    quantity = colander.SchemaNode(StrictInteger(1, MAX_QUANTITY), missing=None)
    amount_fen = colander.SchemaNode(Fen(1), missing=None)


class RefundLines(colander.SequenceSchema):
    """Lines to give back."""

    line = RefundLine()


class RefundIn(colander.MappingSchema):
    """A request for a refund; without lines all that is left."""

    reason = colander.SchemaNode(colander.String(), validator=colander.Length(1, 200))
    lines = RefundLines(missing=())


class RefundOut(colander.MappingSchema):
    """A refund."""

    number = colander.SchemaNode(colander.String())
    state = colander.SchemaNode(colander.String())
    amount_fen = colander.SchemaNode(Fen())


class StartIn(colander.MappingSchema):
    """The gateway to pay with."""

    gateway = colander.SchemaNode(colander.String(), validator=colander.Length(1, 60))


OrderList = listing(OrderOut())


def _kind() -> colander.SchemaNode:
    known = colander.OneOf(list(KINDS))
    return colander.SchemaNode(colander.String(), name="kind", validator=known, missing=None)


def _text(name: str) -> colander.SchemaNode:
    return colander.SchemaNode(
        Text(), name=name, validator=colander.Length(max=MAX_TEXT), missing=None
    )


class ConsumptionQuery(PageQuery):
    """Filters and paging of the consumption record; days are China's and both included."""

    kind = _kind()
    since = colander.SchemaNode(Day(), missing=None)
    until = colander.SchemaNode(Day(), missing=None)
    q = _text("q")


class ConsumptionForm(colander.MappingSchema):
    """The same as the page's address has it."""

    kind = _kind()
    period = colander.SchemaNode(
        colander.String(),
        validator=colander.OneOf(["month", "quarter", "year", "all"]),
        missing="year",
    )
    since = colander.SchemaNode(Day(), missing=None)
    until = colander.SchemaNode(Day(), missing=None)
    text = _text("text")


class MovementOut(colander.MappingSchema):
    """A row of the consumption record; an order's amount is negative, a refund's positive."""

    id = colander.SchemaNode(colander.String())
    kind = colander.SchemaNode(colander.String(), validator=colander.OneOf(list(KINDS)))
    title = colander.SchemaNode(colander.String())
    amount_fen = colander.SchemaNode(Fen(-MAX_FEN))
    occurred_at = colander.SchemaNode(DateTimeOut())
    number = colander.SchemaNode(colander.String(), missing=None)
    order_number = colander.SchemaNode(colander.String(), missing=None)


class ConsumptionTotals(colander.MappingSchema):
    """Sums of all rows that the filter finds."""

    spent_fen = colander.SchemaNode(Fen())
    refunded_fen = colander.SchemaNode(Fen())
    net_fen = colander.SchemaNode(Fen(-MAX_FEN))
    balance_in_fen = colander.SchemaNode(Fen())
    balance_out_fen = colander.SchemaNode(Fen())
    count = colander.SchemaNode(StrictInteger(0))


class Movements(colander.SequenceSchema):
    """Rows, newest first."""

    movement = MovementOut()


class ConsumptionOut(colander.MappingSchema):
    """A page of the consumption record."""

    items = Movements()
    next_cursor = colander.SchemaNode(colander.String(), missing=None)
    totals = ConsumptionTotals()
