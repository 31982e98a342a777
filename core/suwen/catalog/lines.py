"""What an order takes from the catalogue: frozen facts of its lines, and stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, update

from suwen.catalog.errors import BadQuantity, OutOfStock, SkuUnavailable
from suwen.catalog.models import Product, Sku

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_QUANTITY = 99


@dataclass(frozen=True, slots=True)
class LineFact:
    """What an order line freezes. Amounts are fen for one piece."""

    sku_id: int
    product_id: int
    product_name: str
    product_slug: str
    sku_name: str
    test_type: str
    quantity: int
    price_fen: int
    limited: bool
    overrides: Mapping[str, Any]

    @property
    def amount_fen(self) -> int:
        """Price times quantity."""
        return self.price_fen * self.quantity


def line_of(
    found: tuple[Sku, Product] | None,
    quantity: int,
    tests: Mapping[str, Any],
    field: str,
    most: int = MAX_QUANTITY,
) -> LineFact:
    """Freeze one line of at most ``most`` pieces; raises at ``field`` what keeps it from being sold."""
    if type(quantity) is not int or not 1 <= quantity <= most:
        raise BadQuantity(fields={f"{field}.quantity": BadQuantity.message})
    if found is None or found[1].test_type not in tests:
        raise SkuUnavailable(fields={f"{field}.sku_id": SkuUnavailable.message})
    sku, product = found
    if sku.stock is not None and sku.stock < quantity:
        raise OutOfStock(fields={f"{field}.quantity": OutOfStock.message})
    return LineFact(
        sku_id=sku.id,
        product_id=product.id,
        product_name=product.name,
        product_slug=product.slug,
        sku_name=sku.name,
        test_type=product.test_type,
        quantity=quantity,
        price_fen=sku.price_fen,
        limited=sku.stock is not None,
        overrides=product.reward_overrides,
    )


def take_stock(db: Session, lines: Sequence[LineFact]) -> None:
    """Take what the lines need, all or nothing; raises ``OutOfStock``."""
    for line in sorted(lines, key=lambda item: item.sku_id):
        if not line.limited:
            continue
        # An intent may be older than the end of the limit.
        enough = or_(Sku.stock >= line.quantity, Sku.stock.is_(None))
        taken = db.execute(
            update(Sku)
            .where(Sku.id == line.sku_id, enough)
            .values(stock=Sku.stock - line.quantity)
            .returning(Sku.id),
            execution_options={"synchronize_session": False},
        ).first()
        if taken is None:
            raise OutOfStock


def give_back(db: Session, quantities: Mapping[int, int]) -> None:
    """Put pieces back (an unpaid order was cancelled); unlimited SKUs stay unlimited."""
    for sku_id in sorted(quantities):
        db.execute(
            update(Sku)
            .where(Sku.id == sku_id, Sku.stock.is_not(None))
            .values(stock=Sku.stock + quantities[sku_id]),
            execution_options={"synchronize_session": False},
        )
