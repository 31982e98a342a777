"""Importing and releasing reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.archives.services import archives, importing
from suwen.archives.states import REPORT, TITLES
from suwen.hookspecs.archive import Upload
from suwen.kernel import ids
from suwen.kernel.errors import Invalid, NotFound, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.staffing.reach import Reach

MAX_BYTES = 30 * 1024 * 1024


def _reach(request: Request) -> Reach:
    found: Reach = request.identity.reach("staff.reports")
    return found


@view_config(
    route_name="admin.reports",
    request_method="GET",
    renderer="admin/archives/reports.jinja2",
    permission="staff.reports",
)
def reports(request: Request) -> dict[str, Any]:
    """Imported reports of the person's regions and branches."""
    return _page(request, {}, {})


def _page(request: Request, values: Mapping[str, Any], errors: Mapping[str, str]) -> dict[str, Any]:
    state = request.GET.get("state")
    state = state if state in REPORT.states else None
    rows, cursor = request.find(archives).page_for_staff(
        _reach(request), state, request.GET.get("cursor") or None
    )
    return {
        "records": rows,
        "next_cursor": cursor,
        "state": state,
        "titles": TITLES,
        "values": values,
        "errors": errors,
        "type_title": request.house.host.archive_types.title,
    }


@view_config(
    route_name="admin.report_import",
    request_method="POST",
    renderer="admin/archives/reports.jinja2",
    permission="staff.reports",
    uploads=True,
)
def import_report(request: Request) -> Any:
    """Take one document in for an order line."""
    try:
        service = request.find(importing)
        target = service.target(
            request.POST.get("order", "").strip(),
            ids.parse(request.POST.get("line")),
            _reach(request),
        )
        record = service.import_report(target, _upload(request), actor(request))
    except SuwenError as error:
        request.response.status = 422
        return _page(request, request.POST, error.fields or {"": error.text})
    if record.state == "matched":
        request.flash("success", _("报告已导入并与受检人信息相符，可以发布"))
    else:
        request.flash(
            "warning", _("报告已导入，但与受检人信息不符或信息不足，需另一位工作人员核对")
        )
    return HTTPSeeOther(request.route_path("admin.reports"))


def _upload(request: Request) -> Upload:
    field = request.POST.get("file")
    if not hasattr(field, "file"):
        raise Invalid(_("请选择报告文件"), fields={"file": _("请选择报告文件")})
    content = field.file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Invalid(_("文件过大"), fields={"file": _("文件过大")})
    return Upload(field.filename or "report.pdf", content)


@view_config(route_name="admin.report_move", request_method="POST", permission="staff.reports")
def move(request: Request) -> HTTPSeeOther:
    """Release, confirm or refuse a record."""
    service = request.find(importing)
    record = service.get(ids.parse(request.matchdict["id"]) or 0, _reach(request))
    reason = request.POST.get("reason", "")[:200]
    steps = {
        "release": lambda: service.release(record, actor(request)),
        "confirm": lambda: service.confirm(record, actor(request), reason),
        "refuse": lambda: service.refuse(record, actor(request), reason),
    }
    step = steps.get(request.matchdict["step"])
    if step is None:
        raise NotFound
    try:
        step()
        request.flash("success", _("操作已完成"))
    except SuwenError as error:
        request.flash("danger", next(iter(error.fields.values()), error.text))
    return HTTPSeeOther(request.route_path("admin.reports"))
