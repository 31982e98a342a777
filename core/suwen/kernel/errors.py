"""Named errors. A service raises one; a surface turns it into a page or a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from suwen.kernel.i18n import _

Message = str
"""A gettext message id, usually a ``TranslationString`` with its mapping."""


class SuwenError(Exception):
    """Something a user should read. ``status`` is the HTTP status, ``code`` is for machines.

    ``fields`` maps a field (a JSON pointer without its slash, such as ``items.0.quantity``) to
    the message that belongs beside it.
    """

    status: ClassVar[int] = 422
    code: ClassVar[str] = "invalid"
    message: ClassVar[Message] = _("请求无法处理")

    def __init__(
        self, message: Message | None = None, *, fields: Mapping[str, Message] | None = None
    ) -> None:
        """Use the class's message unless a better one is given."""
        self.text: Message = message if message is not None else type(self).message
        self.fields: dict[str, Message] = dict(fields or {})
        super().__init__(str(self.text))


class Invalid(SuwenError):
    """Input that cannot be accepted."""


class NotFound(SuwenError):
    """What does not exist, or does not exist for you."""

    status = 404
    code = "not_found"
    message = _("没有找到您要的内容")


class Forbidden(SuwenError):
    """A known person may not do this."""

    status = 403
    code = "forbidden"
    message = _("您没有进行此操作的权限")


class Conflict(SuwenError):
    """The state of things does not allow it now."""

    status = 409
    code = "conflict"
    message = _("当前状态不允许此操作")


class TooMany(SuwenError):
    """A limit on guessable or costly things was reached."""

    status = 429
    code = "too_many_requests"
    message = _("操作过于频繁，请稍后再试")

    def __init__(self, retry_after_s: int, message: Message | None = None) -> None:
        """Keep the seconds after which another try makes sense."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class IllegalTransition(Conflict):
    """A state machine does not know this step."""

    code = "illegal_transition"

    def __init__(self, machine: str, source: str, target: str) -> None:
        """Name the machine and the step that was refused."""
        super().__init__()
        self.machine, self.source, self.target = machine, source, target

    def __str__(self) -> str:
        """For logs."""
        return f"{self.machine}: {self.source} -> {self.target}"
