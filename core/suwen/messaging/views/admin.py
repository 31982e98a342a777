"""Messages on a member's page in the back office: what was told and how it went, never a code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.admin.panels import member_panel
from suwen.kernel.i18n import _
from suwen.messaging.models import Message, MessageDelivery
from suwen.messaging.texts import KINDS

if TYPE_CHECKING:
    from pyramid.request import Request

RECENT: Final = 10

STATES: Final = {
    "pending": _("等待发送"),
    "leased": _("等待发送"),
    "sending": _("发送中"),
    "accepted": _("已提交"),
    "delivered": _("已送达"),
    "rejected": _("被拒绝"),
    "uncertain": _("结果未知"),
    "dead": _("发送失败"),
    "suppressed": _("未发送"),
    "expired": _("已过期"),
}


@member_panel(
    "messages", _("消息"), "staff.messages", "admin/members/panels/messages.jinja2", order=50
)
def recent_messages(request: Request, member_id: int) -> dict[str, Any]:
    """The latest messages with their deliveries."""
    query = select(Message).where(Message.member_id == member_id)
    rows = request.db.scalars(query.order_by(Message.id.desc()).limit(RECENT)).all()
    sent = select(MessageDelivery.message_id, MessageDelivery.channel, MessageDelivery.state)
    sent = sent.where(MessageDelivery.message_id.in_([row.id for row in rows]))
    deliveries: dict[int, list[Any]] = {}
    for delivery in request.db.execute(sent.order_by(MessageDelivery.id)):
        deliveries.setdefault(delivery.message_id, []).append(delivery)
    english = request.locale_name.startswith("en")
    subjects = {name: (kind.en if english else kind.zh).subject for name, kind in KINDS.items()}
    return {
        "messages": rows,
        "deliveries": deliveries,
        "subjects": subjects,
        "states": STATES,
        "channel_title": request.house.host.channels.title,
    }
