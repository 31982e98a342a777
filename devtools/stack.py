"""``dev.py run``: gateway simulator, site and job runner, started in order and stopped together."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

from devtools.environment import ROOT, program, set_up
from devtools.terminal import ProblemError, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GRACE_SECONDS = 10
START_SECONDS = 90
HIGHEST_PORT = 65534


class StoppedError(BaseException):
    """Ctrl-C or SIGTERM."""


class Service:
    """A running process whose lines are printed behind its name."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        # The same process group as ours: whoever kills the group reaches every one of them.
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._copier = threading.Thread(target=self._copy_lines, daemon=True)
        self._copier.start()

    def _copy_lines(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - a pipe was asked for above
        for line in self.process.stdout:
            say(f"{self.name:<9} | {line.rstrip()}")

    def stop(self, deadline: float) -> None:
        """Ask, wait until the deadline, then kill."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"{self.name} did not stop in {GRACE_SECONDS} seconds: killing it")
            self.process.kill()
            self.process.wait()
        # Its last lines often say why it ended.
        self._copier.join(timeout=2)


def run(port: int, data: Path) -> int:
    """Site, job runner and gateway simulator until Ctrl-C, SIGTERM or the death of one."""
    if not 1 <= port <= HIGHEST_PORT:
        raise ProblemError(f"--port must be between 1 and {HIGHEST_PORT}")
    _check_free(port)
    _check_free(port + 1)
    set_up()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ini = _write_ini(data, port)
    suwen = [program("suwen"), "-c", str(ini)]
    simulator = [program("python"), "-m", "suwen_dev_simulator", "--port", str(port + 1)]
    simulator += ["--data", str(data / "simulator")]
    services: list[Service] = []
    signal.signal(signal.SIGTERM, _raise_stopped)
    signal.signal(signal.SIGINT, _raise_stopped)
    try:
        services.append(Service("simulator", simulator))
        # Its keys must stand before the demonstration data names them.
        _wait_for(f"http://127.0.0.1:{port + 1}/healthz", services)
        _finish([*suwen, "db", "upgrade"])
        _finish([*suwen, "demo", "load"])
        services.append(Service("site", [*suwen, "serve"]))
        services.append(Service("jobs", [*suwen, "work"]))
        _wait_for(f"http://127.0.0.1:{port}/healthz", services)
        _print_welcome(port)
        while True:
            _check_alive(services)
            time.sleep(0.3)
    except StoppedError:
        say("Stopping")
        return 0
    finally:
        _stop_all(services)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            reason: str | None = "something listens there"
        else:
            reason = _bind(port)
    if reason:
        raise ProblemError(
            f"port {port} cannot be used ({reason}): choose another with --port; the site takes N "
            "and the gateway simulator N+1"
        )


def _bind(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror
    return None


def _write_ini(data: Path, port: int) -> Path:
    """``development.ini`` with the three values of its [DEFAULT] section filled in."""
    text = (ROOT / "development.ini").read_text(encoding="utf-8")
    values = {"data": str(data), "port": str(port), "simulator_port": str(port + 1)}
    for key, value in values.items():
        line = f"{key} = {value.replace('%', '%%')}"
        # A path may hold what a replacement text would interpret.
        text, count = re.subn(rf"(?m)^{key} = .*$", line.replace("\\", r"\\"), text)
        if count != 1:
            raise ProblemError(f"development.ini must set {key!r} exactly once")
    ini = data / "suwen.ini"
    ini.write_text(text, encoding="utf-8")
    return ini


def _raise_stopped(*_: object) -> None:
    raise StoppedError


def _finish(command: Sequence[str]) -> None:
    words = " ".join(command[3:])
    say(f"suwen {words}")
    status = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
    if status != 0:
        raise ProblemError(f"suwen {words} ended with status {status}")


def _check_alive(services: Sequence[Service]) -> None:
    for service in services:
        if service.process.poll() is not None:
            # Ctrl-C reaches all of us at once: leave our own signal the time to arrive.
            time.sleep(0.2)
            raise ProblemError(f"{service.name} ended with status {service.process.returncode}")


def _stop_all(services: Sequence[Service]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for service in services:
        if service.process.poll() is None:
            service.process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for service in services:
        service.stop(deadline)


def _get(url: str) -> bytes:
    # Loopback never goes through a proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        body: bytes = response.read()
    return body


def _wait_for(url: str, services: Sequence[Service]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        _check_alive(services)
        try:
            _get(url)
        except OSError as error:
            if time.monotonic() > deadline:
                raise ProblemError(f"{url} gave no answer: {error}") from None
            time.sleep(0.1)
        else:
            return


def _print_welcome(port: int) -> None:
    accounts = json.loads(_get(f"http://127.0.0.1:{port}/_dev/accounts.json"))["items"]
    say(f"\n  Shop       http://127.0.0.1:{port}/")
    say(f"  Admin      http://127.0.0.1:{port}/admin")
    say(f"  Simulator  http://127.0.0.1:{port + 1}/\n")
    rows = [("Role", "Address", "Password", "TOTP secret")]
    keys = ("role", "address", "password", "totp_secret")
    rows += [tuple(str(item[key] or "") for key in keys) for item in accounts]  # type: ignore[misc]
    widths = [max(len(row[column]) for row in rows) for column in range(len(keys))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say("  " + "  ".join(cells).rstrip())
    say("\n  A code for a TOTP secret: python3 dev.py totp SECRET.  Ctrl-C stops everything.\n")
