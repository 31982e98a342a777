"""Suwen 素问: an open platform for gene-testing health services."""

from typing import Final

import pluggy

__version__: Final = "0.1.0"

PROJECT: Final = "suwen"
ENTRY_POINT_GROUP: Final = "suwen.plugins"

hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)
