"""``dev.py``: what it makes and what it says."""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from devtools import environment, stack
from devtools.terminal import ProblemError

ROOT = Path(dev.__file__).parent


# --- what it says ---


def test_totp_is_the_code_of_rfc_6238():
    assert dev.totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at=59) == "287082"


def test_old_python_is_told_so_before_anything_is_imported():
    code = "import sys, runpy; sys.version_info = (3, 9, 2); runpy.run_path('dev.py')"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert "needs Python 3.11 or newer, this is 3.9" in result.stderr


@pytest.mark.parametrize("offset", [0, 1])
def test_port_in_use_is_named(offset, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ProblemError, match=f"port {port} cannot be used.*--port"):
            stack.run(port - offset, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_impossible_port_is_refused(tmp_path):
    with pytest.raises(ProblemError, match="between 1 and 65534"):
        stack.run(65535, tmp_path)


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ([], ["-n", "2", "--dist=loadfile"]),
        (["-k", "x"], ["-n", "2", "--dist=loadfile", "-k", "x"]),
        (["-n0", "-x"], ["-n0", "-x"]),
        (["-p", "no:xdist"], ["-p", "no:xdist"]),
        (["--pdb"], ["--pdb"]),
    ],
)
def test_pytest_runs_on_two_processes_unless_told(monkeypatch, given, passed):
    called = []
    monkeypatch.setattr(dev, "set_up", lambda: called.append("set up"))
    monkeypatch.setattr(dev, "execute", lambda *words: called.append(list(words)) or 0)
    dev.main(["test", *given])
    assert called == ["set up", ["python", "-m", "pytest", *passed]]


# --- set-up ---


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout with one plugin whose set-up only writes down what it would install."""
    for folder, name in ((".", "suwen"), ("plugins/a", "suwen-a")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "setup.cfg").write_text(f"[metadata]\nname = {name}\n")
        (tmp_path / folder / "pyproject.toml").write_text("[build-system]\n")
    (tmp_path / "requirements").mkdir()
    for name in ("base.in", "dev.lock"):
        (tmp_path / "requirements" / name).write_text("")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(environment, "STAMP", venv / "suwen-setup.json")
    monkeypatch.setattr(environment, "LOCK", tmp_path / "requirements" / "dev.lock")
    return tmp_path


@pytest.fixture
def steps(checkout, monkeypatch):
    done = []

    def make_venv():
        done.append("venv")
        (checkout / ".venv" / "bin").mkdir()
        (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)

    monkeypatch.setattr(environment, "_make_venv", make_venv)
    monkeypatch.setattr(environment, "pip", lambda *words: done.append(" ".join(words)))
    return done


def test_first_set_up_installs_locks_and_projects(checkout, steps):
    environment.set_up()
    venv, locked, editable = steps
    assert venv == "venv"
    assert "--require-hashes" in locked
    assert f"-e {checkout}" in editable
    assert f"-e {checkout}/plugins/a" in editable


def test_second_set_up_does_nothing(steps):
    environment.set_up()
    steps.clear()
    environment.set_up()
    assert steps == []


@pytest.mark.parametrize("changed", ["requirements/dev.lock", "setup.cfg", "plugins/a/setup.cfg"])
def test_change_of_an_input_installs_anew_into_the_same_environment(checkout, steps, changed):
    environment.set_up()
    steps.clear()
    with (checkout / changed).open("a") as handle:
        handle.write("\n# changed\n")
    environment.set_up()
    assert "venv" not in steps
    assert len(steps) == 2


def test_removed_plugin_is_uninstalled(checkout, steps):
    environment.set_up()
    steps.clear()
    shutil.rmtree(checkout / "plugins/a")
    environment.set_up()
    assert "uninstall --yes suwen-a" in steps


def test_interrupted_set_up_is_made_anew(steps, monkeypatch):
    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(environment, "pip", die)
        with pytest.raises(KeyboardInterrupt):
            environment.set_up()
    environment.set_up()
    assert steps.count("venv") == 2


def test_moved_environment_is_made_anew(checkout, steps):
    environment.set_up()
    steps.clear()
    stamp = checkout / ".venv" / "suwen-setup.json"
    stamp.write_text(stamp.read_text().replace(str(checkout), "/elsewhere"))
    # The hash would tell as well, but would keep the environment.
    (checkout / "setup.cfg").write_text("[metadata]\nname = suwen\nversion = 2\n")
    environment.set_up()
    assert steps[0] == "venv"


def test_environment_that_others_made_is_kept(checkout, steps):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    (checkout / ".venv" / "kept").touch()
    environment.set_up()
    assert "venv" not in steps
    assert (checkout / ".venv" / "kept").exists()


def test_environment_of_another_python_is_replaced(checkout, steps):
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 3 9\n")
    python.chmod(0o755)
    environment.set_up()
    assert steps[0] == "venv"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "NewConnectionError: Failed to establish a new connection",
            "no package registry can be reached",
        ),
        ("error: hash mismatch", "pip failed"),
    ],
)
def test_pip_failure_is_explained(checkout, capfd, words, said):
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(ProblemError, match=said):
        environment.pip("install", "x")
    assert words in capfd.readouterr().err


def test_missing_venv_module_names_what_to_install(monkeypatch, checkout):
    monkeypatch.setattr(environment, "_can_make_venv", lambda _: False)
    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(environment.shutil, "which", lambda _: "/usr/bin/apt-get")
    with pytest.raises(ProblemError, match=r"apt-get install python3\.\d+-venv"):
        environment.set_up()
