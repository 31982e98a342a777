"""Payments in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.api.operations import operation
from suwen.payments.schemas import PaymentOut, payment_out
from suwen.payments.services import payments

if TYPE_CHECKING:
    from pyramid.request import Request


@operation("get_payment", "GET", "/payments/{number}", permission="member", answer=PaymentOut())
def get_payment(request: Request) -> dict[str, Any]:
    """One of one's own payments and what to do next."""
    view = request.find(payments).view(request.identity.member_id, request.matchdict["number"])
    return payment_out(view)
