"""What the API says of a payment."""

from __future__ import annotations

from typing import Any

import colander

from suwen.forms.schemas import DateTimeOut, Fen, MapOf, Text
from suwen.payments.actions import KINDS
from suwen.payments.reading import PaymentView
from suwen.payments.states import ATTEMPT_TITLES


class ActionOut(colander.MappingSchema):
    """What the buyer must do next; which field is there follows from the kind."""

    kind = colander.SchemaNode(Text(), validator=colander.OneOf(list(KINDS)))
    text = colander.SchemaNode(Text(), missing=colander.drop)
    url = colander.SchemaNode(Text(), missing=colander.drop)
    fields = colander.SchemaNode(MapOf(Text()), missing=colander.drop)
    params = colander.SchemaNode(MapOf(Text()), missing=colander.drop)


class PaymentOut(colander.MappingSchema):
    """A payment (支付)."""

    number = colander.SchemaNode(Text())
    state = colander.SchemaNode(
        Text(), validator=colander.OneOf([s for s in ATTEMPT_TITLES if s != "authorized"])
    )
    gateway = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    amount_fen = colander.SchemaNode(Fen())
    refunded_fen = colander.SchemaNode(Fen())
    created_at = colander.SchemaNode(DateTimeOut())
    expires_at = colander.SchemaNode(DateTimeOut())
    action = ActionOut(missing=None)


def payment_out(view: PaymentView) -> dict[str, Any]:
    """A payment as the API shows it."""
    return {
        "number": view.number,
        "state": view.state,
        "gateway": view.gateway,
        "title": str(view.title),
        "amount_fen": view.amount_fen,
        "refunded_fen": view.refunded_fen,
        "created_at": view.created_at.isoformat(),
        "expires_at": view.expires_at.isoformat(),
        "action": dict(view.action) if view.action else None,
    }
