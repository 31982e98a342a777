"""Payment at the counter (线下支付)."""

from typing import Final

__version__: Final = "0.1.0"
