"""The first page of the member centre (会员中心): each domain brings its own card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import venusian

if TYPE_CHECKING:
    from pyramid.request import Request

_REGISTRY: Final = "suwen.member_cards"


@dataclass(frozen=True, slots=True)
class Card:
    """One figure with the way to what stands behind it.

    ``value`` is text as it is shown. ``calls`` marks what waits for the member.
    """

    title: str
    value: str
    href: str
    icon: str
    note: str = ""
    calls: bool = False


Load = Callable[["Request"], Sequence[Card]]


def member_card(order: int) -> Callable[[Load], Load]:
    """Declare ``load(request)`` in a module of views; it gives the cards of the signed-in member."""

    def decorate(load: Load) -> Load:
        def register(scanner: Any, _name: str, _found: Any) -> None:
            found: list[tuple[int, Load]] = scanner.config.registry.setdefault(_REGISTRY, [])
            found.append((order, load))

        venusian.attach(load, register, category="pyramid")
        return load

    return decorate


def cards(request: Request) -> list[Card]:
    """All cards in their order."""
    found: list[tuple[int, Load]] = request.registry.get(_REGISTRY, [])
    ordered = sorted(found, key=lambda entry: entry[0])
    return [card for _order, load in ordered for card in load(request)]
