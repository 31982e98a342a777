"""Demonstration data (演示数据): a small shop that works, and generated data in any volume.

Development only. The shop is made by the domains' services and may be loaded again at any time:
what stands already is left alone.
"""

from __future__ import annotations

from suwen.demo.loading import NotDevelopment, load
from suwen.demo.volume import Volume, generate

__all__ = ["NotDevelopment", "Volume", "generate", "load"]
