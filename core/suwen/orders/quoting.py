"""What a purchase would cost, where it belongs and how it could be paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from suwen.accounts.addresses import KITS
from suwen.catalog.lines import MAX_QUANTITY
from suwen.hookspecs.payment import OfferContext
from suwen.kernel.errors import Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.orders.errors import BadCollection, BalanceUnavailable, EmptyOrder

if TYPE_CHECKING:
    from collections.abc import Callable

    from suwen.accounts.profiles import AddressBook
    from suwen.catalog.lines import LineFact
    from suwen.catalog.services import CatalogService
    from suwen.kernel.regions import RegionInfo
    from suwen.payments.offering import Methods
    from suwen.payments.services import PaymentService
    from suwen.places.services import PlacesService

MAX_LINES = 20
REPORTS_ONLY = _("这个地址只收纸质报告，请改选收采样包的地址")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the member asks for. ``items`` are ``(sku_id, quantity)``."""

    member_id: int
    items: tuple[tuple[int, int], ...]
    collection_method: str
    point_id: int | None = None
    address_id: int | None = None
    use_balance_fen: int = 0
    most: int = MAX_QUANTITY
    """Pieces that a line may hold; a group orders for many people at once."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer. ``address`` is plain here and sealed when it is kept."""

    wish: Wish
    lines: tuple[LineFact, ...]
    region: RegionInfo
    total_fen: int
    payable_fen: int
    methods: Methods
    address: dict[str, Any] | None


class Quoting:
    """Computes quotes; the one source of prices for pages, API and orders."""

    def __init__(
        self,
        catalog: CatalogService,
        places: PlacesService,
        addresses: Callable[[int], AddressBook],
        regions: Callable[[str], RegionInfo],
        payments: PaymentService,
    ) -> None:
        """Ask these services: ``addresses(member_id)``, ``regions(division code)``."""
        self._catalog = catalog
        self._places = places
        self._addresses = addresses
        self._regions = regions
        self._payments = payments

    def quote(self, wish: Wish) -> Quote:
        """Price, service region and methods; raises the named errors of what does not fit."""
        if not wish.items or len(wish.items) > MAX_LINES:
            raise EmptyOrder(fields={"items": EmptyOrder.message})
        if wish.use_balance_fen:
            raise BalanceUnavailable(fields={"use_balance_fen": BalanceUnavailable.message})
        region, address = self._place(wish)
        lines = tuple(self._catalog.lines_for(region.code, _merged(wish.items), wish.most))
        self._check_method(wish, lines)
        total = sum(line.amount_fen for line in lines)
        methods = self._payments.methods(
            OfferContext(region.code, total, wish.collection_method, wish.point_id)
        )
        return Quote(wish, lines, region, total, total, methods, address)

    def _place(self, wish: Wish) -> tuple[RegionInfo, dict[str, Any] | None]:
        try:
            if wish.collection_method == "on_site" and wish.point_id is not None:
                point = self._places.point(wish.point_id)
                return self._places.service_region(point), None
            if wish.collection_method == "mail" and wish.address_id is not None:
                address = self._addresses(wish.member_id).get(wish.address_id)
                if not address.serves(KITS):
                    raise BadCollection(
                        REPORTS_ONLY, fields={"collection.address_id": REPORTS_ONLY}
                    )
                return self._regions(address.region_code), asdict(address)
        except NotFound:
            raise _bad_collection(wish) from None
        raise _bad_collection(wish)

    def _check_method(self, wish: Wish, lines: Sequence[LineFact]) -> None:
        tests = self._catalog.test_types
        if any(
            wish.collection_method not in tests.get(line.test_type).obj.collection_methods
            for line in lines
        ):
            message = _("所选检测不支持此采样方式，请改选其他方式")
            raise BadCollection(message, fields={"collection.method": message})


def _bad_collection(wish: Wish) -> Invalid:
    field = {"on_site": "collection.point_id", "mail": "collection.address_id"}
    return BadCollection(
        fields={field.get(wish.collection_method, "collection.method"): BadCollection.message}
    )


def _merged(items: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    # The same SKU twice is one line; a bad quantity must not be hidden by adding it up.
    merged: dict[int, int] = {}
    for sku_id, quantity in items:
        known = merged.get(sku_id)
        merged[sku_id] = quantity if known is None or quantity < 1 else known + quantity
    return list(merged.items())
