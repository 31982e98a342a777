"""Payments (支付): attempts, refunds and what providers say about them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House


def includeme(config: Configurator) -> None:
    """Mount the pages, the notifications' way in and the jobs."""
    from suwen.payments import tasks

    house: House = config.registry.house
    for kind, handler in tasks.HANDLERS.items():
        house.outbox.handler(kind, partial(handler, house))
