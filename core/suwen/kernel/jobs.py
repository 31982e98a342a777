"""Waking workers and periodic jobs, on Huey.

The domains see ``periodic`` and the outbox only. Huey keeps its own SQLite file: it locks it
exclusively, which in the program's file would hold up every request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from suwen.kernel.outbox import Outbox

log = structlog.get_logger(__name__)

Job = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job and how often it runs, as minutes of a crontab. It may run twice: idempotent."""

    name: str
    job: Job
    every_minutes: int


class Jobs:
    """The queue of one process."""

    def __init__(self, queue_url: str, outbox: Outbox) -> None:
        """Wake through ``queue_url``: ``memory://``, ``sqlite:///…`` or ``redis://…``."""
        if not queue_url.startswith(("memory://", "sqlite:///", "redis")):
            raise ValueError("the queue is memory://, sqlite:///… or redis://…")
        self._queue_url = queue_url
        self._outbox = outbox
        self._periodic: dict[str, Periodic] = {}
        self._consumer: Any = None

    @cached_property
    def huey(self) -> Any:
        """Loaded with its first use: a process that serves pages and wakes nobody has none."""
        made = _huey(self._queue_url)
        made.drain = made.task(name="drain")(self._drain)
        return made

    def _drain(self) -> None:
        self._outbox.drain()

    def wake(self) -> None:
        """Tell a worker that there is work; if the queue is down the sweep finds it later."""
        try:
            self.huey.drain()
        except Exception as error:  # noqa: BLE001 - the row stands, the sweep will find it
            log.warning("jobs.wake_failed", error=type(error).__name__)

    def periodic(self, name: str, job: Job, *, every_minutes: int = 1) -> None:
        """Run ``job`` regularly on one of the workers."""
        if name in self._periodic:
            raise ValueError(f"two periodic jobs named {name}")
        self._periodic[name] = Periodic(name, job, every_minutes)

    def run_periodic(self, name: str) -> None:
        """Run one periodic job now, in this thread."""
        self._periodic[name].job()

    def start(self, workers: int = 2) -> None:
        """Start consumer threads inside this process."""
        from huey import crontab

        self.periodic("outbox.sweep", self._drain)
        for name, each in self._periodic.items():
            minute = f"*/{each.every_minutes}" if each.every_minutes < 60 else "0"
            self.huey.periodic_task(crontab(minute=minute), name=f"periodic.{name}")(each.job)
        self._consumer = self.huey.create_consumer(workers=workers, backoff=1.0, max_delay=2.0)
        # Inside another program that program's signal handlers are left alone.
        self._consumer._set_signal_handlers = lambda: None  # noqa: SLF001
        self._consumer.start()
        self.wake()

    def stop(self) -> None:
        """End the consumer threads."""
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
            self._consumer = None

    def work(self, stopped: threading.Event, workers: int = 2) -> None:
        """Work in the foreground until ``stopped`` is set."""
        self.start(workers)
        stopped.wait()
        self.stop()


def _huey(url: str) -> Any:
    from huey import MemoryHuey, RedisHuey, SqliteHuey

    if url == "memory://":
        return MemoryHuey("suwen", immediate=False)
    if url.startswith("sqlite:///"):
        return SqliteHuey("suwen", filename=url.removeprefix("sqlite:///"), fsync=False)
    return RedisHuey("suwen", url=url)
