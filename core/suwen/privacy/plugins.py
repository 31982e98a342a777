"""Plugins' personal data: which plugins hold some, and asking each of them by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import inspect

from suwen.accounts.personal_data import Erased
from suwen.kernel.db import metadata
from suwen.kernel.i18n import _
from suwen.privacy.errors import StoreFailed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.lifecycle import PersonalDataStore
    from suwen.kernel.house import House
    from suwen.kernel.plugins.host import LoadedPlugin

PEOPLE: Final = frozenset({"member", "subject"})
"""Tables of persons; a column that refers to one is about somebody."""
NAMES: Final = frozenset({"member_id", "subject_id"})
HOOK: Final = "suwen_personal_data"
_VERSIONS: Final = "alembic_version_"


def personal_columns(plugin_id: str, declared: Sequence[str] = ()) -> Sequence[str]:
    """``table.column`` of everything personal in a plugin's tables.

    Beside what the plugin declares: columns named ``member_id`` or ``subject_id``, those that refer
    to ``member`` or ``subject``, and those with ``info={"personal": True}``.
    """
    found = set(declared)
    for table in metadata.tables.values():
        if table.name.startswith(f"{plugin_id}_"):
            found |= {f"{table.name}.{column.name}" for column in table.columns if _is(column)}
    return sorted(found)


def _is(column: Any) -> bool:
    refers = {key.target_fullname.partition(".")[0] for key in column.foreign_keys}
    return bool(column.name in NAMES or refers & PEOPLE or column.info.get("personal"))


def fault(plugin: LoadedPlugin) -> str | None:
    """Why the plugin may not be enabled: it holds personal data and cannot hand it over or erase it."""
    declared = plugin.info.personal_columns if plugin.info else ()
    columns = personal_columns(plugin.id, declared)
    if not columns:
        return None
    store = _store(plugin) if hasattr(plugin.module, HOOK) else None
    if all(callable(getattr(store, name, None)) for name in ("export", "erase")):
        return None
    text: str = _(
        "插件保存个人信息（${columns}），却没有用 suwen_personal_data 实现导出与删除",
        mapping={"columns": "、".join(columns[:5])},
    )
    return text


def _store(plugin: LoadedPlugin) -> Any:
    try:
        return getattr(plugin.module, HOOK)()
    except Exception:  # noqa: BLE001 - a store that cannot be had is no store
        return None


@dataclass(frozen=True, slots=True)
class PluginData:
    """One plugin's store, as the domains' objects look."""

    plugin: LoadedPlugin
    store: PersonalDataStore

    @property
    def name(self) -> str:
        """Its place in the copy and the receipt."""
        return f"plugin.{self.plugin.id}"

    @property
    def title(self) -> str:
        """The plugin's title."""
        return self.plugin.title

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """The plugin's own copy."""
        return self.store.export(db, member_id)

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """The plugin erases; its sentences become lines of the receipt."""
        lines = self.store.erase(db, member_id)
        return [line if isinstance(line, Erased) else Erased(str(line)) for line in lines]


def plugin_data(house: House, db: Session) -> Sequence[PluginData]:
    """Stores of all installed plugins, whether a region has them on or not.

    Raises ``StoreFailed`` for a plugin that cannot be asked although it has tables: a copy without
    it would be incomplete, and an erasure a lie.
    """
    found = []
    for plugin in house.host.working():
        if not hasattr(plugin.module, HOOK):
            continue
        store = _store(plugin)
        if store is None:
            raise StoreFailed(f"plugin.{plugin.id}", "suwen_personal_data")
        found.append(PluginData(plugin, store))
    working = {plugin.id for plugin in house.host.working()}
    for name in inspect(db.connection()).get_table_names():
        plugin_id = name.removeprefix(_VERSIONS)
        if name.startswith(_VERSIONS) and plugin_id not in working:
            raise StoreFailed(f"plugin.{plugin_id}", "installed tables, but no working package")
    return found
