"""Steps of an answering session."""

from __future__ import annotations

from typing import Final

from suwen.kernel.states import machine

OPEN: Final = "open"
SUBMITTED: Final = "submitted"
ABANDONED: Final = "abandoned"

ANSWERING: Final = machine("answering session", open=f"{SUBMITTED} {ABANDONED}")
