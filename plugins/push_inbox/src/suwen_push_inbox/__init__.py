"""Inbox (站内信): messages that a member reads on the site."""

from typing import Final

__version__: Final = "0.1.0"
