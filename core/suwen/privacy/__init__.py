"""Privacy (隐私): export of everything about a member, erasure, and how long what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.kernel.i18n import _
from suwen.privacy import models

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = ["models"]


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    config.add_suwen_permission("staff.privacy", _("处理隐私请求和保存期限"), "members")
