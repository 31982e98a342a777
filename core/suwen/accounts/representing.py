"""Acting for another account when shopping: who has a seat of a group follows and pays its orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from pyramid.request import Request

PORT: Final = "represents"
"""Port: ``(db, member_id, owner_id) -> bool``; nobody represents anybody without it."""


def on_behalf_of(request: Request, owner_id: int) -> int:
    """``owner_id`` for the owner himself and for who represents him; else raises ``NotFound``."""
    identity = request.identity
    if identity.member_id == owner_id:
        return owner_id
    port = request.house.ports.get(PORT)
    # Nobody of the staff reaches a group through the seat of whom he acts for.
    private = "member.private" in identity.permissions
    if port is None or not private or not port(request.db, identity.member_id, owner_id):
        raise NotFound
    return owner_id
