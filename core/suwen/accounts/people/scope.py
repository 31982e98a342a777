"""Which members somebody of the staff may see: those of his regions and of his branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, false, or_

from suwen.accounts.models import Member
from suwen.accounts.staffing.grants import branches_in, regions_in

if TYPE_CHECKING:
    from suwen.accounts.identity import Identity
    from suwen.accounts.staffing.grants import Grant
    from suwen.kernel.regions import RegionInfo

_LONGEST: Final = "999999"
"""Above every rest of a division code."""

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """Codes of regions and ids of branches; None is no limit."""

    regions: Sequence[str] | None = None
    branches: Sequence[int] | None = None

    @classmethod
    def of(cls, identity: Identity, permission: str) -> Scope:
        """Where somebody holds a permission."""
        return cls(identity.regions_of(permission), identity.branches_of(permission))

    @classmethod
    def given(cls, grants: Sequence[Grant], permission: str) -> Scope:
        """Where grants give a permission."""
        return cls(regions_in(grants, permission), branches_in(grants, permission))

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Scope:
        """A scope as ``to_store`` wrote it."""
        return cls(values["regions"], values["branches"])

    def to_store(self) -> dict[str, Any]:
        """Plain values, for a job that goes on later."""
        return {
            "regions": None if self.regions is None else list(self.regions),
            "branches": None if self.branches is None else list(self.branches),
        }

    def conditions(self, markets: Sequence[RegionInfo]) -> list[Condition]:
        """SQL: the members inside."""
        found: list[Condition] = []
        if self.regions is not None:
            inside = [
                in_market(market, markets) for market in markets if market.code in self.regions
            ]
            found.append(or_(false(), *inside))
        if self.branches is not None:
            found.append(Member.branch_id.in_(self.branches))
        return found


def in_market(market: RegionInfo, markets: Sequence[RegionInfo]) -> Condition:
    """SQL: members whose division the market serves, the longest prefix winning."""
    others = [other for other in markets if other.code != market.code]
    if market.is_default:
        elsewhere = [_within(prefix) for other in others for prefix in _prefixes(other)]
        code = Member.region_code
        return or_(code.is_(None), code == market.code, ~or_(false(), *elsewhere))
    return or_(
        Member.region_code == market.code,
        *(_without_longer(prefix, others) for prefix in _prefixes(market)),
    )


def _prefixes(market: RegionInfo) -> list[str]:
    return [prefix for prefix in (market.code, *market.prefixes) if prefix]


def _without_longer(prefix: str, others: Sequence[RegionInfo]) -> Condition:
    longer = [
        inner
        for other in others
        for inner in _prefixes(other)
        if inner != prefix and inner.startswith(prefix)
    ]
    return and_(_within(prefix), *(~_within(inner) for inner in longer))


def _within(prefix: str) -> Condition:
    # A range, not LIKE: any order of texts that a database may use finds digits by the index.
    return Member.region_code.between(prefix, prefix + _LONGEST)
