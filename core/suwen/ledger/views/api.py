"""A member's account in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.api.operations import operation
from suwen.forms.schemas import PageQuery
from suwen.kernel.i18n import translate
from suwen.ledger.schemas import AccountEntryList, AccountOut
from suwen.ledger.services import ledger

if TYPE_CHECKING:
    from pyramid.request import Request


@operation("get_account", "GET", "/me/account", permission="member", answer=AccountOut())
def get_account(request: Request) -> dict[str, Any]:
    """What one has and what one owes."""
    balance = request.find(ledger).member(request.identity.member_id)
    return {
        "available_fen": balance.available_fen,
        "frozen_fen": balance.frozen_fen,
        "debt_fen": balance.debt_fen,
    }


@operation(
    "list_account_entries",
    "GET",
    "/me/account/entries",
    permission="member",
    query=PageQuery(),
    answer=AccountEntryList,
)
def list_account_entries(request: Request) -> dict[str, Any]:
    """One's statement, newest first."""
    entries, cursor = request.find(ledger).entries(request.identity.member_id, **request.query)
    items = [
        {
            "id": entry.id,
            "kind": entry.kind,
            "account": entry.account,
            "title": translate(request, entry.memo),
            "amount_fen": entry.amount_fen,
            "occurred_at": entry.occurred_at.isoformat(),
        }
        for entry in entries
    ]
    return {"items": items, "next_cursor": cursor}
