"""WeChat Pay (微信支付), APIv3, direct merchant."""

from typing import Final

__version__: Final = "0.1.0"
