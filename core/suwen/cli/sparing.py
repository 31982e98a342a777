"""What a server does so that its workers stay small: docs/performance.md has the figures."""

from __future__ import annotations

import ctypes
import gc
import importlib
import linecache
import sys
from typing import Final

# Of malloc.h. A heap keeps what the largest page once needed, and glibc makes one for every thread.
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
M_ARENA_MAX: Final = -8
CHUNK: Final = 128 * 1024

COLLECT: Final = (700, 1, 1)
"""Old objects are looked at with the young: there are few, for what is loaded at the start is frozen,
and a request that waits in the older generations holds its page."""


def one_heap() -> None:
    """One heap for all threads, and large pieces back to the system: call before any thread runs.

    The environment would be too late, as glibc reads it when the process starts; other C libraries
    have no such knobs and are left alone.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:
        set_option(M_ARENA_MAX, 1)
        set_option(M_TRIM_THRESHOLD, CHUNK)
        set_option(M_MMAP_THRESHOLD, CHUNK)


def without_redis(queue_url: str) -> None:
    """Huey takes the client of Redis along wherever it is installed: 6 MB that only redis:// uses."""
    if not queue_url.startswith("redis"):
        sys.modules["redis"] = None  # type: ignore[assignment]


def preload() -> None:
    """Load the program's code before workers are forked, so that they share its pages."""
    from suwen.app import INCLUDES

    for name in INCLUDES:
        importlib.import_module(name)
    settle()


def settle() -> None:
    """When all is loaded: drop the source lines Pyramid read, and keep the rest out of collections."""
    linecache.clearcache()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)
