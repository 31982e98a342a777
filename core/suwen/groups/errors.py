"""What can go wrong with groups."""

from __future__ import annotations

from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _


class SheetRefused(Invalid):
    """The uploaded file is no sheet that may be read; the reason stands at the field."""

    code = "sheet_refused"
    message = _("这个文件不能导入")

    def __init__(self, text: str) -> None:
        """Put the reason beside the file."""
        super().__init__(text, fields={"file": text})


class BadPerson(Invalid):
    """What was entered about a person cannot stand on a roster."""

    code = "bad_person"
    message = _("人员信息有误，请检查标出的项目")


class KnownPerson(Conflict):
    """The person is on the roster already."""

    code = "known_person"
    message = _("此人已在名册中（姓名、出生日期与工号都相同）")

    def __init__(self) -> None:
        """Put the message beside the name."""
        super().__init__(fields={"name": self.message})


class RosterFull(Conflict):
    """As many people as a roster may hold."""

    code = "roster_full"
    message = _("名册最多容纳 50,000 人，请先移除不再需要的人员")


class ImportOver(Conflict):
    """The import was confirmed, cancelled or finished before."""

    code = "import_over"
    message = _("这次导入已经确认、取消或完成")


class LastOwner(Conflict):
    """A group is never without an owner: its own account stays."""

    code = "last_owner"
    message = _("单位账户本身始终是负责人，不能移除或更改")


class InvitationOver(Conflict):
    """The invitation was used, taken back or is too old."""

    code = "invitation_over"
    message = _("邀请已失效，请联系单位重新发送")


class WrongClaim(Invalid):
    """Code, name and birth date do not lead to one person on the roster."""

    code = "wrong_claim"
    message = _("姓名或出生日期与登记的不一致，请核对；如仍不符，请联系为您登记的人")


class NotYourself(Conflict):
    """Only a person can take a place on a roster, and one place on each."""

    code = "not_yourself"
    message = _("请用您个人的账户认领，每人在一个单位的名册中只能认领一个位置")


class NoPeople(Invalid):
    """Nobody was chosen."""

    code = "no_people"
    message = _("请至少选择一位人员")

    def __init__(self) -> None:
        """Put the message beside the people."""
        super().__init__(fields={"people": self.message})


class TooManyPeople(Invalid):
    """More people than one order may hold."""

    code = "too_many_people"
    message = _("一次最多为 500 人订购，请缩小范围后分次订购")

    def __init__(self) -> None:
        """Put the message beside the people."""
        super().__init__(fields={"people": self.message})


class NotShared(Conflict):
    """The person does not let the group see this report."""

    code = "not_shared"
    message = _("本人没有同意向单位提供这份报告")
