"""The regional switch: what a region offers right now, with which settings.

Offering obeys the switch. Settling (notifications, refunds, old records) never asks it: it goes to
the typed registries, and takes the settings of whatever state the plugin is in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import colander
import structlog
from sqlalchemy import select

from suwen.hookspecs.common import HttpTransport, PluginContext
from suwen.kernel import clock
from suwen.kernel.cache import VersionedCache, bump, versions_of
from suwen.kernel.errors import Conflict, NotFound
from suwen.kernel.http import for_plugin
from suwen.kernel.i18n import _
from suwen.kernel.plugins.models import STATES, RegionPlugin

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault
    from suwen.kernel.plugins.host import PluginHost
    from suwen.kernel.plugins.registry import Registered, TypedRegistry
    from suwen.kernel.settings import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")


class UnknownPlugin(NotFound):
    """No plugin of this id is installed."""

    code = "unknown_plugin"
    message = _("没有安装这个插件")


class PluginUnusable(Conflict):
    """The plugin is quarantined or lacks settings, so it cannot be enabled."""

    code = "plugin_unusable"
    message = _("插件当前不可用，无法启用")


@dataclass(frozen=True, slots=True)
class PluginState:
    """One plugin in one region; ``settings`` by object code, secrets included (never log it)."""

    plugin: str
    state: str
    position: int
    settings: Mapping[str, Mapping[str, Any]]

    def __repr__(self) -> str:
        """Without settings."""
        return f"<PluginState {self.plugin} {self.state}>"


class Offering:
    """What one region has: the answer to one look at the switch."""

    def __init__(self, region: str, states: Mapping[str, PluginState]) -> None:
        """States by plugin id."""
        self.region = region
        self._states = states

    def state(self, plugin: str) -> str:
        """``enabled``, ``draining`` or ``disabled``."""
        found = self._states.get(plugin)
        return found.state if found else "disabled"

    def enabled(self, plugin: str) -> bool:
        """Whether something new may be begun with it."""
        return self.state(plugin) == "enabled"

    def of(self, registry: TypedRegistry[T]) -> Sequence[Registered[T]]:
        """Objects of a family that are offered here, in the order (position, id)."""
        items = [item for item in registry if self.enabled(item.plugin)]
        return sorted(items, key=lambda item: (self._states[item.plugin].position, item.plugin))

    def raw_settings(self, plugin: str, code: str) -> Mapping[str, Any]:
        """Stored settings of an object, whatever its state."""
        found = self._states.get(plugin)
        return found.settings.get(code, {}) if found else {}


class Switch:
    """Reads and moves the regional switch."""

    def __init__(
        self, host: PluginHost, vault: Vault, settings: Settings, transport: HttpTransport
    ) -> None:
        """``transport`` is the way out that plugins' objects are given."""
        self.host = host
        self.transport = transport
        self._vault = vault
        self._settings = settings
        self._cache = VersionedCache("plugins", size=1024)
        self.extra: dict[str, Any] = {}
        """What contexts carry beside the contract, such as the console of development."""

    def offering(self, session: Session, region: str) -> Offering:
        """What ``region`` has at this moment, in every process alike."""
        states: Mapping[str, PluginState] = self._cache.get(
            versions_of(session), region, lambda: self._load(session, region)
        )
        return Offering(region, states)

    def _load(self, session: Session, region: str) -> Mapping[str, PluginState]:
        rows = session.scalars(select(RegionPlugin).where(RegionPlugin.region == region)).all()
        return {
            row.plugin: PluginState(row.plugin, row.state, row.position, self._open(row))
            for row in rows
            if not self._is_broken(row.plugin)
        }

    def _is_broken(self, plugin: str) -> bool:
        found = self.host.plugins.get(plugin)
        return found is not None and found.broken

    def _open(self, row: RegionPlugin) -> dict[str, dict[str, Any]]:
        merged = {code: dict(values) for code, values in row.config.items()}
        if row.secrets is not None:
            text = self._vault.house.open_text(row.secrets, _aad(row.region, row.plugin))
            for code, values in json.loads(text).items():
                merged.setdefault(code, {}).update(values)
        return merged

    def settings(self, session: Session, region: str, item: Registered[Any]) -> Mapping[str, Any]:
        """Validated settings of an object in a region; raises ``colander.Invalid``."""
        raw = self.offering(session, region).raw_settings(item.plugin, item.code)
        values: Mapping[str, Any] = self._cache.get(
            versions_of(session),
            (region, item.plugin, item.code),
            lambda: item.obj.settings_schema().deserialize(dict(raw)),
        )
        return dict(values)

    def context(
        self, session: Session, region: str, item: Registered[Any], locale: str = "zh_CN"
    ) -> PluginContext:
        """What a call to the object is given; raises ``colander.Invalid`` if unconfigured."""
        settings = self.settings(session, region, item)
        return PluginContext(
            region=region,
            settings=settings,
            now=clock.now,
            transport=for_plugin(self.transport, settings),
            environment=self._settings.environment,
            locale=locale,
            extra=self.extra,
        )

    def missing(self, session: Session, region: str, plugin: str) -> dict[str, str]:
        """Settings that keep the plugin's objects from working, as field → message."""
        problems: dict[str, str] = {}
        for _family, item in self.host.objects_of(plugin):
            try:
                self.settings(session, region, item)
            except colander.Invalid as error:
                problems.update({f"{item.code}.{k}": str(v) for k, v in error.asdict().items()})
        return problems

    def set_state(
        self, session: Session, region: str, plugin: str, state: str, by: int | None = None
    ) -> RegionPlugin:
        """Move the switch; counts from the next request of every process.

        Raises ``UnknownPlugin``, and ``PluginUnusable`` when it cannot work here.
        """
        if state not in STATES:
            raise ValueError(state)
        row = self._row(session, region, plugin)
        if state == "enabled":
            self._check_usable(session, region, plugin)
        row.state, row.updated_by, row.updated_at = state, by, clock.now()
        session.flush()
        bump(session, "plugins")
        return row

    def _check_usable(self, session: Session, region: str, plugin: str) -> None:
        found = self.host.plugins[plugin]
        if found.broken:
            raise PluginUnusable
        problems = self.missing(session, region, plugin)
        if problems:
            raise PluginUnusable(_("插件缺少必要的设置，请先填写"), fields=problems)

    def _row(self, session: Session, region: str, plugin: str) -> RegionPlugin:
        row = session.get(RegionPlugin, (region, plugin))
        if plugin not in self.host.plugins:
            raise UnknownPlugin
        if row is None:
            row = RegionPlugin(
                region=region,
                plugin=plugin,
                state="disabled",
                position=100,
                config={},
                updated_at=clock.now(),
            )
            session.add(row)
        return row

    def store_settings(
        self,
        session: Session,
        region: str,
        item: Registered[Any],
        values: Mapping[str, Any],
        by: int | None = None,
    ) -> None:
        """Keep an object's settings. Secrets are sealed; an empty secret keeps the stored one."""
        row = self._row(session, region, item.plugin)
        stored = self._open(row)
        secret_names = secrets_of(item.obj.settings_schema())
        merged = dict(values)
        for name in secret_names:
            if not merged.get(name):
                merged[name] = stored.get(item.code, {}).get(name)
        checked = item.obj.settings_schema().deserialize(
            {name: value for name, value in merged.items() if value is not None}
        )
        stored[item.code] = {name: checked[name] for name in checked}
        self._write(row, stored, secret_names, item.code)
        row.updated_by, row.updated_at = by, clock.now()
        session.flush()
        bump(session, "plugins")

    def clone(self, session: Session, source: str, target: str, by: int | None = None) -> None:
        """Give the new region ``target`` the states and settings of ``source``.

        What is draining there has nothing to drain here and starts disabled.
        """
        for row in session.scalars(select(RegionPlugin).where(RegionPlugin.region == source)).all():
            copy = RegionPlugin(
                region=target,
                plugin=row.plugin,
                state="enabled" if row.state == "enabled" else "disabled",
                position=row.position,
                config=dict(row.config),
                updated_by=by,
                updated_at=clock.now(),
            )
            if row.secrets is not None:
                text = self._vault.house.open_text(row.secrets, _aad(source, row.plugin))
                copy.secrets = self._vault.house.seal(text, _aad(target, row.plugin))
            session.add(copy)
        session.flush()
        bump(session, "plugins")

    def _write(
        self,
        row: RegionPlugin,
        stored: Mapping[str, Mapping[str, Any]],
        secret_names: set[str],
        code: str,
    ) -> None:
        known = {item.code: item for _family, item in self.host.objects_of(row.plugin)}
        plain: dict[str, dict[str, Any]] = {}
        secret: dict[str, dict[str, Any]] = {}
        for name, values in stored.items():
            schema_secrets = secret_names if name == code else _secrets_or_none(known.get(name))
            plain[name] = {k: v for k, v in values.items() if k not in schema_secrets}
            secret[name] = {k: v for k, v in values.items() if k in schema_secrets}
        row.config = plain
        text = json.dumps(secret, ensure_ascii=False, default=str)
        row.secrets = self._vault.house.seal(text, _aad(row.region, row.plugin))


def secrets_of(schema: Any) -> set[str]:
    """Names of the nodes that are marked ``secret=True``."""
    return {node.name for node in schema.children if getattr(node, "secret", False)}


def _secrets_or_none(item: Registered[Any] | None) -> set[str]:
    return secrets_of(item.obj.settings_schema()) if item is not None else set()


def _aad(region: str, plugin: str) -> str:
    return f"region_plugin:secrets:{region}:{plugin}"
