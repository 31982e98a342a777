"""``suwen demo load`` from the command line."""

import json

import pytest

from suwen.cli import main

INI = """
[app:main]
suwen.environment = {environment}
suwen.data_dir = {folder}
suwen.database_url = {url}
suwen.secret_key = 0123456789abcdef0123456789abcdef
suwen.master_key = MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
suwen.base_url = https://suwen.example
"""


@pytest.fixture
def ini(database_url, tmp_path):
    """``ini(environment)`` writes a site's file."""

    def write(environment):
        path = tmp_path / "suwen.ini"
        values = {"environment": environment, "folder": tmp_path, "url": database_url}
        path.write_text(INI.format(**values))
        return str(path)

    return write


@pytest.mark.sqlite
def test_load_tells_machines_what_it_did(ini, tmp_path, capfd):
    config = ini("development")
    assert main(["-c", config, "db", "upgrade"]) == 0
    capfd.readouterr()

    status = main(["-c", config, "demo", "load", "--products", "3", "--orders", "4", "--json"])

    answer = json.loads(capfd.readouterr().out)
    assert status == 0
    assert answer["ok"]
    assert answer["generated"] == {"categories": 0, "products": 3, "members": 1, "orders": 4}
    assert (tmp_path / "demo-accounts.json").exists()


@pytest.mark.sqlite
def test_load_ends_with_an_error_in_production(ini, tmp_path, capfd):
    config = ini("production")

    assert main(["-c", config, "demo", "load"]) != 0
    assert "development" in capfd.readouterr().err
    assert not (tmp_path / "demo-accounts.json").exists()
