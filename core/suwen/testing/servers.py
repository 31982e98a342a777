"""Real servers for tests: found on the machine, or started in a temporary folder.

In this order: the address in the environment, the standard port on loopback, a server of our own
made with the machine's programs. The fixtures that use them are in ``suwen.testing.fixtures``.
"""

from __future__ import annotations

import contextlib
import getpass
import glob
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from sqlalchemy.engine import URL, make_url

START_SECONDS = 30
POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/latest/bin",
)
CHROMIUMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/usr/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# The shell ends the server when our end of its standard input closes, however we end.
GUARD = 'stop=$1; shift; "$@" </dev/null & cat >/dev/null; kill "-$stop" $!; wait $!'


# In place of an address: do not look for a server. One of our own is several times faster than a
# found one, which cares for the data of tests as if it were real.
OWN = "own"


class MissingError(Exception):
    """This machine has no such server; the text says what was tried and what to install."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; ``own`` when it was started for these tests and ends with them."""

    url: URL
    own: bool


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """A PostgreSQL where databases may be created; raises ``MissingError``."""
    given = os.environ.get("SUWEN_TEST_POSTGRES_URL")
    if given == OWN:
        with _own_postgres() as url:
            yield Server(url, own=True)
        return
    if given:
        url = make_url(given).set(drivername="postgresql+psycopg")
        if not _may_create_databases(url):
            raise MissingError("SUWEN_TEST_POSTGRES_URL gives no server that may create databases")
        yield Server(url, own=False)
        return
    for user in dict.fromkeys(("postgres", getpass.getuser())):
        url = URL.create(
            "postgresql+psycopg", user, host="127.0.0.1", port=5432, database="postgres"
        )
        if _may_create_databases(url):
            yield Server(url, own=False)
            return
    with _own_postgres() as url:
        yield Server(url, own=True)


def _may_create_databases(url: URL) -> bool:
    try:
        with connect(url, connect_timeout=2) as connection:
            query = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
            row = connection.execute(query).fetchone()
    except psycopg.OperationalError:
        return False
    return row is not None and bool(row[0])


def connect(url: URL, **options: int) -> psycopg.Connection:
    """An autocommitting connection, without SQLAlchemy between."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, **options)  # type: ignore[arg-type]


@contextlib.contextmanager
def _own_postgres() -> Iterator[URL]:
    programs = _postgres_programs()
    user = _unprivileged()
    password = secrets.token_hex(16)
    port = free_port()
    with _folder(user) as folder:
        secret = folder / "password"
        secret.write_text(password, encoding="ascii")
        _hand_over(secret, user)
        making = [f"{programs}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-E", "UTF8"]
        making += ["--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync"]
        _run(making, user)
        # Tests lose nothing when the machine dies.
        fast = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
        options = [*fast, "listen_addresses=127.0.0.1", f"port={port}", "max_connections=200"]
        options += [f"unix_socket_directories={folder}"]
        command = [f"{programs}/postgres", "-D", f"{folder}/data"]
        command += [word for option in options for word in ("-c", option)]
        url = URL.create("postgresql+psycopg", "postgres", password, "127.0.0.1", port, "postgres")
        # INT is PostgreSQL's fast shutdown; TERM would wait for the last client.
        with _running(command, folder, user, lambda: _may_create_databases(url), stop="INT"):
            yield url


def _postgres_programs() -> Path:
    on_path = shutil.which("postgres")
    found = [Path(on_path).resolve().parent] if on_path else []
    for pattern in POSTGRES_FOLDERS:
        found += [Path(name) for name in sorted(glob.glob(pattern), reverse=True)]  # noqa: PTH207
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise MissingError(
        "no PostgreSQL: SUWEN_TEST_POSTGRES_URL names none, nothing on 127.0.0.1:5432 lets us "
        "create databases, and initdb is not installed (Debian: apt-get install postgresql)"
    )


@contextlib.contextmanager
def redis_server() -> Iterator[Server]:
    """A Redis or Valkey; raises ``MissingError``. Take a database of it with ``claim_redis``."""
    given = os.environ.get("SUWEN_TEST_REDIS_URL")
    url = make_url(given or "redis://127.0.0.1:6379")
    if _answers(url):
        yield Server(url, own=False)
        return
    if given:
        raise MissingError("SUWEN_TEST_REDIS_URL does not answer")
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise MissingError(
            "no Redis: SUWEN_TEST_REDIS_URL is not set, nothing answers on 127.0.0.1:6379 and "
            "redis-server is not installed (Debian: apt-get install redis-server)"
        )
    port = free_port()
    url = make_url(f"redis://127.0.0.1:{port}")
    user = _unprivileged()
    with _folder(user) as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no"]
        with _running(command, folder, user, lambda: _answers(url)):
            yield Server(url, own=True)


def _answers(url: URL) -> bool:
    try:
        with redis.Redis.from_url(address(url), socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def chromium() -> Path:
    """The system's Chromium or Chrome; raises ``MissingError``."""
    given = os.environ.get("SUWEN_TEST_CHROMIUM")
    for name in (given,) if given else CHROMIUMS:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise MissingError(
        "no Chromium: install it (Debian: apt-get install --no-install-recommends chromium "
        "fonts-noto-cjk) or name it in SUWEN_TEST_CHROMIUM"
    )


def address(url: URL) -> str:
    """The URL as a string that holds the password."""
    return url.render_as_string(hide_password=False)


def free_port() -> int:
    """A port of loopback that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to become when we are root: servers refuse to run as root, or should."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise MissingError("running as root, and there is no user postgres or nobody to become")


@contextlib.contextmanager
def _folder(user: pwd.struct_passwd | None) -> Iterator[Path]:
    # Not below pytest's folder, which is root's own; and short, for the path of the socket.
    folder = Path(tempfile.mkdtemp(prefix="suwen-test-"))
    _hand_over(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hand_over(path: Path, user: pwd.struct_passwd | None) -> None:
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _run(command: Sequence[str], user: pwd.struct_passwd | None) -> None:
    result = subprocess.run(
        command,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if result.returncode != 0:
        raise MissingError(f"{command[0]} failed: {result.stderr or result.stdout}")


@contextlib.contextmanager
def _running(
    command: Sequence[str],
    folder: Path,
    user: pwd.struct_passwd | None,
    ready: Callable[[], bool],
    stop: str = "TERM",
) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "sh", stop, *command],
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            # Ctrl-C in the terminal is for pytest, which then ends this in order.
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                raise MissingError(f"{command[0]} does not answer: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
