"""From starting the process to its first answer, all plugins on.  Run:  python bench/startup.py"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchlib import BIN, ROOT, answers, figure, site

if TYPE_CHECKING:
    from benchlib import Site

ROUNDS = 5
GIVE_UP_S = 60


def once(made: Site) -> float:
    """Seconds until the list of products is there; the server is Waitress, in one process."""
    command = [str(BIN / "suwen"), "-c", str(made.ini("waitress")), "serve"]
    env = made.environment(production=True)
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not answers(f"{made.base}/products"):
            assert process.poll() is None, "the site did not start"
            assert time.perf_counter() < start + GIVE_UP_S, "no answer"
            time.sleep(0.005)
        return time.perf_counter() - start
    finally:
        process.terminate()
        process.wait()


def bare() -> float:
    """Seconds of a process that only imports what everybody uses here."""
    start = time.perf_counter()
    code = "import pyramid.config, sqlalchemy.orm, psycopg, jinja2, waitress"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
    return time.perf_counter() - start


def measure(made: Site) -> None:
    times = sorted(once(made) for _ in range(ROUNDS))
    floor = min(bare() for _ in range(3))
    figure(
        "start to first answer, all plugins",
        f"{statistics.median(times):.2f} s (best {times[0]:.2f}); libraries alone {floor:.2f} s",
    )


def main() -> None:
    with site(products=20) as made:
        measure(made)


if __name__ == "__main__":
    main()
