"""Gene reports (基因检测报告) of a laboratory, as PDF."""

from typing import Final

__version__: Final = "0.1.0"
