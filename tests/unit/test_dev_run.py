"""``dev.py run``: starts in order, and stops what it started."""

import os
import signal
import socket
import subprocess
import sys
import time
from configparser import ConfigParser
from pathlib import Path

import dev
from devtools import stack

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


def test_ini_takes_a_folder_with_odd_characters(tmp_path):
    folder = tmp_path / "50 % \\1"
    folder.mkdir()
    ini = stack._write_ini(folder, 7000)
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
