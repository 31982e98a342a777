"""Commands, by what they print and how they end."""

from __future__ import annotations

import base64
import subprocess
import sys

import pytest
from sqlalchemy import select, text

from suwen.cli import main, revising
from suwen.cli.program import Program
from suwen.kernel import migrations
from suwen.kernel.audit import SYSTEM, AuditEvent
from suwen.kernel.crypto import SubjectKey
from suwen.kernel.plugins.models import RegionPlugin

pytest_plugins = ["tests.fixtures_surfaces"]

ID = "dummy_disabled"
SET = ("--set", "sender=a@example.com", "--set", "api_key=s3cret-key")


def test_help_imports_next_to_nothing():
    code = (
        "import sys; from suwen.cli import main; main(['--help']);"
        "heavy = {'pyramid', 'sqlalchemy', 'colander', 'huey'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "List, switch, set, prove and write plugins." in done.stdout


@pytest.mark.sqlite
@pytest.mark.parametrize("words", [["nonsense"], ["plugin", "enable"], ["db", "upgrade", "x"]])
def test_what_is_no_command_is_status_2(words, capsys):
    assert main(words) == 2
    assert "Usage" in capsys.readouterr().err


def test_a_missing_ini_is_one_line(capsys, tmp_path):
    assert main(["-c", str(tmp_path / "no.ini"), "region", "list"]) == 1

    err = capsys.readouterr().err.strip()
    assert "no.ini" in err
    assert len(err.splitlines()) == 1


@pytest.mark.sqlite
def test_a_bad_setting_is_one_line(ini, plugins, capsys):
    ini.write_text(ini.read_text() + "\n[app:other]\n")
    ini.write_text(ini.read_text().replace("suwen.log_format", "suwen.log_fromat"))

    assert main(["-c", str(ini), "region", "list"]) == 1
    assert capsys.readouterr().err == "suwen: unknown setting: suwen.log_fromat\n"


@pytest.mark.sqlite
def test_a_database_without_tables_is_one_line(ini, plugins, capsys):
    assert main(["-c", str(ini), "region", "list"]) == 1

    err = capsys.readouterr().err
    assert err.startswith("suwen: database: no such table")
    assert len(err.splitlines()) == 1


@pytest.mark.sqlite
def test_a_fault_of_ours_is_one_line_unless_asked(shell, monkeypatch):
    def broken(self, session):
        raise KeyError("inside")

    monkeypatch.setattr("suwen.kernel.regions.Regions.all", broken)
    shell("region", "list", status=1)
    assert shell.err.startswith("suwen: KeyError: 'inside'")
    assert "Traceback" not in shell.err

    monkeypatch.setenv("SUWEN_TRACEBACK", "1")
    shell("region", "list", status=1)
    assert "Traceback" in shell.err


def test_regions_are_listed_and_added(shell):
    shell("region", "add", "430100", "长沙市")

    rows = shell.json("region", "list")
    assert [row["code"] for row in rows] == ["100000", "4301", "4306"]
    assert "长沙市" in shell("region", "list")
    shell("region", "add", "4301", "又一个", status=1)
    assert "已有地区使用这个代码" in shell.err


def test_json_may_stand_anywhere(shell, capsys):
    shell("--json", "region", "list")
    first = shell.out
    shell("region", "--json", "list")
    assert shell.out == first
    assert first.startswith("[{")


def test_plugins_are_listed_with_the_cause_of_quarantine(shell):
    rows = {row["id"]: row for row in shell.json("plugin", "list")}

    assert rows[ID]["states"] == {"100000": "disabled", "4306": "disabled"}
    assert rows["dummy_wrong_version"]["error"].startswith("PluginError: needs suwen")
    assert "dummy_wrong_version" in shell("plugin", "list", "--region", "4306")


def test_settings_then_the_switch(shell):
    shell("plugin", "enable", ID, "--region", "4306", status=1)
    assert "dummy_disabled.sender: 请填写此项" in shell.err

    shell("plugin", "settings", ID, "--region", "430600", *SET)
    assert "s3cret-key" not in shell.out
    assert "stored, never shown" in shell.out
    for verb, state in (("enable", "enabled"), ("drain", "draining"), ("disable", "disabled")):
        answer = shell.json("plugin", verb, ID, "--region", "430600")
        assert answer == {"plugin": ID, "region": "4306", "state": state}
    answer = shell.json("plugin", "settings", ID, "--region", "4306")
    assert answer["settings"] == {"sender": "a@example.com", "per_hour": 100}
    assert answer["stored_secrets"] == ["api_key"]
    assert answer["problems"] == ["额度将用完"]


def test_one_setting_changes_and_the_others_stay(shell, tmp_path):
    key = tmp_path / "key.pem"
    key.write_text("from a file\n")
    shell("plugin", "settings", ID, *SET)
    shell("plugin", "settings", ID, "--set", "per_hour=7", "--set", f"api_key=@{key}")

    program = Program(str(shell.ini))
    item = program.house.host.channels.get(ID)
    with program.house.database.snapshot() as session:
        values = program.house.switch.settings(session, "100000", item)
    program.close()
    assert values == {"sender": "a@example.com", "api_key": "from a file\n", "per_hour": 7}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("plugin", "enable", "nothing"), "没有安装这个插件"),
        (("plugin", "settings", "nothing"), "没有安装这个插件"),
        (("plugin", "enable", "dummy_wrong_version"), "needs suwen"),
        (("plugin", "verify", "dummy_wrong_version"), "needs suwen"),
        (("plugin", "verify", "nothing"), "没有安装这个插件"),
        (("plugin", "enable", ID, "--region", "4301"), "没有这个地区"),
        (("plugin", "enable", ID, "--region", "x"), "没有这个地区"),
        (("plugin", "settings", ID, "--set", "sender"), "not KEY=VALUE"),
        (("plugin", "settings", ID, "--set", "color=red"), "api_key, per_hour, sender"),
        (("plugin", "settings", ID, "--set", "per_hour=x"), "per_hour: 请填写数字"),
        (("plugin", "settings", ID, "--object", "x"), "--object: dummy_disabled"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(shell, words, says):
    shell(*words, status=1)

    assert says in shell.err
    program = Program(str(shell.ini))
    with program.house.database.snapshot() as session:
        assert session.scalars(select(RegionPlugin)).all() == []
    program.close()


def test_english_terminals_are_spoken_to_in_english(shell, monkeypatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setattr(
        "pyramid.i18n.Localizer.translate", lambda self, text, **kw: "no such plugin"
    )

    shell("plugin", "enable", "nothing", status=1)

    assert shell.err == "suwen: no such plugin\n"


def test_the_ledger_is_proved(shell):
    answer = shell.json("ledger", "verify")

    assert answer["ok"] is True
    assert (answer["entries"], answer["trial_balance_fen"]) == (0, 0)
    assert all(set(account) == {"code", "balance_fen"} for account in answer["accounts"])


def test_an_altered_audit_event_is_found(shell):
    program = Program(str(shell.ini))
    with program.house.database.transaction() as session:
        program.house.audit.write(session, SYSTEM, "x.y", "x", 1)
    assert shell.json("audit", "verify") == {"ok": True, "events": 1, "fault": None}

    with program.house.database.transaction() as session:
        for name in ("audit_event_no_update", "audit_event_no_change"):
            on = "" if program.house.database.is_sqlite else " ON audit_event"
            session.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
        session.execute(AuditEvent.__table__.update().values(reason="altered"))
    shell("audit", "verify", status=1)
    assert "was altered" in shell.err
    assert shell.json("audit", "verify", status=1)["ok"] is False
    program.close()


@pytest.mark.sqlite
def test_keys_are_rotated(shell, monkeypatch):
    program = Program(str(shell.ini))
    old = program.settings.path("master.key").read_text().strip()
    sealed = program.house.vault.subject(5).seal("health", "x:y:1")
    program.close()
    new = base64.b64encode(b"n" * 32).decode()
    monkeypatch.setenv("SUWEN_MASTER_KEY", f"{new},{old}")

    shell("keys", "rotate")

    monkeypatch.setenv("SUWEN_MASTER_KEY", new)
    program = Program(str(shell.ini))
    assert program.house.vault.subject(5).open_text(sealed, "x:y:1") == "health"
    with program.house.vault.store.snapshot() as session:
        assert session.get(SubjectKey, 5).state == "live"
    program.close()


def test_the_database_is_upgraded_though_a_plugin_is_gone(ini, plugins, capsys):
    """What an uninstalled plugin left behind blocks nothing."""
    program = Program(str(ini))
    with program.house.database.transaction() as session:
        session.execute(text("CREATE TABLE alembic_version_payment_gone (version_num VARCHAR(32))"))
        session.execute(text("CREATE TABLE payment_gone_note (id INTEGER)"))
    program.close()

    for _ in range(2):
        assert main(["-c", str(ini), "db", "upgrade", "--json"]) == 0
    assert '"histories": ["core"]' in capsys.readouterr().out
    program = Program(str(ini))
    assert migrations.at_head(program.house)
    with program.house.database.transaction() as session:
        session.execute(text("SELECT id FROM payment_gone_note")).all()
    program.close()


@pytest.mark.sqlite
def test_check_tells_what_is_missing(shell, monkeypatch):
    monkeypatch.setattr(migrations, "at_head", lambda house: False)
    assert shell.json("db", "check", status=1)["at_head"] is False

    monkeypatch.setattr(migrations, "at_head", lambda house: True)
    monkeypatch.setattr(revising, "differences", lambda house, plugin=None: ["a column"])
    assert "differs: a column" in shell("db", "check", status=1)

    monkeypatch.setattr(revising, "differences", lambda house, plugin=None: [])
    assert shell.json("db", "check")["ok"] is True
    shell("db", "revision", "-m", "x", "--plugin", "nothing", status=1)


@pytest.mark.sqlite
def test_a_table_is_aligned_also_with_chinese(shell):
    lines = shell("region", "list").splitlines()

    assert lines[1].startswith("100000  全国 ")
    assert lines[0].index("prefixes") == lines[2].index("4306", 10) + 3


@pytest.mark.sqlite
def test_who_acts_must_hold_the_permission(shell):
    from suwen.kernel.errors import Forbidden, SuwenError

    program = Program(str(shell.ini))
    with program.house.database.snapshot() as session:
        with pytest.raises(Forbidden):
            program.acting(session, "nobody@example.com", "staff.finance")
        with pytest.raises(SuwenError):
            program.acting(session, "not an address", "staff.finance")
    program.close()
