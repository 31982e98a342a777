"""Health for operators and load balancers: alive, and ready to be sent people.

Readiness is looked at by one thread per part, so that a part that hangs is named within two seconds
and no second look piles up behind it.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import structlog
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from suwen.kernel import migrations

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

    from suwen.kernel.house import House

log = structlog.get_logger(__name__)

DEADLINE_S: Final = 1.8
REUSE_S: Final = 1.0
MIN_FREE_BYTES: Final = 200 * 1024 * 1024

Probe = Callable[[], None]


class NotReady(Exception):
    """A part works but cannot serve now."""


class Readiness:
    """Asks every part, at most once a second; ``failing()`` names those that cannot serve."""

    def __init__(self, probes: Mapping[str, Probe], deadline_s: float = DEADLINE_S) -> None:
        """A probe returns, or raises; whatever has not returned by the deadline has failed."""
        self._probes = dict(probes)
        self._deadline_s = deadline_s
        self._running: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._last: tuple[float, tuple[str, ...]] | None = None

    def failing(self) -> tuple[str, ...]:
        """Names of the parts that cannot serve."""
        with self._lock:
            if self._last is not None and time.monotonic() - self._last[0] < REUSE_S:
                return self._last[1]
            found = self._look()
            self._last = (time.monotonic(), found)
            return found

    def _look(self) -> tuple[str, ...]:
        done: set[str] = set()
        until = time.monotonic() + self._deadline_s
        stuck = {name for name, thread in self._running.items() if thread.is_alive()}
        for name in self._probes.keys() - stuck:
            thread = threading.Thread(target=self._ask, args=(name, done), daemon=True)
            self._running[name] = thread
            thread.start()
        for thread in self._running.values():
            thread.join(max(0.0, until - time.monotonic()))
        return tuple(name for name in self._probes if name not in done)

    def _ask(self, name: str, done: set[str]) -> None:
        try:
            self._probes[name]()
        except Exception as error:  # noqa: BLE001 - whatever it is, the part is not ready
            log.warning("readiness.failing", part=name, error=f"{type(error).__name__}: {error}")
        else:
            done.add(name)


def probes(house: House) -> Mapping[str, Probe]:
    """What must work before people are sent here."""
    return {
        "database": DatabaseProbe(house),
        "queue": lambda: _queue(house),
        "storage": lambda: _storage(house),
        "disk": lambda: _disk(house),
        "migrations": MigrationsProbe(house),
    }


class DatabaseProbe:
    """Writes a row and takes it back, on a connection of its own with short limits."""

    def __init__(self, house: House) -> None:
        """Look at the database of ``house``."""
        if house.database.is_sqlite:
            arguments: dict[str, object] = {"timeout": 1.5}
        else:
            limits = "-c statement_timeout=1500 -c lock_timeout=1500"
            arguments = {"connect_timeout": 2, "options": limits}
        self._engine = create_engine(house.database.url, connect_args=arguments, poolclass=NullPool)

    def __call__(self) -> None:
        """Insert and roll back; raises what the database says."""
        with self._engine.connect() as connection:
            connection.execute(
                text("INSERT INTO cache_version (name, version) VALUES ('readyz', 0)")
            )
            connection.rollback()


class MigrationsProbe:
    """Asks until the histories are at their heads; a newer release may then move them on."""

    def __init__(self, house: House) -> None:
        """Look at the histories of ``house``."""
        self._house = house
        self._reached = False

    def __call__(self) -> None:
        """Raises ``NotReady`` when something has not run."""
        self._reached = self._reached or migrations.at_head(self._house)
        if not self._reached:
            raise NotReady("run: suwen db upgrade")


def _queue(house: House) -> None:
    house.jobs.huey.storage.queue_size()


def _storage(house: House) -> None:
    stored = house.files.put(b"readyz", house.vault.house)
    house.files.delete(stored.name)


def _disk(house: House) -> None:
    free = shutil.disk_usage(house.settings.path()).free
    if free < MIN_FREE_BYTES:
        raise NotReady(f"{free // 1024 // 1024} MB free")


def healthz(request: Request) -> Response:  # noqa: ARG001
    """View: the process answers; nothing else is touched."""
    return Response(json={"status": "ok"}, headerlist=_headers())


def readyz(request: Request) -> Response:
    """View: 200, or 503 with the names of the failing parts."""
    failing = request.registry["suwen.readiness"].failing()
    status = 503 if failing else 200
    answer = {"status": "failing" if failing else "ok", "failing": list(failing)}
    response = Response(json=answer, status=status, headerlist=_headers())
    if failing:
        response.headers["Retry-After"] = "5"
    return response


def _headers() -> list[tuple[str, str]]:
    return [("Content-Type", "application/json"), ("Cache-Control", "no-store")]


def includeme(config: Configurator) -> None:
    """Mount both."""
    config.registry["suwen.readiness"] = Readiness(probes(config.registry.house))
    for name, view in (("healthz", healthz), ("readyz", readyz)):
        config.add_route(name, f"/{name}")
        config.add_view(
            view, route_name=name, request_method="GET", permission=NO_PERMISSION_REQUIRED
        )
