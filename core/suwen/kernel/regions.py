"""Regions (区域): named markets that cover GB/T 2260 division-code prefixes.

The region with the longest matching prefix wins; the default region covers everything. There is
exactly one scope and no inheritance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import JSON, Boolean, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel.cache import VersionedCache, bump, versions_of
from suwen.kernel.db import Base
from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DEFAULT_CODE = "100000"
"""The division code of the country stands for 全国."""

_CODE = re.compile(r"[1-9][0-9]{1,5}", re.ASCII)


class Region(Base):
    """A market. ``code`` is the GB/T 2260 code or prefix that names it."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    prefixes: Mapped[list[str]] = mapped_column(JSON)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    position: Mapped[int] = mapped_column(Integer, default=0)
    settings: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)


@dataclass(frozen=True, slots=True)
class RegionInfo:
    """A region as requests see it."""

    code: str
    name: str
    prefixes: tuple[str, ...]
    is_default: bool
    settings: Mapping[str, object]


# A site that has just been upgraded serves its pages before anybody has named a market.
UNNAMED = RegionInfo(DEFAULT_CODE, _("全国"), ("",), is_default=True, settings={})


class UnknownRegion(Invalid):
    """Not a division code that any region covers."""

    code = "unknown_region"
    message = _("没有这个地区，请重新选择")


class Regions:
    """Cached directory of the regions."""

    def __init__(self) -> None:
        """Empty until the first look."""
        self._cache = VersionedCache("regions", size=1)
        self.exists: Callable[[str], bool] = lambda _division: True
        """Whether a division code exists; filled by whoever holds the list."""

    def all(self, session: Session) -> Sequence[RegionInfo]:
        """All regions, the default first."""
        found: Sequence[RegionInfo] = self._cache.get(
            versions_of(session), "all", lambda: _load(session)
        )
        return found

    def default(self, session: Session) -> RegionInfo:
        """The default region."""
        return next((region for region in self.all(session) if region.is_default), UNNAMED)

    def by_code(self, session: Session, code: str) -> RegionInfo:
        """The region of exactly this code; raises ``UnknownRegion``."""
        for region in self.all(session):
            if region.code == code:
                return region
        raise UnknownRegion(fields={"region": UnknownRegion.message})

    def resolve(self, session: Session, division: str | None) -> RegionInfo:
        """The region that serves a division code such as ``430602``; none gives the default."""
        if not division or division == "default":
            return self.default(session)
        for region in self.all(session):
            if region.code == division:
                return region
        if not _CODE.fullmatch(division) or not self.exists(division):
            raise UnknownRegion(fields={"region": UnknownRegion.message})
        matches = [
            (len(prefix), region)
            for region in self.all(session)
            for prefix in region.prefixes
            if division.startswith(prefix)
        ]
        return max(matches, key=lambda match: match[0], default=(0, self.default(session)))[1]

    def add(self, session: Session, code: str, name: str, prefixes: Sequence[str]) -> Region:
        """Add a market; the caller clones the plugins' states of another region."""
        region = Region(
            code=code,
            name=name,
            prefixes=list(prefixes),
            is_default=code == DEFAULT_CODE,
            position=0 if code == DEFAULT_CODE else 10,
            settings={},
        )
        session.add(region)
        session.flush()
        bump(session, "regions")
        return region


def _load(session: Session) -> Sequence[RegionInfo]:
    rows = session.scalars(select(Region).order_by(Region.position, Region.code)).all()
    return tuple(
        RegionInfo(row.code, row.name, tuple(row.prefixes), row.is_default, dict(row.settings))
        for row in rows
    )
