"""Looking collection points up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import or_, select

from suwen.kernel.errors import NotFound
from suwen.places.models import CollectionPoint

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House
    from suwen.kernel.regions import RegionInfo, Regions


class PlacesService:
    """Collection points, seen from a region."""

    def __init__(self, db: Session, regions: Regions) -> None:
        """Read from ``db``."""
        self._db = db
        self._regions = regions

    def points(self, region: RegionInfo | None = None) -> Sequence[CollectionPoint]:
        """Open points, those that ``region`` serves when one is given, ordered by place."""
        query = select(CollectionPoint).where(CollectionPoint.state == "open")
        if region is not None and not region.is_default:
            query = query.where(
                or_(*(CollectionPoint.region_code.startswith(p) for p in region.prefixes))
            )
        return self._db.scalars(
            query.order_by(CollectionPoint.region_code, CollectionPoint.id)
        ).all()

    def point(self, point_id: int) -> CollectionPoint:
        """An open point; raises ``NotFound``."""
        found = self._db.get(CollectionPoint, point_id)
        if found is None or found.state != "open":
            raise NotFound
        return found

    def service_region(self, point: CollectionPoint) -> RegionInfo:
        """The region that an order collected there belongs to."""
        return self._regions.resolve(self._db, point.region_code)


def route_links(point: CollectionPoint) -> Mapping[str, str]:
    """Links that open the way to a point in the three usual map services.

    Amap wants longitude first, Baidu and Tencent latitude first (their URI API documents).
    """
    if point.lon is None or point.lat is None:
        return {}
    name = quote(point.name)
    return {
        "amap": f"https://uri.amap.com/navigation?to={point.lon},{point.lat},{name}&mode=car"
        "&policy=0&src=suwen",
        "baidu": f"https://api.map.baidu.com/marker?location={point.lat},{point.lon}"
        f"&title={name}&content={name}&output=html&coord_type=gcj02&src=webapp.suwen.suwen",
        "tencent": "https://apis.map.qq.com/uri/v1/routeplan?type=drive"
        f"&to={name}&tocoord={point.lat},{point.lon}&coord_type=2&policy=0&referer=suwen",
    }


def places(house: House, db: Session) -> PlacesService:
    """The service of one unit of work."""
    return PlacesService(db, house.regions)
