"""Balances on a member's page in the back office."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from suwen.admin.panels import member_panel
from suwen.kernel.i18n import _
from suwen.ledger.services import ledger

if TYPE_CHECKING:
    from pyramid.request import Request

RECENT: Final = 5


@member_panel(
    "ledger", _("账户余额"), "staff.finance", "admin/members/panels/ledger.jinja2", order=40
)
def balance(request: Request, member_id: int) -> dict[str, Any]:
    """What he has, and the latest movements in the neutral words that he reads himself."""
    books = request.find(ledger)
    entries, following = books.entries(member_id, limit=RECENT)
    return {"balance": books.member(member_id), "entries": entries, "more": following is not None}
