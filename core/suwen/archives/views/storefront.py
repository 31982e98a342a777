"""A member's archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyramid.response import Response
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.archives.services import archives
from suwen.archives.states import TITLES
from suwen.kernel import ids
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.archives.services import Document

ACTIONS = {
    "record.read": _("查看报告"),
    "document.read": _("下载报告文件"),
    "report.import": _("导入报告"),
    "report.matched": _("核对报告"),
    "report.released": _("发布报告"),
    "report.refused": _("拒收报告"),
    "report.superseded": _("报告被新版本取代"),
    "report.withdrawn": _("撤回报告"),
    "consent.give": _("同意授权"),
    "consent.withdraw": _("撤回授权"),
    "record.titles": _("查看档案标题"),
    "member.reveal": _("查看完整信息"),
    "member.impersonate": _("客服代操作开始"),
    "member.impersonate_end": _("客服代操作结束"),
    "questionnaire.read": _("查看测评结果"),
    "questionnaire.submit": _("提交测评"),
    "dependant.add": _("添加家人"),
    "dependant.change": _("修改家人资料"),
    "dependant.remove": _("移除家人"),
    "dependant.link": _("生成家人关联链接"),
    "dependant.take_over": _("关联为家人"),
    "dependant.leave": _("解除家人关联"),
    "roster.claim": _("认领单位名册中的位置"),
    "roster.leave": _("离开单位名册"),
    "privacy.export_asked": _("申请个人信息副本"),
    "privacy.export_cancelled": _("取消申请个人信息副本"),
    "privacy.export": _("制作个人信息副本"),
    "privacy.export_read": _("下载个人信息副本"),
    "privacy.erasure_asked": _("申请注销账户"),
    "privacy.erasure_cancelled": _("取消注销账户"),
    "privacy.retry": _("重试隐私请求"),
}


@view_config(
    route_name="archives.list",
    request_method="GET",
    renderer="archives/list.jinja2",
    permission="member.private",
)
def record_list(request: Request) -> dict[str, Any]:
    """Own records; titles are shown, so the page is not for shared screens."""
    cursor = request.GET.get("cursor") or None
    items, following = request.find(archives).page(request.identity.member_id, cursor)
    return {"records": items, "next_cursor": following, "titles": TITLES}


@view_config(
    route_name="archives.record",
    request_method="GET",
    renderer="archives/record.jinja2",
    permission="member.private",
    writes=True,
    settling=True,
)
def record(request: Request) -> dict[str, Any]:
    """One record, after proving oneself again."""
    request.require_step_up()
    opened = request.find(archives).open(
        request.identity.member_id, request.matchdict["id"], actor(request), request.locale_name
    )
    return {"opened": opened, "titles": TITLES}


@view_config(
    route_name="archives.document",
    request_method="GET",
    permission="member.private",
    writes=True,
    settling=True,
)
def document(request: Request) -> Response:
    """The file itself."""
    request.require_step_up()
    found, content = request.find(archives).document(
        request.identity.member_id,
        request.matchdict["id"],
        ids.parse(request.matchdict["document"]) or 0,
        actor(request),
    )
    return file_response(found, content)


def file_response(found: Document, content: bytes) -> Response:
    """A sealed file on its way to its owner: never cached, never run by the browser."""
    response = Response(body=content, content_type=found.media_type)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"report\"; filename*=UTF-8''{quote(found.file_name, safe='')}"
    )
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@view_config(
    route_name="archives.accesses",
    request_method="GET",
    renderer="archives/accesses.jinja2",
    permission="member.private",
)
def accesses(request: Request) -> dict[str, Any]:
    """Who read my records."""
    cursor = request.GET.get("cursor") or None
    items, following = request.find(archives).accesses(request.identity.member_id, cursor)
    return {"accesses": items, "next_cursor": following, "actions": ACTIONS}
