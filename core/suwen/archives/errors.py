"""What can go wrong with records."""

from __future__ import annotations

from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _


class DocumentRefused(Invalid):
    """The document was looked into and is not acceptable; the reason stands at the field."""

    code = "document_refused"
    message = _("文件不能导入")


class DuplicateDocument(Conflict):
    """The very same document was imported before."""

    code = "duplicate_document"
    message = _("该报告文件此前已导入，请勿重复导入")


class WrongOrder(Invalid):
    """The order cannot receive this report."""

    code = "wrong_order"
    message = _("订单不存在、未付款，或不包含此类检测")


class SecondPersonNeeded(Conflict):
    """Who imported a report may not release it."""

    code = "second_person_needed"
    message = _("此报告须由导入人之外的另一位工作人员发布")


class NobodyFits(Invalid):
    """A group's report that names nobody for whom the group ordered and who has taken his place."""

    code = "nobody_fits"
    message = _("报告上的姓名和出生日期没有唯一对应到已认领的受检人；请核对报告，或请受检人先认领")


class AllReported(Conflict):
    """As many people as were paid for have reports already."""

    code = "all_reported"
    message = _("该订单项的检测份数都已有其他受检人的报告")
