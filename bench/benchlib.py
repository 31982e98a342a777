"""What all benchmarks share: a filled database of their own, real servers, figures.

PostgreSQL is that of ``SUWEN_BENCH_DATABASE_URL`` (a server where databases may be created), else the
one on loopback. Every run makes a database of its own and drops it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql
from sqlalchemy.engine import URL, make_url

from suwen.testing.servers import address, connect, free_port, postgres

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HIDDEN = ROOT / "bench" / "hidden"
SERVER = "SUWEN_BENCH_DATABASE_URL"
WORKERS = 2
START_SECONDS = 60

INI = """
[app:main]
use = egg:suwen
suwen.environment = development
suwen.listen = 127.0.0.1:{port}
suwen.base_url = http://127.0.0.1:{port}
suwen.data_dir = {folder}
suwen.database_url = {url}
suwen.simulator_url = http://127.0.0.1:{simulator}

[server:main]
use = {server}
listen = 127.0.0.1:{port}
workers = {workers}
threads = 8
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A folder and a database with the demonstration and generated data."""

    folder: Path
    url: str
    port: int
    simulator: int
    master_key: str
    secret_key: str

    @property
    def simulator_url(self) -> str:
        """Where the provider is."""
        return f"http://127.0.0.1:{self.simulator}"

    @property
    def base(self) -> str:
        """Where the servers listen."""
        return f"http://127.0.0.1:{self.port}"

    def ini(self, server: str = "granian") -> Path:
        """The site's file for a server: ``granian`` with two workers, or ``waitress``."""
        path = self.folder / f"{server}.ini"
        values = {"port": self.port, "folder": self.folder, "url": self.url, "server": server}
        path.write_text(INI.format(**values, simulator=self.simulator, workers=WORKERS))
        return path

    def environment(self, *, production: bool) -> dict[str, str]:
        """Environment of a process: templates are not looked at for changes in production."""
        clean = {key: text for key, text in os.environ.items() if not key.startswith("SUWEN_")}
        clean["SUWEN_MASTER_KEY"] = self.master_key
        clean["SUWEN_SECRET_KEY"] = self.secret_key
        clean["PYTHONWARNINGS"] = "ignore"
        # Compiled modules are kept, as wherever the program is installed.
        clean.pop("PYTHONDONTWRITEBYTECODE", None)
        clean["PYTHONPATH"] = str(HIDDEN)
        if production:
            clean["SUWEN_ENVIRONMENT"] = "production"
            clean["SUWEN_BASE_URL"] = "https://bench.example"
            clean["SUWEN_HOSTS"] = "127.0.0.1,localhost"
            clean["SUWEN_SIMULATOR_URL"] = ""
        return clean


@contextlib.contextmanager
def database() -> Iterator[str]:
    """URL of an empty database of our own on PostgreSQL."""
    given = os.environ.get(SERVER)
    with contextlib.ExitStack() as stack:
        if given:
            server = make_url(given).set(drivername="postgresql+psycopg")
        else:
            server = stack.enter_context(postgres()).url
        name = f"suwen_bench_{os.getpid()}_{secrets.token_hex(3)}"
        _run_sql(server, "CREATE DATABASE {}", name)
        try:
            yield address(server.set(database=name))
        finally:
            _run_sql(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _run_sql(server: URL, command: str, name: str) -> None:
    with connect(server) as connection:
        connection.execute(sql.SQL(command).format(sql.Identifier(name)))


@contextlib.contextmanager
def site(*, products: int = 1000, members: int = 0, orders: int = 0) -> Iterator[Site]:
    """A site with the demonstration and generated data in 20 categories."""
    folder = Path(tempfile.mkdtemp(prefix="suwen-bench-"))
    try:
        with database() as url:
            keys = base64.b64encode(secrets.token_bytes(32)).decode()
            made = Site(folder, url, free_port(), free_port(), keys, secrets.token_hex(32))
            _fill(made, products, members, orders)
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(made: Site, products: int, members: int, orders: int) -> None:
    say(f"filling a database: {products} products, {members} members, {orders} orders")
    env = made.environment(production=False)
    keys = [sys.executable, "-m", "suwen_dev_simulator", "--port", str(made.simulator)]
    keys += ["--data", str(made.folder / "simulator"), "--keys-only"]
    suwen = [str(BIN / "suwen"), "-c", str(made.ini())]
    counts = {"products": products, "categories": 20, "members": members, "orders": orders}
    load = [word for name, count in counts.items() for word in (f"--{name}", str(count))]
    for command in (keys, [*suwen, "db", "upgrade"], [*suwen, "demo", "load", *load]):
        subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def running(
    command: Sequence[str], env: dict[str, str], probe: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process until the end of the block; begins when ``probe`` answers."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            list(command), env=env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _await(process, probe, log)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _await(process: subprocess.Popen[bytes], probe: str, log: object) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(probe):
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)  # type: ignore[attr-defined]
            raise RuntimeError(log.read().decode()[-3000:])  # type: ignore[attr-defined]
        time.sleep(0.01)


def answers(url: str) -> bool:
    """Whether the address gives 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def serve(
    made: Site, server: str = "granian", *, production: bool = True
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """The site on a real server: Granian with two workers, or Waitress."""
    command = [str(BIN / "suwen"), "-c", str(made.ini(server)), "serve"]
    return running(command, made.environment(production=production), f"{made.base}/healthz")


def simulate(made: Site) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """The gateway simulator."""
    command = [sys.executable, "-m", "suwen_dev_simulator", "--port", str(made.simulator)]
    command += ["--data", str(made.folder / "simulator")]
    return running(command, made.environment(production=False), f"{made.simulator_url}/healthz")


def children(pid: int) -> list[int]:
    """Processes below one, however deep (Linux)."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *children(int(child))]
    return found


def say(text: str) -> None:
    """A line that is no figure."""
    print(f"# {text}", file=sys.stderr, flush=True)


def figure(name: str, text: str) -> None:
    """One figure with the machine's core count."""
    print(f"{name}: {text}  [{os.cpu_count()} cores]", flush=True)
