"""What the kernel tidies up by itself: done outbox items, rate windows that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House


def tidy(house: House) -> None:
    """Periodic job; running it twice does no harm."""
    house.outbox.purge()
    with house.database.transaction() as session:
        house.limiter.purge(session)


def includeme(config: Configurator) -> None:
    """Register the job."""
    house: House = config.registry.house
    house.jobs.periodic("kernel.tidy", lambda: tidy(house), every_minutes=60)
