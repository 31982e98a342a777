"""Navigation: domains and plugins add entries to slots, layouts ask for the visible ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from suwen.kernel.i18n import _

Predicate = Callable[[Any], bool]
Counter = Callable[[Any], int | None]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One visible entry: ``badge`` is a number to act on, ``active`` marks the present page."""

    title: str
    href: str
    icon: str | None = None
    badge: int | None = None
    active: bool = False


@dataclass(frozen=True, slots=True)
class NavEntry:
    """An entry as registered; ``permission``, ``visible`` and ``badge`` are asked per request."""

    title: str
    route: str
    order: int = 100
    permission: str | None = None
    icon: str | None = None
    visible: Predicate | None = None
    badge: Counter | None = None


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A heading with its visible entries, as the admin's side menu shows them."""

    slot: str
    title: str
    items: Sequence[NavItem]


ADMIN_GROUPS: Final = (
    ("overview", _("概览")),
    ("shop", _("交易")),
    ("orders", _("订单")),
    ("sampling", _("采样")),
    ("catalog", _("商品")),
    ("archives", _("健康档案")),
    ("members", _("会员")),
    ("distribution", _("分销")),
    ("finance", _("财务")),
    ("content", _("内容")),
    ("messaging", _("消息")),
    ("places", _("机构与网点")),
    ("health", _("健康")),
    ("system", _("系统")),
)


@dataclass(slots=True)
class Navigation:
    """The registry of slots: ``storefront.main``, ``storefront.member``, ``admin.<group>``."""

    entries: dict[str, list[NavEntry]] = field(default_factory=dict)
    titles: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Know the admin's own groups, so that a plugin only has to name one."""
        for order, (name, title) in enumerate(ADMIN_GROUPS):
            self.titles[f"admin.{name}"] = (order * 10, title)

    def add(self, slot: str, entry: NavEntry) -> None:
        """Put an entry into a slot, in the order of (order, registration)."""
        items = self.entries.setdefault(slot, [])
        items.append(entry)
        items.sort(key=lambda item: item.order)

    def visible(self, request: Any, slot: str) -> list[NavItem]:
        """Entries of a slot that this visitor may use; the longest matching path is active."""
        return self._items(request, [slot])[slot]

    def groups(self, request: Any, prefix: str) -> list[NavGroup]:
        """Groups below a prefix (``admin``) that have something to show."""
        slots = [slot for slot in self.entries if slot.startswith(f"{prefix}.")]
        slots.sort(key=lambda slot: self.titles.get(slot, (1000, slot)))
        items = self._items(request, slots)
        return [
            NavGroup(slot, self.titles.get(slot, (0, slot.rpartition(".")[2]))[1], items[slot])
            for slot in slots
            if items[slot]
        ]

    def _items(self, request: Any, slots: Sequence[str]) -> dict[str, list[NavItem]]:
        shown = {
            slot: [
                (entry, request.route_path(entry.route))
                for entry in self.entries.get(slot, ())
                if _may_see(request, entry)
            ]
            for slot in slots
        }
        active = active_href(request.path, [href for pairs in shown.values() for _e, href in pairs])
        return {
            slot: [_item(request, entry, href, active=href == active) for entry, href in pairs]
            for slot, pairs in shown.items()
        }


def _item(request: Any, entry: NavEntry, href: str, *, active: bool) -> NavItem:
    badge = entry.badge(request) if entry.badge else None
    return NavItem(title=entry.title, href=href, icon=entry.icon, badge=badge, active=active)


def _may_see(request: Any, entry: NavEntry) -> bool:
    if entry.permission is not None:
        identity = request.identity
        if identity is None or entry.permission not in identity.permissions:
            return False
    return entry.visible is None or entry.visible(request)


def active_href(path: str, hrefs: Sequence[str]) -> str | None:
    """The entry whose page is shown: the longest path that the present one lies under."""
    fitting = [h for h in hrefs if path == h or (h != "/" and path.startswith(f"{h.rstrip('/')}/"))]
    return max(fitting, key=len, default=None)
