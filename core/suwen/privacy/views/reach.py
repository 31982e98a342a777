"""What counts for the whole house is changed by whoever holds his permission everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from pyramid.request import Request


def for_the_whole_house(request: Request, permission: str) -> None:
    """Raise ``NotFound`` for who holds the permission in some regions only."""
    if request.identity.regions_of(permission) is not None:
        raise NotFound
