"""Orders on a member's page in the back office."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from suwen.admin.panels import member_panel
from suwen.kernel.i18n import _
from suwen.orders.services import orders
from suwen.orders.states import ORDER_TITLES

if TYPE_CHECKING:
    from pyramid.request import Request

RECENT: Final = 5


@member_panel("orders", _("订单"), "staff.orders", "admin/members/panels/orders.jinja2", order=20)
def recent_orders(request: Request, member_id: int) -> dict[str, Any]:
    """The latest orders of the regions and branches that the person works for."""
    page = request.find(orders).page(
        member_id=member_id, reach=request.identity.reach("staff.orders"), limit=RECENT
    )
    return {"page": page, "titles": ORDER_TITLES}
