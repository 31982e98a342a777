"""People (会员管理): what staff do with members: find, look at, tag, disable, merge, act for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from suwen.accounts.people import below, bulk, merging
from suwen.accounts.people.own import Own

if TYPE_CHECKING:
    from suwen.kernel.house import House


def install(house: House) -> None:
    """Wire the house: what both the web process and a worker need."""
    house.outbox.handler(bulk.KIND, partial(bulk.carry_out, house))
    house.outbox.handler(merging.KIND, partial(merging.follow_up, house))
    mergers = house.ports.setdefault(merging.PORT, [])
    mergers += [Own(house).merger(), below.messages(), below.Money(house).merger()]
