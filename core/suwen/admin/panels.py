"""Panels of a member's page in the back office: each domain shows what it knows of him.

In a module of the domain's views, which it scans::

    @member_panel("orders", _("订单"), "staff.orders", "admin/members/orders.jinja2", order=20)
    def recent(request: Request, member_id: int) -> dict[str, Any]:
        return {"orders": ...}

or with the directive ``config.add_suwen_member_panel(name, title, permission, template, load)``. What
``load`` gives, the template finds as ``panel``. A panel asks a fixed number of statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import venusian

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

Load = Callable[["Request", int], Mapping[str, Any]]

REGISTRY: Final = "suwen.member_panels"


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. ``title`` is a message id; who lacks ``permission`` does not see that it exists.

    ``on_demand``: loaded only when asked for, on a page of its own whose view writes, because the
    look itself is put on record.
    """

    name: str
    title: str
    permission: str
    template: str
    load: Load
    order: int = 100
    on_demand: bool = False


def add_member_panel(
    config: Configurator,
    name: str,
    title: str,
    permission: str,
    template: str,
    load: Load,
    **options: Any,
) -> None:
    """Directive: add a panel; raises ``ValueError`` for a name that is taken."""
    panels: dict[str, Panel] = config.registry.setdefault(REGISTRY, {})
    if name in panels:
        raise ValueError(f"two member panels named {name}")
    panels[name] = Panel(name, title, permission, template, load, **options)


def member_panel(
    name: str, title: str, permission: str, template: str, **options: Any
) -> Callable[[Load], Load]:
    """Decorate ``load(request, member_id)``: the panel is added when its module is scanned."""

    def decorate(load: Load) -> Load:
        def register(scanner: Any, _name: str, _obj: Any) -> None:
            add_member_panel(scanner.config, name, title, permission, template, load, **options)

        venusian.attach(load, register, category="pyramid")
        return load

    return decorate


def panels_for(request: Request, region: str, branch_id: int) -> Sequence[Panel]:
    """Panels that whoever asks may see of a member of this region and branch, in their order."""
    panels: Mapping[str, Panel] = request.registry.get(REGISTRY, {})
    may = request.identity.may
    shown = [panel for panel in panels.values() if may(panel.permission, region, branch_id)]
    return sorted(shown, key=lambda panel: (panel.order, panel.name))
