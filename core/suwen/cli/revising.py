"""Writing migrations: what the models say and the database lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from suwen.kernel.db import metadata
from suwen.kernel.migrations import config, owns, version_table

if TYPE_CHECKING:
    from suwen.hookspecs.common import PluginInfo
    from suwen.kernel.house import House


def differences(house: House, plugin: PluginInfo | None = None) -> list[Any]:
    """What autogenerate would still write: empty when models and migrations agree."""
    with house.database.engine.connect() as connection:
        name = plugin.id if plugin else None
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": owns(name),
                "include_object": lambda _obj, obj_name, kind, _reflected, _other: (
                    owns(name)(obj_name, kind, {}) if kind == "table" else True
                ),
                "compare_type": True,
                "version_table": version_table(name),
            },
        )
        found: list[Any] = compare_metadata(context, metadata)
        return found


def new_revision(house: House, message: str, plugin: PluginInfo | None = None) -> None:
    """Write a migration for what the models say and the database lacks."""
    with house.database.engine.connect() as connection:
        made = config(plugin, connection)
        command.revision(made, message=message, autogenerate=True)
