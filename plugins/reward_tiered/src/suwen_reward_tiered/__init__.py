"""Two-level percentage reward (两级返现)."""

from typing import Final

__version__: Final = "0.1.0"
