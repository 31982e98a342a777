"""Notifications: queued with the fact, sent in the background, repeated until they are taken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx

from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.faults import FaultBoard
from suwen_dev_simulator.loopback import host_of, is_loopback
from suwen_dev_simulator.providers import Provider
from suwen_dev_simulator.store import Row, Store

Send = Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]
"""Post a notification; status 0 stands for no answer."""

ANSWER_WITHIN_S: Final = 5.0
REORDER_HOLD_S: Final = 2.0
_BATCH: Final = 50


class LoopbackSender:
    """Posts to this machine only: simulated money must not reach anybody else."""

    def __init__(self) -> None:
        """One pool of connections, without proxies and redirects."""
        self._client = httpx.Client(timeout=ANSWER_WITHIN_S, trust_env=False)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Send and read the answer; 0 when there is none."""
        if not is_loopback(host_of(url)):
            return 0, b"not a loopback address"
        try:
            answer = self._client.post(url, headers=dict(headers), content=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return 0, type(error).__name__.encode()
        self._client.cookies.clear()
        return answer.status_code, answer.content

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()


class Post:
    """The queue of notifications of all providers."""

    def __init__(self, store: Store, clock: Clock, faults: FaultBoard, send: Send) -> None:
        """Deliver with ``send``."""
        self._store = store
        self._clock = clock
        self._faults = faults
        self._send = send
        self.providers: dict[str, Provider] = {}
        self.woken = threading.Event()

    def queue(self, provider: str, **values: Any) -> None:
        """Add a notification: event, notification_id, number, url and payload."""
        faults = self._faults.present()
        hold = REORDER_HOLD_S if faults.reorder else 0
        due = self._clock.now() + faults.delay_s + hold
        self._store.insert(
            "delivery", provider=provider, tries=0, due_at=due, state="waiting", **values
        )
        self.woken.set()

    def deliver_due(self, pool: ThreadPoolExecutor | None = None) -> int:
        """Send everything that is due and return how much it was.

        In the order of the queue, or newest first with the fault ``reorder``; with a pool several
        at a time.
        """
        for provider in self.providers.values():
            provider.settle_refunds()
        sent = 0
        while batch := self._claim():
            sent += len(batch)
            if pool is None or self._faults.present().reorder:
                for delivery in batch:
                    self._deliver(delivery)
            else:
                list(pool.map(self._deliver, batch))
        return sent

    def _claim(self) -> Sequence[Row]:
        direction = -1 if self._faults.present().reorder else 1
        with self._store.transaction():
            rows = self._store.all(
                "select * from delivery where state = 'waiting' and due_at <= ? "
                "order by id * ? limit ?",
                self._clock.now(),
                direction,
                _BATCH,
            )
            for row in rows:
                self._store.run("update delivery set state = 'sending' where id = ?", row["id"])
        return rows

    def _deliver(self, delivery: Row) -> None:
        provider, faults = self.providers[delivery["provider"]], self._faults.present()
        status, taken = 0, False
        if not self._faults.take("drop"):
            for _copy in range(1 + faults.duplicate):
                envelope = provider.envelope(delivery, faults)
                status, body = self._send(delivery["url"], envelope.headers, envelope.body)
                taken = taken or provider.taken(status, body)
        self._settle(delivery, provider.schedule, status, taken=taken)

    def _settle(
        self, delivery: Row, schedule: Sequence[float], status: int, *, taken: bool
    ) -> None:
        tries, due, state = delivery["tries"] + 1, delivery["due_at"], "waiting"
        if taken:
            state = "taken"
        elif tries > len(schedule):
            state = "given_up"
        else:
            due = self._clock.now() + self._clock.wait(schedule[tries - 1])
        self._store.run(
            "update delivery set tries = ?, due_at = ?, state = ?, answered = ? where id = ?",
            tries,
            due,
            state,
            status,
            delivery["id"],
        )


class Postman(threading.Thread):
    """Delivers until it is told to stop."""

    def __init__(self, post: Post, *, every_s: float = 0.1, hands: int = 4) -> None:
        """``hands`` notifications may be under way at once."""
        super().__init__(name="postman", daemon=True)
        self._post = post
        self._every_s = every_s
        self._hands = hands
        self._stopped = threading.Event()

    def run(self) -> None:
        """Wake up regularly, and at once when something has been queued."""
        with ThreadPoolExecutor(self._hands, "postman") as pool:
            while not self._stopped.is_set():
                self._post.woken.wait(self._every_s)
                self._post.woken.clear()
                self._post.deliver_due(pool)

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._stopped.set()
        self._post.woken.set()
        self.join(timeout=2 * ANSWER_WITHIN_S)
