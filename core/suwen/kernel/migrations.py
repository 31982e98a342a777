"""Migrations: the core's history and one history per plugin, each with its own version table.

Removing a plugin's package therefore never blocks the core, and upgrading the core never moves a
plugin's tables.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, inspect, select
from sqlalchemy import table as sql_table

import suwen
from suwen.kernel.crypto import KeyBase
from suwen.kernel.db import metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from suwen.hookspecs.common import PluginInfo
    from suwen.kernel.db import Database
    from suwen.kernel.house import House

SCRIPTS = Path(suwen.__file__).parent / "_alembic"
CORE_TABLE = "alembic_version"


def version_table(plugin: str | None) -> str:
    """Name of the version table of the core or of a plugin."""
    return f"{CORE_TABLE}_{plugin}" if plugin else CORE_TABLE


def config(plugin: PluginInfo | None = None, connection: Connection | None = None) -> Config:
    """Alembic's configuration for one history."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(SCRIPTS))
    made.set_main_option("path_separator", "newline")
    made.set_main_option("version_locations", str(_versions(plugin)))
    made.attributes["connection"] = connection
    made.attributes["version_table"] = version_table(plugin.id if plugin else None)
    made.attributes["include_name"] = owns(plugin.id if plugin else None)
    return made


def _versions(plugin: PluginInfo | None) -> Path:
    if plugin is None:
        return SCRIPTS / "versions"
    if plugin.migrations is None:
        raise ValueError(f"{plugin.id} has no migrations")
    return Path(next(iter(import_module(plugin.migrations).__path__)))


def plugin_tables() -> set[str]:
    """Tables of models that plugins brought: a plugin's model lives in its own package."""
    from suwen.kernel.db import Base

    return {
        mapper.local_table.name  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith("suwen_")
    }


def owns(plugin: str | None) -> Any:
    """Alembic's filter: a plugin's history sees its own tables, the core's all other known ones."""

    def include(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return True
        table = name if kind == "table" else parents.get("table_name")
        if plugin is not None:
            return bool(table) and str(table).startswith(f"{plugin}_")
        return table in metadata.tables and table not in plugin_tables()

    return include


def with_migrations(house: House) -> list[PluginInfo]:
    """Working plugins that bring tables."""
    infos = [plugin.info for plugin in house.host.working()]
    return [info for info in infos if info is not None and info.migrations]


def upgrade(house: House) -> list[str]:
    """Bring everything to its head; names of the histories that were run."""
    KeyBase.metadata.create_all(house.vault.store.engine)
    _run(house.database, None)
    plugins = with_migrations(house)
    for info in plugins:
        _run(house.database, info)
    return ["core", *(info.id for info in plugins)]


def _run(database: Database, plugin: PluginInfo | None) -> None:
    from alembic import command

    engine = database.engine
    with engine.connect() as connection:
        if database.is_sqlite:
            # Rebuilding a table would cascade into other tables' rows.
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7391)")
        command.upgrade(config(plugin, connection), "head")
        if database.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").all():
            raise RuntimeError("the migration left rows that refer to nothing")
        connection.commit()
        if database.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.exec_driver_sql("BEGIN DEFERRED")


def at_head(house: House) -> bool:
    """Whether every history of this installation is at its head."""
    with house.database.engine.connect() as connection:
        return all(_is_at_head(connection, plugin) for plugin in (None, *with_migrations(house)))


def _is_at_head(connection: Connection, plugin: PluginInfo | None) -> bool:
    # Read from the files: importing Alembic costs each worker 11 MB, and readiness is asked often.
    text = "\n".join(file.read_text(encoding="utf-8") for file in _versions(plugin).glob("*.py"))
    parents = set(re.findall(r"^down_revision = [\"'](\w+)", text, re.MULTILINE))
    heads = set(re.findall(r"^revision = [\"'](\w+)", text, re.MULTILINE)) - parents
    table = version_table(plugin.id if plugin else None)
    if not inspect(connection).has_table(table):
        return not heads
    return (
        set(connection.scalars(select(column("version_num")).select_from(sql_table(table))))
        == heads
    )
