"""The back office's frame: the dashboard with its counters, plugins, regions and the audit log.

Domains mount their own admin pages and say what awaits a person::

    config.add_suwen_counter(
        _("待确认收款"),
        "admin.intents",
        "staff.cashier",
        lambda house, db: orders(house, db).waiting(),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from suwen.admin.panels import add_member_panel
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

Count = Callable[["House", "Session"], int]

ROUTES: Final = (
    ("admin.home", "/admin"),
    ("admin.plugins", "/admin/plugins"),
    ("admin.plugin", "/admin/plugins/{plugin}/{region}"),
    ("admin.plugin_settings", "/admin/plugins/{plugin}/{region}/settings/{family}/{code}"),
    ("admin.regions", "/admin/regions"),
    ("admin.region", "/admin/regions/{code}"),
    ("admin.audit", "/admin/audit"),
)


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that awaits a person: shown on the dashboard to those with ``permission``."""

    title: str
    route: str
    permission: str
    count: Count
    order: int = 100
    query: Mapping[str, str] = field(default_factory=dict)


def add_counter(
    config: Configurator, title: str, route: str, permission: str, count: Count, **options: Any
) -> None:
    """Directive: ``count(house, db)`` says how many things wait at ``route``."""
    counters: list[Counter] = config.registry["suwen.counters"]
    counters.append(Counter(title, route, permission, count, **options))
    counters.sort(key=lambda counter: counter.order)


def seal(house: House) -> None:
    """Periodic job: chain the audit events that were written since the last time."""
    sealed = True
    while sealed:
        with house.database.transaction() as session:
            sealed = bool(house.audit.seal(session))


def includeme(config: Configurator) -> None:
    """Directive, routes, pages and navigation."""
    config.registry["suwen.counters"] = []
    config.add_directive("add_suwen_counter", add_counter, action_wrap=False)
    config.add_directive("add_suwen_member_panel", add_member_panel, action_wrap=False)
    config.include("suwen.accounts.staffing.permissions")
    config.add_suwen_permission("staff.plugins", _("管理插件、地区和设置"), "system")
    config.add_suwen_permission("staff.audit", _("查看审计日志"), "system")
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.admin")
    for slot, title, route, permission, icon in (
        ("admin.overview", _("工作台"), "admin.home", "staff", "speedometer2"),
        ("admin.system", _("插件"), "admin.plugins", "staff.plugins", "plug"),
        ("admin.system", _("地区"), "admin.regions", "staff.plugins", "globe2"),
        ("admin.system", _("审计日志"), "admin.audit", "staff.audit", "shield-check"),
    ):
        config.add_suwen_nav(slot, title, route, permission=permission, icon=icon)
    house: House = config.registry.house
    house.jobs.periodic("audit.seal", lambda: seal(house), every_minutes=5)
