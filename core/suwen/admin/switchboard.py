"""What staff do with plugins: see every region at once, look ahead, switch, and be recorded.

The kernel's switch holds the state; this adds what a person needs before moving it. The command line
uses the same class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import colander
import structlog
from sqlalchemy import select

from suwen.forms.wording import fields_of
from suwen.hookspecs.common import Problem
from suwen.kernel.i18n import _
from suwen.kernel.plugins.host import LoadedPlugin
from suwen.kernel.plugins.models import RegionPlugin
from suwen.kernel.plugins.switch import PluginUnusable, UnknownPlugin, secrets_of
from suwen.privacy.plugins import fault, personal_columns

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered

log = structlog.get_logger(__name__)

OpenItems = Callable[["Session", str, str], Sequence[tuple[str, int]]]
"""Port ``open_items``: ``(db, region, plugin) -> [(what, how many)]`` still to be settled."""

BEGINS: Mapping[str, str] = {
    "payment": _("结算时可选择“${title}”付款"),
    "reward": _("新订单按“${title}”计算返现"),
    "archive": _("可以新建“${title}”档案"),
    "questionnaire": _("会员可以填写“${title}”"),
    "push": _("消息可以经“${title}”发送"),
}
ENDS: Mapping[str, str] = {
    "payment": _("结算时不再提供“${title}”，已有付款与退款照常处理"),
    "reward": _("新订单不再按“${title}”计算返现，已有返现照常结算"),
    "archive": _("不能再新建“${title}”档案，已有档案仍可查看"),
    "questionnaire": _("不能再填写“${title}”，已有结果仍可查看"),
    "push": _("消息不再经“${title}”发送"),
}
PAGES_GO = _("插件自己的页面在本地区不再可见")
PAGES_COME = _("插件自己的页面在本地区可见")
SAME_KIND = _("本地区已启用同类的“${title}”，请只保留一个")


@dataclass(frozen=True, slots=True)
class Row:
    """One plugin with its state in every region; ``info`` and ``version`` of what is installed."""

    id: str
    plugin: LoadedPlugin | None
    states: Mapping[str, str]

    @property
    def title(self) -> str:
        """Its title, or its id when its package is gone or broken."""
        return self.plugin.title if self.plugin is not None else self.id


@dataclass(frozen=True, slots=True)
class Health:
    """Findings about one object of a plugin in one region."""

    family: str
    code: str
    title: str
    problems: Sequence[Problem]
    titles: Mapping[str, str] = field(default_factory=dict)
    """What the settings are called, by name."""

    @property
    def level(self) -> str:
        """``error``, ``warning`` or ``ok``: the worst finding."""
        levels = {problem.level for problem in self.problems}
        return next((level for level in ("error", "warning") if level in levels), "ok")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a switch would do, before it is moved."""

    plugin: LoadedPlugin
    before: str
    after: str
    appears: Sequence[str] = ()
    disappears: Sequence[str] = ()
    health: Sequence[Health] = ()
    conflicts: Sequence[str] = ()
    open_items: Sequence[tuple[str, int]] = ()
    personal_columns: Sequence[str] = ()
    fault: str | None = None
    """Why the plugin may be enabled nowhere: it cannot hand over or erase personal data."""
    blocked: bool = False


