"""Alembic's environment, shared by the core's history and the plugins'."""

from alembic import context

from suwen.kernel.db import metadata

config = context.config
connection = config.attributes["connection"]
include = config.attributes["include_name"]


def include_object(obj, name, kind, reflected, compare_to):  # noqa: ARG001
    """Leave other histories' tables alone."""
    return include(name, kind, {}) if kind == "table" else True


context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=config.attributes["version_table"],
    include_name=include,
    include_object=include_object,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
