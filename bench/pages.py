"""Measures one page: on Granian with two workers, its statements, and the ceiling beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchlib import BIN, WORKERS, figure, running, serve, site
from counting import local
from load import Load, run

from suwen.testing.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchlib import Site

HERE = Path(__file__).parent


def ceiling(made: Site, path: str) -> Load:
    """The same answer from bare Pyramid on the same server and database."""
    port = free_port()
    env = {**os.environ, "CEILING_DATABASE_URL": made.url, "PYTHONPATH": str(HERE)}
    command = [str(BIN / "granian"), "--interface", "wsgi", "--port", str(port)]
    command += ["--host", "127.0.0.1", "--workers", str(WORKERS), "--blocking-threads", "8"]
    with running([*command, "ceiling:app"], env, f"http://127.0.0.1:{port}{path}"):
        return run(f"http://127.0.0.1:{port}{path}")


def measure(made: Site, pages: Iterable[tuple[str, str]]) -> None:
    """Print the figures of ``(name, path)``."""
    found: dict[str, tuple[Load, int]] = {}
    pages = list(pages)
    with local(made) as here:
        counts = {path: here.get(path) for _name, path in pages}
    with serve(made):
        for name, path in pages:
            found[name] = run(made.base + path), counts[path]
    for name, path in pages:
        load, statements = found[name]
        most = ceiling(made, path)
        share = load.rate / most.rate
        figure(
            name,
            f"{load}, {statements} SQL; ceiling {most.rate:,.0f} req/s, ratio {share:.2f}",
        )


def main(name: str, path: str) -> None:
    """One page by itself."""
    with site() as made:
        measure(made, [(name, path)])
