"""The demonstration's two regions and what each has switched on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from suwen.kernel.audit import SYSTEM
from suwen.kernel.cache import bump
from suwen.kernel.plugins.models import RegionPlugin
from suwen.kernel.regions import DEFAULT_CODE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered

YUEYANG: Final = "4306"
REGIONS: Final = ((DEFAULT_CODE, "全国", ("",)), (YUEYANG, "岳阳市", (YUEYANG,)))
EVERYWHERE: Final = (DEFAULT_CODE, YUEYANG)


@dataclass(frozen=True, slots=True)
class Plan:
    """One plugin: where it is on, in which place of its family, with which settings by code."""

    plugin: str
    position: int
    regions: Sequence[str] = EVERYWHERE
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


PLANS: Final = (
    Plan("payment_wechat", 10),
    Plan("payment_offline", 20, regions=(YUEYANG,)),
    Plan("reward_tiered", 10),
    Plan("archive_gene_report", 10),
    Plan("scorer_ccmq", 10),
    Plan("push_inbox", 10),
    Plan("push_sms", 20),
    Plan("push_email", 30),
)
SIMULATED: Final[Mapping[str, str]] = {"payment_wechat": "wechat.json"}
"""Files in which the gateway simulator leaves a merchant's settings."""


class Market:
    """Opens regions and switches plugins on; a switch that somebody has moved stays as it is."""

    def __init__(self, house: House, db: Session) -> None:
        """``notes`` collects what could not be done, in words for a terminal."""
        self._house, self._db = house, db
        self.notes: list[str] = []

    def open(self) -> None:
        """Regions first, then their plugins."""
        self._open_regions()
        for plan in PLANS:
            self._prepare(plan)

    def _open_regions(self) -> None:
        standing = {region.code for region in self._house.regions.all(self._db)}
        for code, name, prefixes in REGIONS:
            if code not in standing:
                self._house.regions.add(self._db, code, name, prefixes)
                self._house.audit.write(self._db, SYSTEM, "region.add", "region", code)

    def _prepare(self, plan: Plan) -> None:
        found = self._house.host.plugins.get(plan.plugin)
        if found is None or found.broken:
            self.notes.append(f"{plan.plugin} is not installed and stays off")
            return
        settings = self._settings(plan)
        for region in plan.regions:
            if self._db.get(RegionPlugin, (region, plan.plugin)) is None:
                self._switch_on(plan, region, settings)
            elif plan.plugin in SIMULATED:
                self._renew(plan, region, settings)

    def _settings(self, plan: Plan) -> Mapping[str, Mapping[str, Any]]:
        name = SIMULATED.get(plan.plugin)
        if name is None:
            return plan.settings
        path = self._house.settings.path("simulator", name)
        if not path.exists():
            self.notes.append(f"{plan.plugin} stays off: the simulator has not written {name} yet")
            return {}
        return {plan.plugin: json.loads(path.read_text(encoding="utf-8"))}

    def _switch_on(
        self, plan: Plan, region: str, settings: Mapping[str, Mapping[str, Any]]
    ) -> None:
        if plan.plugin in SIMULATED and not settings:
            return
        for item in self._items(plan.plugin):
            if item.code in settings:
                values = settings[item.code]
                self._house.switch.store_settings(self._db, region, item, values)
        missing = self._house.switch.missing(self._db, region, plan.plugin)
        if missing:
            self.notes.append(f"{plan.plugin} stays off in {region}: {', '.join(sorted(missing))}")
            return
        row = self._house.switch.set_state(self._db, region, plan.plugin, "enabled")
        row.position = plan.position
        self._db.flush()
        bump(self._db, "plugins")
        self._house.audit.write(
            self._db, SYSTEM, "plugin.state", "plugin", plan.plugin, details={"after": "enabled"}
        )

    def _renew(self, plan: Plan, region: str, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Follow a simulator whose address or keys are new, and no other merchant."""
        offering = self._house.switch.offering(self._db, region)
        for item in self._items(plan.plugin):
            stored, wanted = offering.raw_settings(item.plugin, item.code), settings.get(item.code)
            ours = wanted is not None and stored.get("mchid") == wanted.get("mchid")
            if wanted is not None and ours and any(stored.get(k) != v for k, v in wanted.items()):
                self._house.switch.store_settings(self._db, region, item, wanted)

    def _items(self, plugin: str) -> list[Registered[Any]]:
        return [item for _family, item in self._house.host.objects_of(plugin)]
