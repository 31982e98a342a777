"""What every domain says about its personal data: a copy of it, and what erasing leaves.

A domain's object stands in its ``personal.py`` and is registered once, in ``install`` or
``includeme``. Beside the methods of ``DomainData`` it may have

``files(db, member_id)``       pairs of name and content for the member's copy
``stored(db, member_id)``      names in the file store, deleted before ``erase`` is called
``open_items(db, member_id)``  what must be settled before an erasure can begin
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from suwen.hookspecs.lifecycle import Erased, OpenItem, Retention

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

__all__ = ["DomainData", "Erased", "OpenItem", "Retention", "keep_for", "personal_data", "register"]

PORT: Final = "personal_data"
RETENTION: Final = "retention"


class DomainData(Protocol):
    """The personal data of one domain. Both methods work in the caller's transaction."""

    name: str
    title: str

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """JSON-ready copy of what is kept about the member, and of nobody else's data."""
        ...

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Delete or anonymise it; doing it again changes nothing. Lines for the receipt."""
        ...


def register(house: House, data: DomainData) -> None:
    """Add a domain's object."""
    house.ports.setdefault(PORT, []).append(data)


def personal_data(house: House) -> Sequence[DomainData]:
    """All domains' objects, from the lowest floor to the highest."""
    return tuple(house.ports.get(PORT, ()))


def keep_for(house: House, rule: Retention) -> None:
    """Add a retention rule."""
    house.ports.setdefault(RETENTION, []).append(rule)
