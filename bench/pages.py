"""Measures pages on Granian with two workers, beside the ceiling on the same server and database.

Both servers run at once and are asked in turn, a second each, so that what else the machine does hits
both alike. The figure to compare is the median of the ratios of neighbouring rounds.
"""

from __future__ import annotations

import contextlib
import os
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from benchlib import BIN, WORKERS, figure, running, serve, site
from ceiling import make
from counting import cpu_ms, local
from load import Load, run

from suwen.testing.servers import free_port

if TYPE_CHECKING:
    import subprocess

    from benchlib import Site

HERE = Path(__file__).parent
ROUNDS = 11
SECONDS = 1.0


def ceiling(made: Site, port: int) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Bare Pyramid; see ``ceiling.py``."""
    env = {**os.environ, "CEILING_DATABASE_URL": made.url, "PYTHONPATH": str(HERE)}
    command = [str(BIN / "granian"), "--interface", "wsgi", "--port", str(port)]
    command += ["--host", "127.0.0.1", "--workers", str(WORKERS), "--blocking-threads", "8"]
    return running([*command, "ceiling:app"], env, f"http://127.0.0.1:{port}/api/v1/products")


def in_turn(ours: str, most: str) -> tuple[Load, float, float]:
    """The median round of ours, the ceiling's median rate, and the median of the ratios."""
    for url in (ours, most):
        run(url, seconds=0.5, warm=1.0)
    loads, ceilings = [], []
    for _ in range(ROUNDS):
        loads.append(run(ours, seconds=SECONDS, warm=0))
        ceilings.append(run(most, seconds=SECONDS, warm=0).rate)
    ratios = [load.rate / rate for load, rate in zip(loads, ceilings, strict=True)]
    loads.sort(key=lambda load: load.rate)
    return loads[ROUNDS // 2], statistics.median(ceilings), statistics.median(ratios)


def measure(made: Site, pages: Iterable[tuple[str, str]]) -> None:
    """Print the figures of ``(name, path)``."""
    pages = list(pages)
    with local(made, production=True) as here:
        counts = {path: here.get(path) for _name, path in pages}
        own = {path: here.cpu_ms(path) for _name, path in pages}
    with patch.dict(os.environ, {"CEILING_DATABASE_URL": made.url}):
        bare = {path: cpu_ms(make(), path) for _name, path in pages}
    port = free_port()
    with serve(made), ceiling(made, port):
        for name, path in pages:
            load, most, ratio = in_turn(made.base + path, f"http://127.0.0.1:{port}{path}")
            figure(
                name,
                f"{load}, {counts[path]} SQL, {own[path]:.1f} ms of processor; "
                f"ceiling {most:,.0f} req/s, {bare[path]:.1f} ms; ratio {ratio:.2f}",
            )


def main(name: str, path: str) -> None:
    """One page by itself."""
    with site() as made:
        measure(made, [(name, path)])
