"""Fixtures with the program itself: a house on a fresh database, a session, the whole site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.regions import DEFAULT_CODE

if TYPE_CHECKING:
    from suwen.kernel.house import House


def development_settings(url: str, folder: Path) -> kernel_settings.Settings:
    """Settings of a development machine around one database."""
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
        "suwen.simulator_url": "http://127.0.0.1:6544",
    }
    return kernel_settings.load(values, environ={})


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """The technical services on a fresh database with the two regions of the demonstration."""
    built = kernel_house.build(development_settings(database_url, tmp_path))
    with built.database.transaction() as session:
        built.regions.add(session, DEFAULT_CODE, "全国", [""])
        built.regions.add(session, "4306", "岳阳市", ["4306"])
    yield built
    built.close()


@pytest.fixture
def db(house: House) -> Iterator[Session]:
    """A writing session that commits at the end of the test."""
    with house.database.transaction() as session:
        yield session
