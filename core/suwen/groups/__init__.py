"""Group members (团体会员): their staff, their roster, what they order for it and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts.people.merging import PORT as MERGERS
from suwen.groups import models
from suwen.groups.merging import merger

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = ["models"]


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    config.registry.house.ports.setdefault(MERGERS, []).append(merger())