@dataclass(frozen=True)
class Switchboard:
    """Plugins of all regions, for people."""

    house: House = field(repr=False)
    db: Session = field(repr=False)

    def rows(self) -> Sequence[Row]:
        """Every installed plugin, and those that are gone but left a state behind."""
        columns = select(RegionPlugin.plugin, RegionPlugin.region, RegionPlugin.state)
        states: dict[str, dict[str, str]] = {}
        for plugin, region, state in self.db.execute(columns):
            states.setdefault(plugin, {})[region] = state
        installed = self.house.host.plugins
        left = {
            plugin
            for plugin, found in states.items()
            if plugin not in installed and any(state != "disabled" for state in found.values())
        }
        rows = [
            Row(plugin, installed.get(plugin), states.get(plugin, {}))
            for plugin in installed.keys() | left
        ]
        return sorted(rows, key=lambda row: (_family(row.plugin), row.id))

    def plugin(self, plugin_id: str) -> LoadedPlugin:
        """An installed plugin, quarantined or not; raises ``UnknownPlugin``."""
        found = self.house.host.plugins.get(plugin_id)
        if found is None:
            raise UnknownPlugin
        return found

    def state(self, region: str, plugin_id: str) -> str:
        """State of a plugin in a region."""
        row = self.db.get(RegionPlugin, (region, plugin_id))
        return row.state if row is not None else "disabled"

    def health(self, region: str, plugin_id: str) -> Sequence[Health]:
        """Self-tests of everything with settings that the plugin brought; never raises."""
        return [
            Health(
                family,
                item.code,
                item.title,
                self._findings(region, family, item),
                {node.name: node.title for node in item.obj.settings_schema().children},
            )
            for family, item in self.house.host.objects_of(plugin_id)
        ]

    def _findings(self, region: str, family: str, item: Registered[Any]) -> Sequence[Problem]:
        try:
            context = self.house.switch.context(self.db, region, item)
        except colander.Invalid as error:
            return [Problem("error", text, name) for name, text in fields_of(error).items()]
        check = getattr(item.obj, "check", None)
        if check is None:
            return ()
        try:
            # A scheme is pure: it is given its settings and nothing else.
            found = check(context.settings if family == "reward" else context)
            return [problem for problem in found if isinstance(problem, Problem)]
        except Exception as error:  # noqa: BLE001 - a plugin's fault is a finding, not our failure
            log.warning("plugin.check_failed", plugin=item.plugin, error=type(error).__name__)
            text = _("自检出错：${cause}", mapping={"cause": type(error).__name__})
            return [Problem("error", text)]

    def preview(self, region: str, plugin_id: str, after: str) -> Preview:
        """What moving the switch to ``after`` would change."""
        plugin = self.plugin(plugin_id)
        before = self.state(region, plugin_id)
        health = self.health(region, plugin_id) if after == "enabled" else ()
        failing = any(item.level == "error" for item in health)
        declared = plugin.info.personal_columns if plugin.info else ()
        cause = fault(plugin) if after == "enabled" else None
        return Preview(
            plugin,
            before,
            after,
            appears=list(self._lines(plugin_id, before, after, BEGINS, PAGES_COME)),
            disappears=list(self._lines(plugin_id, after, before, ENDS, PAGES_GO)),
            health=health,
            conflicts=self._conflicts(region, plugin_id) if after == "enabled" else (),
            open_items=self.open_items(region, plugin_id),
            personal_columns=personal_columns(plugin_id, declared),
            fault=cause,
            blocked=after == "enabled" and (plugin.broken or failing or cause is not None),
        )

    def _lines(
        self, plugin_id: str, off: str, on: str, texts: Mapping[str, str], pages: str
    ) -> Iterator[str]:
        """What is there in state ``on`` and not in state ``off``."""
        if on == "enabled" and off != "enabled":
            for family, item in self.house.host.objects_of(plugin_id):
                yield texts[family] % {"title": item.title}
        mounts = hasattr(self.plugin(plugin_id).module, "suwen_mount")
        if off == "disabled" and on != "disabled" and mounts:
            yield pages

    def _conflicts(self, region: str, plugin_id: str) -> Sequence[str]:
        offering = self.house.switch.offering(self.db, region)
        others = {
            other.title
            for family, item in self.house.host.objects_of(plugin_id)
            for other in offering.of(self.house.host.registries()[family])
            if other.plugin != plugin_id and _collide(family, item.obj, other.obj)
        }
        return [SAME_KIND % {"title": title} for title in sorted(others)]

    def open_items(self, region: str, plugin_id: str) -> Sequence[tuple[str, int]]:
        """What is still to be settled with the plugin, as the domains count it."""
        counts: Sequence[OpenItems] = self.house.ports.get("open_items", ())
        found = [item for count in counts for item in count(self.db, region, plugin_id)]
        return [(label, number) for label, number in found if number]

    def move(self, region: str, plugin_id: str, state: str, actor: Actor) -> None:
        """Move the switch and record it.

        Raises ``UnknownPlugin``, and ``PluginUnusable`` when a setting is missing, a self-test
        finds an error or the plugin is quarantined.
        """
        before = self.state(region, plugin_id)
        if state == "enabled":
            self._check(region, plugin_id)
        self.house.switch.set_state(self.db, region, plugin_id, state, by=actor.id)
        self._record(actor, "plugin.state", region, plugin_id, before=before, after=state)

    def _check(self, region: str, plugin_id: str) -> None:
        plugin = self.plugin(plugin_id)
        if plugin.broken:
            raise PluginUnusable(_("插件已被隔离：${cause}", mapping={"cause": plugin.error}))
        cause = fault(plugin)
        if cause is not None:
            raise PluginUnusable(cause)
        errors = {
            f"{item.code}.{problem.field or ''}".rstrip("."): problem.text
            for item in self.health(region, plugin_id)
            for problem in item.problems
            if problem.level == "error"
        }
        if errors:
            raise PluginUnusable(_("插件还不能在本地区工作，请先处理列出的问题"), fields=errors)

    def item(self, plugin_id: str, family: str, code: str) -> Registered[Any]:
        """An object with settings; raises ``UnknownPlugin``."""
        for found_family, item in self.house.host.objects_of(plugin_id):
            if (found_family, item.code) == (family, code):
                found: Registered[Any] = item
                return found
        raise UnknownPlugin

    def settings(
        self, region: str, item: Registered[Any]
    ) -> tuple[Mapping[str, Any], frozenset[str]]:
        """Stored plain settings, and the names of the secrets that are stored."""
        stored = self.house.switch.offering(self.db, region).raw_settings(item.plugin, item.code)
        secret = secrets_of(item.obj.settings_schema())
        plain = {name: value for name, value in stored.items() if name not in secret}
        return plain, frozenset(name for name in secret if stored.get(name))

    def store(
        self, region: str, item: Registered[Any], values: Mapping[str, Any], actor: Actor
    ) -> None:
        """Keep settings and record which changed; raises ``colander.Invalid``.

        A switched-on plugin must go on working: raises ``PluginUnusable`` when the new settings
        make its self-test fail.
        """
        before, _secrets = self.settings(region, item)
        self.house.switch.store_settings(self.db, region, item, values, by=actor.id)
        after, _secrets = self.settings(region, item)
        if self.state(region, item.plugin) == "enabled":
            self._check(region, item.plugin)
        secret = secrets_of(item.obj.settings_schema())
        changed = {
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }
        self._record(
            actor,
            "plugin.settings",
            region,
            item.plugin,
            code=item.code,
            changed={name: [before.get(name), after.get(name)] for name in sorted(changed)},
            secrets_entered=sorted(name for name in secret if values.get(name)),
        )

    def _record(
        self, actor: Actor, action: str, region: str, plugin_id: str, **details: Any
    ) -> None:
        self.house.audit.write(
            self.db, replace(actor, region=region), action, "plugin", plugin_id, details=details
        )


def _family(plugin: LoadedPlugin | None) -> str:
    return plugin.info.family if plugin is not None and plugin.info else "~"


def _collide(family: str, one: Any, other: Any) -> bool:
    if family == "reward":
        return True
    if family == "questionnaire":
        return bool(one.info.form_code == other.info.form_code)
    return False


def switchboard(house: House, db: Session) -> Switchboard:
    """The service for a request, command or test."""
    return Switchboard(house, db)
