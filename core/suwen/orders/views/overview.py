"""Orders and money on the first page of the member centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from suwen.accounts.overview import Card, member_card
from suwen.kernel.i18n import _
from suwen.kernel.themes.filters import fen
from suwen.ledger.services import ledger
from suwen.orders.models import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request

GOING_ON = ("paid", "used")


@member_card(order=10)
def order_cards(request: Request) -> Sequence[Card]:
    """What waits for payment, and what is on its way."""
    query = (
        select(Order.state, func.count())
        .where(Order.member_id == request.identity.member_id)
        .where(Order.state.in_(("pending_payment", *GOING_ON)))
        .group_by(Order.state)
    )
    counts = dict(request.db.execute(query).all())
    waiting, going_on = counts.get("pending_payment", 0), sum(counts.get(s, 0) for s in GOING_ON)
    to_pay = request.route_path("orders.list", _query={"state": "pending_payment"})
    return [
        Card(_("待付款"), str(waiting), to_pay, "credit-card", calls=waiting > 0),
        Card(_("进行中的订单"), str(going_on), request.route_path("orders.list"), "bag"),
    ]


@member_card(order=30)
def balance_card(request: Request) -> Sequence[Card]:
    """What can be spent, and what is owed."""
    balance = request.find(ledger).member(request.identity.member_id)
    note = (
        _("欠款 ${amount}", mapping={"amount": fen(balance.debt_fen)}) if balance.debt_fen else ""
    )
    href = request.route_path("ledger.balance")
    return [Card(_("可用余额"), fen(balance.available_fen), href, "wallet2", note)]
