"""How far a permission reaches in lists: regions and branches, as services take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from suwen.accounts.models import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select


@dataclass(frozen=True, slots=True)
class Reach:
    """Codes of regions and ids of branches; None is no limit. What it holds lies within both."""

    regions: Sequence[str] | None = None
    branches: Sequence[int] | None = None

    def members(self) -> Select[int]:
        """A subquery: ids of the members who belong to the branches."""
        return select(Member.id).where(Member.branch_id.in_(self.branches or ()))


ANYWHERE: Final = Reach()
