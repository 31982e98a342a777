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
