"""Entry point of the plugin ``push_inbox``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.lifecycle import PersonalDataStore, Retention
from suwen.hookspecs.push import PushChannel
from suwen_push_inbox.channel import CODE, InboxChannel
from suwen_push_inbox.i18n import _
from suwen_push_inbox.merging import move_messages
from suwen_push_inbox.reading import PersonalData, purge

plugin_info: Final = PluginInfo(
    id="push_inbox",
    title=_("站内信"),
    family="push",
    description=_("会员登录后在网站和 APP 中阅读的消息，始终送达"),
    personal_columns=(
        "push_inbox_message.member_id",
        "push_inbox_message.subject",
        "push_inbox_message.text",
        "push_inbox_message.link",
    ),
    migrations="suwen_push_inbox.migrations",
)


@hookimpl
def suwen_push_channels() -> Sequence[PushChannel]:
    """The one channel of this plugin."""
    return (InboxChannel(),)


@hookimpl
def suwen_mount(config: Any) -> None:
    """Give the channel its database; add the pages, the operations and the menu entry."""
    from suwen_push_inbox import views

    house = config.registry.house
    house.host.channels.get(CODE).obj.use(house.database)
    house.events.subscribe("members_merged", move_messages)
    house.ports.setdefault("retention", []).append(
        Retention("push_inbox.messages", _("站内信"), 365, 30, purge)
    )
    config.add_suwen_templates(Path(__file__).parent / "templates")
    config.add_route("push_inbox.messages", "/messages")
    config.add_route("push_inbox.message", "/messages/{id}")
    config.scan(views)
    config.add_suwen_nav(
        "storefront.member",
        _("我的消息"),
        "push_inbox.messages",
        order=700,
        permission="member.private",
        icon="bell",
        visible=views.is_offered,
        badge=views.unread_count,
    )


@hookimpl
def suwen_personal_data() -> PersonalDataStore:
    """Export and erase messages."""
    return PersonalData()
