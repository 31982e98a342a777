"""Text messages (短信) by Aliyun or Tencent Cloud."""

from typing import Final

__version__: Final = "0.1.0"
