"""Loading plugins: every entry point by itself, gated by version, quarantined when it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy
import structlog
from packaging.specifiers import SpecifierSet

from suwen import ENTRY_POINT_GROUP, PROJECT, __version__
from suwen.hookspecs import archive, lifecycle, payment, push, questionnaire, reward
from suwen.hookspecs.common import PluginInfo
from suwen.kernel.plugins.registry import TypedRegistry

log = structlog.get_logger(__name__)

_SPECS = (payment, reward, archive, questionnaire, push, lifecycle)


class PluginError(Exception):
    """A plugin cannot be loaded; the text is the named cause that staff read."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """An installed plugin. ``error`` is the named cause of its quarantine, empty when it works."""

    id: str
    version: str
    info: PluginInfo | None = None
    module: Any = None
    error: str = ""

    @property
    def broken(self) -> bool:
        """Whether it is quarantined."""
        return bool(self.error)

    @property
    def title(self) -> str:
        """Its title, or its id while it cannot be asked."""
        return self.info.title if self.info else self.id


class PluginHost:
    """All installed plugins of one application and the typed registries they fill."""

    def __init__(self, *, strict: bool) -> None:
        """``strict`` raises for a broken plugin (development, tests); else it is quarantined."""
        self._strict = strict
        self.manager = pluggy.PluginManager(PROJECT)
        for specs in _SPECS:
            self.manager.add_hookspecs(specs)
        self.plugins: dict[str, LoadedPlugin] = {}
        self.gateways = TypedRegistry("payment", payment.PaymentGateway)
        self.schemes = TypedRegistry("reward", reward.RewardScheme)
        self.archive_types = TypedRegistry("archive", archive.ArchiveType)
        self.test_types: TypedRegistry[archive.TestType] = TypedRegistry("test type")
        self.scorers = TypedRegistry("questionnaire", questionnaire.QuestionnaireScorer)
        self.channels = TypedRegistry("push", push.PushChannel)

    def registries(self) -> Mapping[str, TypedRegistry[Any]]:
        """Registries of objects with settings, by family."""
        return {
            "payment": self.gateways,
            "reward": self.schemes,
            "archive": self.archive_types,
            "questionnaire": self.scorers,
            "push": self.channels,
        }

    def load(self, points: Iterable[EntryPoint] | None = None) -> None:
        """Load all entry points of the group, in the order of their names."""
        found = entry_points(group=ENTRY_POINT_GROUP) if points is None else points
        for point in sorted(found, key=lambda item: item.name):
            self.add(point)

    def add(self, point: EntryPoint) -> LoadedPlugin:
        """Load one entry point; raises ``PluginError`` in strict mode only."""
        version = point.dist.version if point.dist else "0"
        try:
            plugin = self._load_one(point, version)
        except Exception as error:
            self._roll_back(point.name)
            cause = f"{type(error).__name__}: {error}"
            log.error("plugin.quarantined", plugin=point.name, cause=cause)  # noqa: TRY400
            plugin = LoadedPlugin(point.name, version, error=cause)
            if self._strict:
                raise PluginError(f"{point.name}: {cause}") from error
        self.plugins[point.name] = plugin
        return plugin

    def _load_one(self, point: EntryPoint, version: str) -> LoadedPlugin:
        try:
            module = point.load()
        except SystemExit as error:
            raise PluginError("the package calls sys.exit at import") from error
        return self.register(point.name, module, version)

    def register(self, plugin_id: str, module: ModuleType | Any, version: str) -> LoadedPlugin:
        """Gate, register with pluggy and collect the objects of an imported plugin module."""
        info = getattr(module, "plugin_info", None)
        if not isinstance(info, PluginInfo):
            raise PluginError("the module has no plugin_info")
        if info.id != plugin_id:
            raise PluginError(f"plugin_info.id is {info.id}, the entry point is {plugin_id}")
        if not SpecifierSet(info.requires_suwen).contains(__version__, prereleases=True):
            raise PluginError(f"needs suwen {info.requires_suwen}, this is {__version__}")
        self.manager.register(module, name=plugin_id)
        self._check_hooks(plugin_id, module)
        self._collect(plugin_id, module)
        plugin = LoadedPlugin(plugin_id, version, info, module)
        self._check_personal_data(plugin)
        self.plugins[plugin_id] = plugin
        return plugin

    def _check_hooks(self, plugin_id: str, module: Any) -> None:
        for hook in self.manager.get_hookcallers(module) or ():
            if not hook.has_spec():
                raise PluginError(f"{plugin_id} implements an unknown hook {hook.name}")

    def _collect(self, plugin_id: str, module: Any) -> None:
        hooks = (
            ("suwen_payment_gateways", self.gateways),
            ("suwen_reward_schemes", self.schemes),
            ("suwen_archive_types", self.archive_types),
            ("suwen_questionnaire_scorers", self.scorers),
            ("suwen_push_channels", self.channels),
        )
        for name, registry in hooks:
            implementation = getattr(module, name, None)
            for obj in implementation() if implementation is not None else ():
                registry.add(plugin_id, obj.info.code, obj)
                if registry is self.archive_types:
                    self._add_test_types(plugin_id, obj)

    def _add_test_types(self, plugin_id: str, archive_type: archive.ArchiveType) -> None:
        for test_type in archive_type.test_types():
            self.test_types.add(plugin_id, test_type.code, test_type)

    def _check_personal_data(self, plugin: LoadedPlugin) -> None:
        declared = plugin.info.personal_columns if plugin.info else ()
        if declared and not hasattr(plugin.module, "suwen_personal_data"):
            raise PluginError("declares personal columns but neither exports nor erases them")

    def quarantine(self, plugin_id: str, error: Exception) -> None:
        """Take a loaded plugin out again, with the named cause; raises ``PluginError`` if strict."""
        cause = f"{type(error).__name__}: {error}"
        if self._strict:
            raise PluginError(f"{plugin_id}: {cause}") from error
        log.error("plugin.quarantined", plugin=plugin_id, cause=cause)
        self._roll_back(plugin_id)
        found = self.plugins[plugin_id]
        self.plugins[plugin_id] = LoadedPlugin(plugin_id, found.version, error=cause)

    def _roll_back(self, plugin_id: str) -> None:
        if self.manager.has_plugin(plugin_id):
            self.manager.unregister(name=plugin_id)
        for registry in (*self.registries().values(), self.test_types):
            registry.discard(plugin_id)

    def working(self) -> list[LoadedPlugin]:
        """Plugins that are not quarantined, ordered by id."""
        return [
            self.plugins[name] for name in sorted(self.plugins) if not self.plugins[name].broken
        ]

    def objects_of(self, plugin_id: str) -> list[tuple[str, Any]]:
        """``(family, Registered)`` of everything with settings that a plugin brought."""
        return [
            (family, item)
            for family, registry in self.registries().items()
            for item in registry
            if item.plugin == plugin_id
        ]
