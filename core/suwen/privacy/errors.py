"""What can go wrong with requests about one's data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from suwen.accounts.personal_data import OpenItem


class StillOpen(Conflict):
    """Something must be settled before the account can be erased."""

    code = "erasure_open_items"
    message = _("还有未了结的事项，请先处理后再注销")

    def __init__(self, items: Sequence[OpenItem]) -> None:
        """Name what is open."""
        super().__init__(fields={item.code or str(n): item.what for n, item in enumerate(items)})
        self.items = items


class NotConfirmed(Invalid):
    """The word was not typed."""

    code = "erasure_not_confirmed"
    message = _("请在输入框中准确填写确认文字")

    def __init__(self) -> None:
        """Put the message beside the word."""
        super().__init__(fields={"confirm": self.message})


class TooLate(Conflict):
    """The erasure has begun."""

    code = "erasure_begun"
    message = _("注销已经开始，无法取消")


class NotRetryable(Conflict):
    """Only what failed is tried again."""

    code = "request_not_failed"
    message = _("只有失败的请求可以重试")


class BadPeriod(Invalid):
    """Shorter than the rule allows, or no number."""

    code = "bad_retention_period"
    message = _("保存天数不能少于最低要求，最多 36500 天")


class StoreFailed(Exception):
    """A store of personal data could not be asked; the text names it and the cause's kind."""

    def __init__(self, name: str, cause: str) -> None:
        """``cause`` never holds what was in the data."""
        super().__init__(f"{name}: {cause}")
        self.name = name
