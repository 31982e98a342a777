"""Importing a roster: template, upload, preview, confirmation, progress."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.groups import people, sheets, workbook
from suwen.groups.errors import SheetRefused
from suwen.groups.imports import read_sheet
from suwen.groups.services import group
from suwen.groups.views.frame import (
    PRIVATE,
    UPLOADS,
    frame,
    group_of,
    number,
    refused,
    sheet,
)
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _, translate

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.groups.imports import Reading
    from suwen.groups.services import Group

TITLES = {
    "preview": _("待确认"),
    "writing": _("正在写入"),
    "done": _("已完成"),
    "failed": _("失败"),
    "cancelled": _("已取消"),
}


@view_config(
    route_name="groups.imports",
    request_method="GET",
    renderer="groups/imports.jinja2",
    permission=PRIVATE,
)
def imports(request: Request) -> dict[str, Any]:
    """The upload, and what was imported before."""
    return _page(group_of(request), {})


def _page(found: Group, errors: dict[str, str]) -> dict[str, Any]:
    return frame(
        found,
        imports=found.imports.recent(),
        errors=errors,
        titles=TITLES,
        columns=people.COLUMNS,
        required=people.REQUIRED,
    )


@view_config(
    route_name="groups.imports",
    request_method="POST",
    renderer="groups/imports.jinja2",
    permission=PRIVATE,
    uploads=True,
)
def upload(request: Request) -> Any:
    """Read the sheet and keep its preview; a refusal stands beside the file and changes nothing.

    The reading takes seconds: nothing is open in the database meanwhile.
    """
    group_id, member_id = group_of(request).who.group_id, request.identity.member_id
    try:
        request.house.limiter.hit(request.db, UPLOADS, str(group_id))
        request.commit_step()
        reading = _read(request, group_id)
    except SuwenError as error:
        return _page(group_of(request), refused(request, error))
    made = group(request.house, request.db, group_id, member_id).imports.keep(
        reading, actor(request)
    )
    return HTTPSeeOther(request.route_path("groups.import", **{"id": group_id, "import": made.id}))


def _read(request: Request, group_id: int) -> Reading:
    field = request.POST.get("file")
    if not getattr(field, "filename", None):
        raise SheetRefused(_("请选择文件"))
    with closing(field.file) as file:
        if field.filename.lower().endswith((".xlsm", ".xltm", ".xlsb")):
            raise SheetRefused(workbook.MACROS)
        return read_sheet(file, request.house.vault, group_id)


@view_config(route_name="groups.template", request_method="GET", permission=PRIVATE)
def template(request: Request) -> Response:
    """The empty sheet."""
    group_of(request)
    return sheet(request, _("名册模板"), sheets.template())


@view_config(
    route_name="groups.import",
    request_method="GET",
    renderer="groups/import.jinja2",
    permission=PRIVATE,
)
def show(request: Request) -> dict[str, Any]:
    """A preview with every fault, or how far the writing is."""
    found = group_of(request)
    row = found.imports.get(number(request, "import"))
    after = ids.parse(request.GET.get("after")) or 0
    faults, following = found.imports.faults(row.id, after)
    return frame(
        found,
        row=row,
        faults=faults,
        following=following,
        after=after,
        titles=TITLES,
        columns=people.TITLES,
    )


@view_config(
    route_name="groups.import_status", request_method="GET", renderer="json", permission=PRIVATE
)
def status(request: Request) -> dict[str, Any]:
    """What the page of a running import asks every few seconds."""
    found = group_of(request)
    row = found.imports.get(number(request, "import"))
    total = row.total - row.faulty
    text = translate(request, _("已写入 ${n}/${total}", mapping={"n": row.written, "total": total}))
    url = request.route_path("groups.import", **{"id": found.who.group_id, "import": row.id})
    return {"state": row.state, "done": row.state != "writing", "url": url, "text": text}


@view_config(route_name="groups.import_move", request_method="POST", permission=PRIVATE)
def move(request: Request) -> HTTPSeeOther:
    """Confirm or cancel."""
    found = group_of(request)
    service, key = found.imports, number(request, "import")
    acts = {"confirm": service.confirm, "cancel": service.cancel}
    act = acts.get(request.matchdict["act"])
    if act is None:
        raise NotFound
    try:
        act(key, actor(request))
    except SuwenError as error:
        if error.status == 404:
            raise
        request.flash("danger", error.text)
    where = {"id": found.who.group_id, "import": key}
    return HTTPSeeOther(request.route_path("groups.import", **where))


@view_config(route_name="groups.import_faults", request_method="GET", permission=PRIVATE)
def faults(request: Request) -> Response:
    """Rows that cannot be written, with their faults, as a sheet to be mended."""
    found = group_of(request)
    row = found.imports.get(number(request, "import"))
    order = tuple(people.TITLES)

    def rows() -> Any:
        for one in found.imports.all_faults(row.id):
            said = [
                f"{translate(request, people.TITLES[name])}：{translate(request, text, values)}"
                for name, (text, values) in one.faults.items()
            ]
            yield [one.number, *(one.texts.get(name, "") for name in order), "；".join(said)]

    titles = [_("行号"), *people.TITLES.values(), _("问题")]
    headings = sheets.translated(titles, lambda title: translate(request, title))
    return sheet(request, _("导入问题"), sheets.write(headings, rows()))
