"""Time of the simulator: real moments, but waits that can be shortened."""

from __future__ import annotations

import time
from collections.abc import Callable

from suwen_dev_simulator.store import Store

MAX_SPEED = 1_000_000.0


class Clock:
    """Moments stay real, because signatures carry them; only durations are divided by the speed."""

    def __init__(self, store: Store, read: Callable[[], float] = time.time) -> None:
        """``read`` gives seconds since 1970."""
        self._store = store
        self._read = read

    def now(self) -> float:
        """Seconds since 1970."""
        return self._read()

    @property
    def speed(self) -> float:
        """How many seconds of the provider pass in a real one."""
        return float(self._store.knob("speed", 1))

    def wait(self, seconds: float) -> float:
        """The real length of a wait of the provider's."""
        return seconds / self.speed

    def set_speed(self, speed: float) -> None:
        """Change it; waits that have begun are shortened or stretched with it."""
        if not 0 < speed <= MAX_SPEED:
            raise ValueError(f"speed must be above 0 and at most {MAX_SPEED:.0f}")
        with self._store.transaction():
            ratio, now = self.speed / speed, self.now()
            for table, column in (("delivery", "due_at"), ("refund", "settles_at")):
                self._store.run(
                    f"update {table} set {column} = ? + ({column} - ?) * ? where {column} > ?",  # noqa: S608
                    now,
                    now,
                    ratio,
                    now,
                )
            self._store.turn("speed", speed)
