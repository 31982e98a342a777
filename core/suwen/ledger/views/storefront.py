"""A member's balance and statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.view import view_config

from suwen.kernel.i18n import _
from suwen.ledger.services import ledger

if TYPE_CHECKING:
    from pyramid.request import Request

ACCOUNTS = {"available": _("可用"), "frozen": _("冻结"), "debt": _("欠款")}


@view_config(
    route_name="ledger.balance",
    request_method="GET",
    renderer="ledger/balance.jinja2",
    permission="member",
)
def balance(request: Request) -> dict[str, Any]:
    """What one has, and every movement of it."""
    books, member_id = request.find(ledger), request.identity.member_id
    cursor = request.GET.get("cursor") or None
    entries, following = books.entries(member_id, cursor)
    return {
        "balance": books.member(member_id),
        "entries": entries,
        "next_cursor": following,
        "is_first": cursor is None,
        "accounts": ACCOUNTS,
    }
