"""Fixtures for tests of surfaces and of the plugin loader: dummies, houses around them."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from suwen import ENTRY_POINT_GROUP
from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.crypto import KeyBase
from suwen.kernel.db import metadata
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.regions import DEFAULT_CODE

DUMMIES = Path(__file__).parent / "plugins"


@pytest.fixture
def dummy(monkeypatch):
    """``dummy("slow")`` is the entry point of the plugin in ``tests/plugins/dummy_slow``."""

    def entry_point(name: str) -> EntryPoint:
        monkeypatch.syspath_prepend(str(DUMMIES / f"dummy_{name}"))
        return EntryPoint(f"dummy_{name}", f"suwen_dummy_{name}", ENTRY_POINT_GROUP)

    return entry_point


def settings_for(url: str, folder: Path, **more: str) -> kernel_settings.Settings:
    """Settings of a development machine that loads no plugin by itself."""
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
        "suwen.plugins": "false",
        **more,
    }
    return kernel_settings.load(values, environ={})


@pytest.fixture
def house_with(empty_database_url, tmp_path, dummy):
    """``house_with("slow", "disabled")`` is a house of two regions with these dummies."""
    houses = []

    def build(*names: str):
        host = PluginHost(strict=False)
        host.load([dummy(name) for name in names])
        house = kernel_house.build(settings_for(empty_database_url, tmp_path), host=host)
        houses.append(house)
        metadata.create_all(house.database.engine)
        KeyBase.metadata.create_all(house.vault.store.engine)
        with house.database.transaction() as session:
            house.regions.add(session, DEFAULT_CODE, "全国", [""])
            house.regions.add(session, "4306", "岳阳市", ["4306"])
        return house

    yield build
    for house in houses:
        house.close()
