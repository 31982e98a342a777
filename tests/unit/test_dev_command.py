"""``dev.py``: what it makes, what it says, and that it stops what it started."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dev
from devtools import environment, stack
from devtools.terminal import ProblemError

ROOT = Path(dev.__file__).parent


def free_pair():
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


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


# --- run ---


def test_ini_takes_a_folder_with_odd_characters(tmp_path):
    folder = tmp_path / "50 % \\1"
    folder.mkdir()
    ini = stack._write_ini(folder, 7000)
    from configparser import ConfigParser

    parser = ConfigParser({"here": str(folder)})
    parser.read(ini, encoding="utf-8")
    assert parser["app:main"]["suwen.data_dir"] == str(folder)
    assert parser["app:main"]["suwen.listen"] == "127.0.0.1:7000"
    assert parser["app:main"]["suwen.simulator_url"] == "http://127.0.0.1:7001"
    assert parser["server:main"]["listen"] == "127.0.0.1:7000"


FAKE = """#!{python}
import http.server, json, os, pathlib, signal, sys, time
words = sys.argv[1:]
folder = pathlib.Path({folder!r})
name = "simulator" if "-m" in words else " ".join(words[2:])
with (folder / "order").open("a") as handle:
    handle.write(name + "\\n")
(folder / name.replace(" ", "-")).write_text(str(os.getpid()))
if name == {stubborn!r}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if name in ("db upgrade", "demo load"):
    sys.exit(3 if name == {dies!r} else 0)
if name == "work":
    print("ready to work")
    if {dies!r} == "work":
        sys.exit("no queue")
    while True:
        time.sleep(60)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        item = dict(role="member", address="a@x", password="pw", totp_secret=None)
        body = json.dumps(dict(items=[item])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = {port} + (name == "simulator")
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""

DRIVER = """
import pathlib, sys
from devtools import stack
stack.program = lambda name: {program!r}
stack.set_up = lambda: None
stack.GRACE_SECONDS = {grace}
try:
    sys.exit(stack.run({port}, pathlib.Path({folder!r}) / "data"))
except stack.ProblemError as problem:
    sys.exit(f"dev.py: {{problem}}")
"""


class Running:
    """``run`` with programs that only pretend."""

    def __init__(self, folder, *, dies="", stubborn="", grace=10):
        self.folder, self.port = folder, free_pair()
        program = folder / "program"
        values = {"folder": str(folder), "port": self.port, "dies": dies, "stubborn": stubborn}
        program.write_text(FAKE.format(python=sys.executable, **values))
        program.chmod(0o755)
        driver = DRIVER.format(
            program=str(program), grace=grace, port=self.port, folder=str(folder)
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", driver],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for_welcome(self):
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if "Ctrl-C stops" in line:
                return "".join(lines)
        raise AssertionError("".join(lines))

    def end(self):
        output, _ = self.process.communicate(timeout=20)
        return self.process.returncode, output

    def left(self):
        names = ("simulator", "serve", "work")
        pids = [
            int((self.folder / name).read_text()) for name in names if (self.folder / name).exists()
        ]
        return [pid for pid in pids if alive(pid)]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_run_starts_in_order_and_stops_everything_on_sigterm(tmp_path):
    running = Running(tmp_path)
    welcome = running.wait_for_welcome()
    assert f"http://127.0.0.1:{running.port}/admin" in welcome
    assert "member  a@x" in welcome
    running.process.send_signal(signal.SIGTERM)
    status, _ = running.end()
    assert status == 0
    assert running.left() == []
    order = (tmp_path / "order").read_text().split("\n")
    assert order[:3] == ["simulator", "db upgrade", "demo load"]
    assert set(order[3:5]) == {"serve", "work"}


def test_ctrl_c_reaches_the_whole_group_and_is_no_failure(tmp_path):
    running = Running(tmp_path)
    running.wait_for_welcome()
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.end()[0] == 0
    assert running.left() == []


def test_death_of_one_stops_the_others_and_is_a_failure(tmp_path):
    running = Running(tmp_path, dies="work")
    status, output = running.end()
    assert status == 1
    assert "jobs      | no queue" in output
    assert "jobs ended with status 1" in output
    assert running.left() == []


def test_killed_service_is_noticed_while_running(tmp_path):
    running = Running(tmp_path)
    running.wait_for_welcome()
    os.kill(int((tmp_path / "serve").read_text()), signal.SIGKILL)
    status, output = running.end()
    assert status == 1
    assert "site ended with status -9" in output
    assert running.left() == []


def test_failed_migration_ends_the_start(tmp_path):
    running = Running(tmp_path, dies="db upgrade")
    status, output = running.end()
    assert status == 1
    assert "suwen db upgrade ended with status 3" in output
    assert "demo load" not in (tmp_path / "order").read_text()
    assert running.left() == []


def test_service_that_will_not_stop_is_killed(tmp_path):
    running = Running(tmp_path, stubborn="work", grace=1)
    running.wait_for_welcome()
    started = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    status, output = running.end()
    assert status == 0
    assert "jobs did not stop in 1 seconds: killing it" in output
    assert time.monotonic() - started < 8
    assert running.left() == []
