"""Messaging (消息): tells members things through the channels that their region has switched on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from suwen.hookspecs.lifecycle import Retention
from suwen.kernel.i18n import _
from suwen.messaging import console
from suwen.messaging.delivery import Deliverer
from suwen.messaging.personal import MessagingData, purge_console, purge_messages
from suwen.messaging.services import OUTBOX_KIND, TELL_KIND, messaging, tell_now
from suwen.messaging.tasks import purge

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House

__all__ = ["messaging"]


def install(house: House) -> None:
    """Wire the house: what both the web process and a worker need."""
    house.outbox.handler(OUTBOX_KIND, Deliverer(house))
    house.outbox.handler(TELL_KIND, partial(tell_now, house))
    house.ports.setdefault("personal_data", []).append(MessagingData(house))
    house.ports.setdefault("retention", []).extend(
        (
            Retention("messages", _("消息与投递记录"), 365, 30, purge_messages),
            Retention("console", _("开发环境显示的消息"), 7, 1, purge_console),
        )
    )
    house.jobs.periodic("messaging.purge", lambda: purge(house), every_minutes=30)
    if house.settings.development:
        house.switch.extra["console"] = console.writer(house.database, development=True)


def includeme(config: Configurator) -> None:
    """Mount the domain; members read messages on the pages of its plugins."""
    install(config.registry.house)
    config.scan("suwen.messaging.views")
    config.add_suwen_permission("staff.messages", _("管理消息和推送"), "messaging")
