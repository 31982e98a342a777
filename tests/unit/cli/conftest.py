"""A site on disk that the command line can be pointed at."""

from __future__ import annotations

import json

import pytest
import structlog

from suwen.cli import main
from suwen.cli.program import Program
from suwen.kernel.crypto import KeyBase
from suwen.kernel.db import metadata
from suwen.kernel.plugins import host
from suwen.kernel.regions import DEFAULT_CODE

INI = """
[DEFAULT]
data = %(here)s/var

[app:main]
use = egg:suwen
suwen.environment = development
suwen.data_dir = %(data)s
suwen.database_url = {url}
suwen.queue_url = memory://
suwen.log_format = console

[server:main]
listen = 127.0.0.1:6543
threads = 3
"""


class Shell:
    """Runs commands and keeps what they said."""

    def __init__(self, ini, capsys):
        self.ini = ini
        self._capsys = capsys

    def __call__(self, *words, status=0):
        self._capsys.readouterr()
        got = main(["-c", str(self.ini), *words])
        self.out, self.err = self._capsys.readouterr()
        assert got == status, (got, self.out, self.err)
        return self.out

    def json(self, *words, status=0):
        return json.loads(self(*words, "--json", status=status))

    def house(self):
        return Program(str(self.ini)).house


@pytest.fixture(autouse=True)
def own_logs():
    """Commands set up the process's logs; other tests want them as they were."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def ini(empty_database_url, tmp_path):
    path = tmp_path / "site.ini"
    path.write_text(INI.format(url=empty_database_url))
    return path


@pytest.fixture
def plugins(monkeypatch, dummy):
    """Only these dummies are installed."""

    def install(*names):
        points = [dummy(name) for name in names]
        monkeypatch.setattr(host, "entry_points", lambda group: points)

    install("disabled", "wrong_version")
    return install


@pytest.fixture
def shell(ini, plugins, capsys, monkeypatch):
    """A site with tables and two regions."""
    monkeypatch.delenv("LANG", raising=False)
    program = Program(str(ini))
    house = program.house
    metadata.create_all(house.database.engine)
    KeyBase.metadata.create_all(house.vault.store.engine)
    with house.database.transaction() as session:
        house.regions.add(session, DEFAULT_CODE, "全国", [""])
        house.regions.add(session, "4306", "岳阳市", ["4306"])
    program.close()
    return Shell(ini, capsys)
