"""Contract of every plugin: personal data are declared, handed over and erased.

    class TestPersonalData(PersonalDataContract):
        @pytest.fixture
        def plugin_module(self):
            import suwen_push_demo_chat.plugin
            return suwen_push_demo_chat.plugin

With a database and somebody whose data the plugin holds, ``filled`` lets the suite prove that the copy
is JSON and that nothing of it is left after ``erase``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from suwen.kernel.db import metadata

HOOK = "suwen_personal_data"
NAMES = frozenset({"member_id", "subject_id"})
PEOPLE = frozenset({"member", "subject"})


@dataclass(frozen=True, slots=True)
class Filled:
    """A session maker and a member about whom the plugin keeps something."""

    transaction: Callable[[], Any]
    member_id: int


def tables_of(plugin_id: str) -> list[Any]:
    """The plugin's own tables."""
    found = [table for name, table in metadata.tables.items() if name.startswith(f"{plugin_id}_")]
    return sorted(found, key=lambda table: str(table.name))


def looks_personal(column: Any) -> bool:
    """Named after a person, referring to one, or marked ``info={"personal": True}``."""
    refers = {key.target_fullname.partition(".")[0] for key in column.foreign_keys}
    return bool(column.name in NAMES or refers & PEOPLE or column.info.get("personal"))


class PersonalDataContract:
    """Give ``plugin_module``, and ``filled`` where the plugin has tables."""

    @pytest.fixture
    def plugin_module(self) -> Any:
        """The module with ``plugin_info`` and the hooks."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self) -> Filled | None:
        """A database in which the plugin keeps something about a member."""
        return None

    def test_declared_columns_exist(self, plugin_module: Any) -> None:
        info = plugin_module.plugin_info
        known = {f"{t.name}.{column.name}" for t in tables_of(info.id) for column in t.columns}
        assert set(info.personal_columns) <= known

    def test_what_looks_personal_is_declared(self, plugin_module: Any) -> None:
        info = plugin_module.plugin_info
        personal = {
            f"{table.name}.{column.name}"
            for table in tables_of(info.id)
            for column in table.columns
            if looks_personal(column)
        }
        assert personal <= set(info.personal_columns)

    def test_what_is_declared_can_be_handed_over_and_erased(self, plugin_module: Any) -> None:
        if not plugin_module.plugin_info.personal_columns:
            pytest.skip("the plugin keeps nothing personal")
        store = getattr(plugin_module, HOOK)()
        assert callable(store.export)
        assert callable(store.erase)

    def test_the_copy_is_json_and_says_something(
        self, plugin_module: Any, filled: Filled | None
    ) -> None:
        if filled is None:
            pytest.skip("no database with something personal was given")
        content = self._copy(plugin_module, filled)
        assert isinstance(content, Mapping)
        assert json.loads(json.dumps(content, ensure_ascii=False)) == content

    def test_nothing_is_left_and_erasing_again_is_harmless(
        self, plugin_module: Any, filled: Filled | None
    ) -> None:
        if filled is None:
            pytest.skip("no database with something personal was given")
        before = self._rows(plugin_module, filled)
        assert before, "the fixture holds nothing about the member"
        for _again in range(2):
            with filled.transaction() as db:
                lines = getattr(plugin_module, HOOK)().erase(db, filled.member_id)
            assert all(line for line in lines)
        assert not set(before) & set(self._rows(plugin_module, filled))

    def _copy(self, plugin_module: Any, filled: Filled) -> Any:
        with filled.transaction() as db:
            return getattr(plugin_module, HOOK)().export(db, filled.member_id)

    def _rows(self, plugin_module: Any, filled: Filled) -> list[str]:
        with filled.transaction() as db:
            return [
                f"{table.name}: {tuple(row)}"
                for table in tables_of(plugin_module.plugin_info.id)
                for row in db.execute(select(table))
                if filled.member_id in tuple(row)
            ]


def faults_of(plugin_module: Any) -> list[str]:
    """What is wrong with a plugin's declarations, without any database."""
    suite = PersonalDataContract()
    faults: list[str] = []
    for name in (
        "test_declared_columns_exist",
        "test_what_looks_personal_is_declared",
        "test_what_is_declared_can_be_handed_over_and_erased",
    ):
        try:
            getattr(suite, name)(plugin_module)
        except (AssertionError, AttributeError) as error:
            faults.append(f"{name.removeprefix('test_').replace('_', ' ')}: {error}")
        except pytest.skip.Exception:
            continue
    return faults
