"""The migrations make exactly the tables that the models describe, on every database."""

from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from suwen.app import make_app
from suwen.cli import revising
from suwen.kernel import migrations


def describe(differences):
    return [str(item) for item in differences]


def test_migrations_make_what_the_core_models_say(house):
    make_app(house)  # imports the models of every domain
    assert describe(revising.differences(house)) == []


def test_migrations_make_what_the_plugins_models_say(house):
    make_app(house)
    plugins = migrations.with_migrations(house)
    found = {info.id: describe(revising.differences(house, info)) for info in plugins}
    assert {name: items for name, items in found.items() if items} == {}


def test_upgrade_of_an_upgraded_database_changes_nothing(house):
    before = set(inspect(house.database.engine).get_table_names())
    migrations.upgrade(house)
    assert set(inspect(house.database.engine).get_table_names()) == before
    assert migrations.at_head(house)


def test_every_history_has_one_head(house):
    for info in (None, *migrations.with_migrations(house)):
        heads = ScriptDirectory.from_config(migrations.config(info)).get_heads()
        assert len(heads) == 1, info
