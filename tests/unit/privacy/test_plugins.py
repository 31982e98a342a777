from __future__ import annotations

from types import SimpleNamespace

import pytest

from suwen.admin.switchboard import switchboard
from suwen.hookspecs.common import PluginInfo
from suwen.kernel.audit import SYSTEM
from suwen.kernel.plugins.switch import PluginUnusable
from suwen.privacy import plugins
from suwen.testing import personal as contract

pytest_plugins = ["tests.fixtures_surfaces"]
pytestmark = pytest.mark.sqlite


@pytest.fixture
def forgetful(house_with, monkeypatch):
    """A house with the dummy, whose table the program knows."""
    house = house_with("forgetful")
    module = house.host.plugins["dummy_forgetful"].module
    monkeypatch.setattr(plugins, "metadata", module.own)
    monkeypatch.setattr(contract, "metadata", module.own)
    return house


def test_personal_columns_are_found_although_nobody_declared_them(forgetful):
    assert plugins.personal_columns("dummy_forgetful") == [
        "dummy_forgetful_note.member_id",
        "dummy_forgetful_note.nickname",
    ]


def test_such_a_plugin_cannot_be_enabled_and_the_cause_is_named(forgetful):
    with forgetful.database.transaction() as db:
        board = switchboard(forgetful, db)
        with pytest.raises(PluginUnusable) as refused:
            board.move("4306", "dummy_forgetful", "enabled", SYSTEM)
        assert "dummy_forgetful_note.nickname" in refused.value.text.interpolate()
        preview = board.preview("4306", "dummy_forgetful", "enabled")
        assert preview.blocked
        assert preview.fault is not None
        board.move("4306", "dummy_forgetful", "disabled", SYSTEM)


class Store:
    """A store of personal data."""

    def export(self, db, member_id):
        return {}

    def erase(self, db, member_id):
        return ["nothing"]


def loaded(store, columns=("x_y.member_id",)):
    info = PluginInfo(id="x", title="x", family="push", personal_columns=columns)
    module = SimpleNamespace(plugin_info=info)
    if store is not None:
        module.suwen_personal_data = store
    return SimpleNamespace(id="x", info=info, module=module, title="x")


def raising():
    raise RuntimeError


@pytest.mark.parametrize(
    "store", [None, raising, lambda: None, lambda: SimpleNamespace(export=len), object]
)
def test_a_store_that_cannot_do_both_is_none(store):
    assert plugins.fault(loaded(store)) is not None


def test_a_whole_store_will_do_and_so_will_no_data_at_all():
    assert plugins.fault(loaded(Store)) is None
    assert plugins.fault(loaded(None, columns=())) is None


def test_the_contract_sees_it_too(forgetful):
    module = forgetful.host.plugins["dummy_forgetful"].module
    (fault,) = contract.faults_of(module)
    assert "what looks personal is declared" in fault
    declared = PluginInfo(
        id="dummy_forgetful",
        title="x",
        family="push",
        personal_columns=("dummy_forgetful_note.member_id", "dummy_forgetful_note.nickname"),
    )
    honest = SimpleNamespace(plugin_info=declared, suwen_personal_data=Store)
    assert contract.faults_of(honest) == []
    assert len(contract.faults_of(SimpleNamespace(plugin_info=declared))) == 1
