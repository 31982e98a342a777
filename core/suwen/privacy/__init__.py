"""Privacy (隐私): export of everything about a member, erasure, and how long what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.privacy import models

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = ["models"]


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
