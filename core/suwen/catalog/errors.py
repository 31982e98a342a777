"""What can go wrong with products."""

from __future__ import annotations

from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _


class SkuUnavailable(Invalid):
    """The SKU does not exist, is not on sale, or its test is not offered in the region."""

    code = "sku_unavailable"
    message = _("该规格已下架或在所选地区不可购买，请重新选择")


class BadQuantity(Invalid):
    """Not a quantity that can be ordered."""

    code = "bad_quantity"
    message = _("购买数量须为 1 至 99 的整数")


class OutOfStock(Conflict):
    """Fewer are left than are wanted."""

    code = "out_of_stock"
    message = _("库存不足，请减少数量或选择其他规格")
