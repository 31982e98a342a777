"""Starting the worker: one process per document, killed when its time is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, Final

from suwen_archive_gene_report.refusals import REASONS, refusal

WALL_S: Final = 4.5
"""With the start of the process, everything ends within five seconds."""
_WORKER: Final = "suwen_archive_gene_report.worker"
# Nothing else of our environment: it may hold secrets.
_KEPT: Final = ("PATH", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Finding:
    """What the worker saw."""

    pages: int
    parsed: dict[str, str] = field(default_factory=dict)


class WorkerBrokenError(RuntimeError):
    """The worker itself does not work, whatever the document: a fault of the installation."""


def look(content: bytes, max_pages: int) -> Finding:
    """Let a worker look at a document.

    Raises ``UploadRefused``, and ``WorkerBrokenError`` where no document at all can be looked at.
    """
    command = [sys.executable, "-I", "-B", "-m", _WORKER, str(max_pages)]
    try:
        done = subprocess.run(
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            timeout=WALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise refusal("too_heavy") from None
    if done.returncode < 0:
        # Killed by a limit, or crashed where not even that could be said.
        raise refusal("too_heavy")
    if done.returncode > 0:
        raise WorkerBrokenError(f"the worker ended with status {done.returncode}")
    return _read(json.loads(done.stdout))


def _read(answer: dict[str, Any]) -> Finding:
    code = answer.get("refused")
    if code is not None:
        raise refusal(code if code in REASONS else "malformed")
    return Finding(answer["pages"], answer["parsed"])
