"""What the commands say, and how they give up."""

from __future__ import annotations

import sys


class ProblemError(Exception):
    """Something the user can put right; its text says how."""


def say(text: str) -> None:
    """Print a line, at once and whole: several threads speak."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
