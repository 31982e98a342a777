"""Privacy (隐私): export of everything about a member, erasure, and how long what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts.people.merging import PORT as MERGERS
from suwen.kernel.i18n import _
from suwen.privacy import models
from suwen.privacy.merging import merger

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = ["models"]


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    config.registry.house.ports.setdefault(MERGERS, []).append(merger())
    config.add_suwen_permission("staff.privacy", _("处理隐私请求和保存期限"), "members")
