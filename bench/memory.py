"""Memory of a worker with all plugins, after serving pages.  Run:  python bench/memory.py  (Linux)"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchlib import WORKERS, children, figure, serve, site
from load import run

if TYPE_CHECKING:
    from benchlib import Site

PAGES = ("/", "/products", "/products/medication-safety", "/api/v1/products", "/collection-points")


def resident_mb(pid: int, field: str) -> float:
    """``Rss`` or ``Pss`` (shared pages counted by share) of a process in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(field)


def measure(made: Site) -> None:
    with serve(made) as server:
        for page in PAGES:
            run(made.base + page, seconds=1.5, warm=0.5)
        everybody = [server.pid, *children(server.pid)]
        workers = sorted(everybody[1:], key=lambda pid: -resident_mb(pid, "Rss"))[:WORKERS]
        rss = [resident_mb(pid, "Rss") for pid in workers]
        pss = [resident_mb(pid, "Pss") for pid in workers]
        whole = sum(resident_mb(pid, "Pss") for pid in everybody)
    figure(
        "memory per worker, all plugins",
        f"{max(rss):.0f} MB resident ({max(pss):.0f} MB with shared pages by share)",
    )
    figure("memory of the server and its workers", f"{whole:.0f} MB by share, {WORKERS} workers")


def main() -> None:
    with site() as made:
        measure(made)


if __name__ == "__main__":
    main()
