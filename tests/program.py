"""The program as processes on loopback: gateway simulator, site and job runner.

What ``dev.py run`` starts, with a folder and a database of the test's own, and with the means to
stop, kill and question each of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from devtools import stack

ROOT = Path(__file__).resolve().parent.parent
SUWEN = (sys.executable, "-m", "tests.program_command")
START_SECONDS = 120
STOP_SECONDS = 15

T = TypeVar("T")
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def eventually(look: Callable[[], T], what: str, seconds: float = 60) -> T:
    """What ``look`` gives as soon as it is truthy; fails with ``what`` when that takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def free_pair() -> int:
    """A free port whose successor is free too: the simulator's is the site's plus one."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                two.bind(("127.0.0.1", port + 1))
                return port


class Part:
    """One process with its log."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str]
    ) -> None:
        """Start it; its output goes to ``log``."""
        self.name, self.log = name, log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def check(self) -> None:
        """Fail with the log's end when the process has ended."""
        status = self.process.poll()
        assert status is None, f"{self.name} ended with {status}:\n{self.tail()}"

    def tail(self) -> str:
        """The last lines that it wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


class Program:
    """A site with demonstration data around one database."""

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        """Nothing runs yet; without ``database_url`` it is an SQLite file in ``folder``."""
        self.folder = folder
        self.port = free_pair()
        self.url = f"http://127.0.0.1:{self.port}"
        self.simulator_url = f"http://127.0.0.1:{self.port + 1}"
        self.ini = stack._write_ini(folder, self.port)
        self.parts: dict[str, Part] = {}
        self.env = {name: text for name, text in os.environ.items() if not name.startswith("COV_")}
        if database_url is not None:
            self.env["SUWEN_DATABASE_URL"] = database_url

    def start(self, *, jobs: bool = True) -> None:
        """Simulator, migrations, demonstration data, site and job runner, in this order."""
        self.start_simulator()
        for words in (("db", "upgrade"), ("demo", "load")):
            self.run(*words)
        self.start_site()
        if jobs:
            self.start_jobs()

    def start_simulator(self) -> None:
        """The provider."""
        command = [sys.executable, "-m", "suwen_dev_simulator", "--port", str(self.port + 1)]
        self.begin("simulator", [*command, "--data", str(self.folder / "simulator")])
        self.answers("simulator", f"{self.simulator_url}/healthz")

    def start_site(self, *options: str, **env: str) -> Part:
        """The web server; ``env`` reaches it alone."""
        part = self.begin("site", [*SUWEN, "-c", str(self.ini), "serve", *options], **env)
        self.answers("site", f"{self.url}/healthz")
        return part

    def start_jobs(self) -> Part:
        """The job runner."""
        return self.begin("jobs", [*SUWEN, "-c", str(self.ini), "work"])

    def begin(self, name: str, command: Sequence[str], **env: str) -> Part:
        """Start a process under a name."""
        log = self.folder / f"{name}.log"
        self.parts[name] = Part(name, command, log, {**self.env, **env})
        return self.parts[name]

    def answers(self, name: str, url: str) -> None:
        """Wait for the first answer of a part."""

        def look() -> bool:
            self.parts[name].check()
            try:
                get(url)
            except OSError:
                return False
            return True

        eventually(look, f"{name} answers at {url}", START_SECONDS)

    def run(self, *words: str, status: int = 0) -> str:
        """A ``suwen`` command in a process of its own; its output."""
        command = [*SUWEN, "-c", str(self.ini), *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        said = f"suwen {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == status, said
        return done.stdout

    def json(self, *words: str) -> Any:
        """A command's answer for machines."""
        return json.loads(self.run(*words, "--json"))

    def stop(self) -> None:
        """Stop everything that runs, the site before what it calls."""
        for name in ("jobs", "site", "simulator"):
            part = self.parts.pop(name, None)
            if part is not None:
                part.stop()

    def accounts(self) -> list[dict[str, Any]]:
        """Demonstration accounts."""
        found: list[dict[str, Any]] = get_json(f"{self.url}/_dev/accounts.json")["items"]
        return found

    def account(self, name: str) -> dict[str, Any]:
        """The demonstration account whose address begins with ``name``."""
        return next(one for one in self.accounts() if one["address"].startswith(f"{name}@"))

    def sent(self, address: str, channel: str | None = None) -> list[dict[str, Any]]:
        """What the console channels sent to an address, oldest first."""
        items = get_json(f"{self.url}/_dev/outbox.json")["items"]
        return [
            item
            for item in items
            if item["address"] == address and channel in {None, item["channel"]}
        ]

    def code_for(self, address: str) -> str:
        """The newest one-time code sent to an address."""
        codes = eventually(
            lambda: [item["code"] for item in self.sent(address) if item["code"]],
            f"a code for {address}",
        )
        return str(codes[-1])

    def simulate(self, what: str, **body: Any) -> Any:
        """The simulator's control surface."""
        return post_json(f"{self.simulator_url}/_sim/{what}", body)

    def books(self) -> dict[str, dict[str, Any]]:
        """The simulator's books, by payment."""
        found = get_json(f"{self.simulator_url}/_sim/books")["payments"]
        return {row["payment"]: row for row in found}


@contextlib.contextmanager
def running(folder: Path, database_url: str | None = None) -> Iterator[Program]:
    """A program that runs until the end of the block."""
    program = Program(folder, database_url)
    try:
        program.start()
        yield program
        for part in program.parts.values():
            part.check()
    finally:
        program.stop()


def get(url: str) -> bytes:
    """GET; raises ``OSError``, which an HTTP error is too."""
    with _OPENER.open(url, timeout=20) as answer:
        content: bytes = answer.read()
    return content


def get_json(url: str) -> Any:
    """GET JSON."""
    return json.loads(get(url))


def post_json(url: str, body: Mapping[str, Any]) -> Any:
    """POST JSON."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with _OPENER.open(request, timeout=20) as answer:
        return json.loads(answer.read())
