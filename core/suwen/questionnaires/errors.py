"""What can go wrong with questionnaires."""

from __future__ import annotations

from collections.abc import Mapping

from suwen.kernel.errors import Conflict, Invalid, NotFound
from suwen.kernel.i18n import _


class NotOffered(NotFound):
    """The region does not offer this form."""

    code = "questionnaire_not_offered"
    message = _("此地区没有开放这份问卷")


class FormOff(Conflict):
    """The region has switched the scorer off, or its package is gone."""

    code = "questionnaire_off"
    message = _("这份问卷已停用，暂时不能继续作答；已保存的回答没有丢失")


class FormChanged(Conflict):
    """The form has another version than the one that was begun."""

    code = "questionnaire_changed"
    message = _("问卷已更新，之前的回答不能沿用，请重新开始")


class SessionClosed(Conflict):
    """The session was given up."""

    code = "answering_closed"
    message = _("这次作答已经结束，请重新开始")


class AgeOutside(Conflict):
    """The form is not meant for this age."""

    code = "age_not_offered"
    message = _("这份问卷不适用于您的年龄")


class BeginRefused(Invalid):
    """Something has to be told or agreed to before the first item."""

    code = "begin_refused"
    message = _("开始之前还有需要填写的内容")


class SexRequired(Invalid):
    """Some items are worded by sex, which is asked and never guessed."""

    code = "sex_required"
    message = _("部分题目因性别而异，请先选择性别")

    def __init__(self) -> None:
        """Put the message beside the choice."""
        super().__init__(fields={"sex": self.message})


class SexDiffers(Invalid):
    """The sex given is not that of the profile, which decides the wording."""

    code = "sex_differs"
    message = _("与个人资料中的性别不一致，请先修改个人资料")

    def __init__(self) -> None:
        """Put the message beside the choice."""
        super().__init__(fields={"sex": self.message})


class SheetRefused(Invalid):
    """The sheet is not complete or holds impossible answers; nothing was scored."""

    code = "sheet_invalid"
    message = _("答卷不完整或有误，请检查标出的题目")

    def __init__(self, fields: Mapping[str, str]) -> None:
        """``fields`` maps ``answers.<item>`` to what is wrong with it."""
        super().__init__(fields=fields)
