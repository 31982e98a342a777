"""Key, wording and texts as JSON."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def read(name: str) -> Any:
    """Content of a data file of this package."""
    return json.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))
