"""A payment provider on this machine, for development and tests. It knows nothing of Suwen."""

from typing import Final

__version__: Final = "0.1.0"
