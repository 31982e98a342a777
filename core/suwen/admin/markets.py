"""Regions (区域) as staff add and name them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from suwen.kernel.cache import bump
from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _
from suwen.kernel.plugins.switch import PluginUnusable
from suwen.kernel.regions import DEFAULT_CODE, Region

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House

log = structlog.get_logger(__name__)

_CODE = re.compile(r"[1-9][0-9]([0-9]{2}([0-9]{2})?)?", re.ASCII)
MAX_NAME = 60


class BadRegion(Invalid):
    """The code or the name is not usable."""

    code = "bad_region"
    message = _("请检查地区代码和名称")


class RegionTaken(Conflict):
    """Another region covers exactly this code."""

    code = "region_taken"
    message = _("已有地区使用这个代码")


@dataclass(frozen=True)
class Markets:
    """Adds and names regions; each change is audited."""

    house: House = field(repr=False)
    db: Session = field(repr=False)

    def add(self, code: str, name: str, actor: Actor, clone_from: str | None = None) -> Region:
        """A new region that covers the division ``code`` (2, 4 or 6 digits of GB/T 2260).

        ``100000`` is the country: the default region, which a site needs before anything else.

        Plugins start as in ``clone_from``, or with those enabled that need no settings and say
        that they are for everybody. Raises ``BadRegion``, ``RegionTaken`` or ``UnknownRegion``.
        """
        prefix = _trimmed(code)
        name = self._name(name)
        if any(prefix in (r.code, *r.prefixes) for r in self.house.regions.all(self.db)):
            raise RegionTaken(fields={"code": RegionTaken.message})
        source = self.house.regions.by_code(self.db, clone_from) if clone_from else None
        # The default region covers every division, not those that begin with its own code.
        prefixes = [""] if prefix == DEFAULT_CODE else [prefix]
        region = self.house.regions.add(self.db, prefix, name, prefixes)
        if source is not None:
            region.settings = dict(source.settings)
            self.house.switch.clone(self.db, source.code, prefix, by=actor.id)
        else:
            self._enable_defaults(prefix, actor)
        self._record(actor, "region.add", prefix, name=name, clone_from=clone_from)
        return region

    def _enable_defaults(self, region: str, actor: Actor) -> None:
        for plugin in self.house.host.working():
            if plugin.info is None or not plugin.info.default_enabled:
                continue
            if self.house.switch.missing(self.db, region, plugin.id):
                continue
            try:
                self.house.switch.set_state(self.db, region, plugin.id, "enabled", by=actor.id)
            except PluginUnusable:
                log.info("region.plugin_left_off", region=region, plugin=plugin.id)

    def rename(self, code: str, name: str, actor: Actor) -> None:
        """Give a region another name; raises ``BadRegion`` or ``UnknownRegion``."""
        before = self.house.regions.by_code(self.db, code).name
        after = self._name(name)
        region = self.db.get_one(Region, code)
        region.name = after
        self.db.flush()
        bump(self.db, "regions")
        self._record(actor, "region.rename", code, before=before, after=after)

    def _name(self, name: str) -> str:
        name = " ".join(name.split())
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise BadRegion(fields={"name": _("请填写名称，最多 60 个字")})
        return name

    def _record(self, actor: Actor, action: str, region: str, **details: str | None) -> None:
        self.house.audit.write(
            self.db, replace(actor, region=region), action, "region", region, details=details
        )


def _trimmed(code: str) -> str:
    """``430600`` covers a whole city: its prefix is ``4306``."""
    code = code.strip()
    if not _CODE.fullmatch(code):
        raise BadRegion(fields={"code": _("请填写 2、4 或 6 位行政区划代码")})
    if code == DEFAULT_CODE:
        return code
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def markets(house: House, db: Session) -> Markets:
    """The service for a request, command or test."""
    return Markets(house, db)
