"""Why something is not done with a member."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.kernel.errors import Conflict, Invalid, Message
from suwen.kernel.i18n import _


class NotYourself(Conflict):
    """Nobody disables, merges or acts for himself."""

    code = "not_yourself"
    message = _("不能对自己的账户进行此操作")


class AboveYou(Conflict):
    """The account belongs to staff who do not stand below whoever asks."""

    code = "above_you"
    message = _("这是员工账户，只有其上级管理员可以操作")


class WrongState(Conflict):
    """Disabled already, or merged or erased."""

    code = "wrong_member_state"
    message = _("会员当前的状态不允许此操作")


class ReasonNeeded(Invalid):
    """The audit log wants to know why."""

    code = "reason_needed"
    message = _("请填写原因，至少 4 个字")

    def __init__(self) -> None:
        """Put the message beside the reason."""
        super().__init__(fields={"reason": self.message})


class NothingChosen(Invalid):
    """A bulk action on nobody."""

    code = "nothing_chosen"
    message = _("请先选择会员")


class BadTag(Invalid):
    """An empty tag or one that is too long."""

    code = "bad_tag"
    message = _("标签为 1 到 20 个字")

    def __init__(self) -> None:
        """Put the message beside the tag."""
        super().__init__(fields={"label": self.message})


class TooManyTags(Conflict):
    """More labels than anybody reads."""

    code = "too_many_tags"
    message = _("一位会员最多 20 个标签")


class TooManyViews(Conflict):
    """More saved filters than anybody uses."""

    code = "too_many_views"
    message = _("最多保存 30 个常用筛选，请先删除不用的")


class MergeRefused(Conflict):
    """Two accounts that must not become one, or not yet."""

    code = "merge_refused"
    message = _("这两个账户不能合并")

    def __init__(self, blocks: Sequence[Message]) -> None:
        """Keep every reason; the first one is the message."""
        super().__init__(blocks[0] if blocks else None)
        self.blocks = tuple(blocks)


class NotConfirmed(Invalid):
    """What must be typed to confirm was not typed."""

    code = "not_confirmed"
    message = _("请按提示输入以确认")

    def __init__(self) -> None:
        """Put the message beside the field."""
        super().__init__(fields={"confirm": self.message})


class CannotActFor(Conflict):
    """An account that nobody may act for."""

    code = "cannot_act_for"
    message = _("不能代员工账户或已停用的账户操作")
