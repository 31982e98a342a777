"""The back office: texts of consents, drafted, compared, previewed and published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from suwen.accounts.consent_texts import COUNTED, DRAFT, FIELDS, compare, consent_texts
from suwen.accounts.models import ConsentText, Member
from suwen.forms.schemas import Text, validated
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _, translate
from suwen.privacy.views.reach import for_the_whole_house

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.request import Request

    from suwen.accounts.consent_texts import ConsentTexts

PERMISSION: Final = "staff.consents"


def _text(maximum: int, *, multiline: bool = False, **options: Any) -> colander.SchemaNode:
    length = colander.Length(max=maximum)
    return colander.SchemaNode(Text(multiline=multiline), validator=length, **options)


class TextIn(colander.MappingSchema):
    """A version of a text; English may be missing, then readers see the Chinese."""

    version = _text(12)
    title = _text(80)
    text = _text(8000, multiline=True)
    effect = _text(1000, multiline=True)
    title_en = _text(160, missing="")
    text_en = _text(16000, multiline=True, missing="")
    effect_en = _text(2000, multiline=True, missing="")


def _service(request: Request) -> ConsentTexts:
    service: ConsentTexts = request.find(consent_texts)
    return service


@view_config(
    route_name="admin.consents",
    request_method="GET",
    renderer="admin/privacy/consents.jinja2",
    permission=PERMISSION,
)
def overview(request: Request) -> Mapping[str, Any]:
    """Every purpose, the version that is asked, and drafts that wait."""
    return {"items": _service(request).overview()}


@view_config(
    route_name="admin.consent",
    request_method="GET",
    renderer="admin/privacy/consent.jinja2",
    permission=PERMISSION,
)
def purpose(request: Request) -> Mapping[str, Any]:
    """One purpose: its versions, who published them, and who stands on an old one."""
    present = _service(request).present(request.matchdict["purpose"])
    values = {field: translate(request, getattr(present, field)) for field in FIELDS[:3]}
    return _purpose(request, {**values, **{field: getattr(present, field) for field in FIELDS[3:]}})


def _purpose(
    request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> dict[str, Any]:
    service, name = _service(request), request.matchdict["purpose"]
    versions = service.versions(name)
    return {
        "name": name,
        "present": service.present(name),
        "versions": versions,
        "people": _people(request, versions),
        "counts": service.counts(name),
        "counted": COUNTED,
        "values": {"version": "", **values},
        "errors": errors or {},
    }


def _people(request: Request, versions: Sequence[ConsentText]) -> Mapping[int, str]:
    """Who wrote the versions; the audit log says who published."""
    wanted = {row.created_by for row in versions if row.created_by}
    query = select(Member.id, Member.display_name).where(Member.id.in_(wanted))
    return {row.id: row.display_name for row in request.db.execute(query)}


@view_config(
    route_name="admin.consent",
    request_method="POST",
    renderer="admin/privacy/consent.jinja2",
    permission=PERMISSION,
)
def draft(request: Request) -> Any:
    """Write a new draft."""
    for_the_whole_house(request, PERMISSION)
    name = request.matchdict["purpose"]
    try:
        values = validated(TextIn(), request.POST)
        row = _service(request).draft(name, values.pop("version"), values, request.actor)
    except SuwenError as error:
        if not error.fields:
            raise
        request.response.status_int = error.status
        return _purpose(request, _typed(request), error.fields)
    request.flash("success", _("草稿已保存，发布前不会影响任何人"))
    return HTTPSeeOther(location=_where(request, row.id))


def _typed(request: Request) -> dict[str, str]:
    return {field: request.POST.get(field, "") for field in ("version", *FIELDS)}


def _where(request: Request, text_id: int) -> str:
    keys = {"purpose": request.matchdict["purpose"], "id": text_id}
    path: str = request.route_path("admin.consent_text", **keys)
    return path


def _row(request: Request) -> ConsentText:
    row = _service(request).get(ids.parse(request.matchdict["id"]) or 0)
    if row.purpose != request.matchdict["purpose"]:
        raise NotFound
    return row


@view_config(
    route_name="admin.consent_text",
    request_method="GET",
    renderer="admin/privacy/consent_text.jinja2",
    permission=PERMISSION,
)
def text(request: Request) -> Mapping[str, Any]:
    """One version: as members see it, and what differs from the present one."""
    row = _row(request)
    return _version(request, row, {name: getattr(row, name) for name in ("version", *FIELDS)})


def _version(
    request: Request,
    row: ConsentText,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    service = _service(request)
    present = service.present(row.purpose)
    changes = [
        (title, compare(str(getattr(present, field)), getattr(row, field)))
        for field, title in (("title", _("标题")), ("text", _("正文")), ("effect", _("撤回的影响")))
    ]
    return {
        "row": row,
        "present": present,
        "is_draft": row.state == DRAFT,
        "changes": changes,
        "counts": service.counts(row.purpose),
        "counted": COUNTED,
        "values": values,
        "errors": errors or {},
    }


@view_config(
    route_name="admin.consent_text",
    request_method="POST",
    renderer="admin/privacy/consent_text.jinja2",
    permission=PERMISSION,
)
def change(request: Request) -> Any:
    """Change a draft; what was published stays as it is."""
    for_the_whole_house(request, PERMISSION)
    row = _row(request)
    try:
        values = validated(TextIn(), request.POST)
        _service(request).change(row.id, values.pop("version"), values, request.actor)
    except SuwenError as error:
        if not error.fields:
            raise
        request.response.status_int = error.status
        return _version(request, row, _typed(request), error.fields)
    request.flash("success", _("草稿已保存，发布前不会影响任何人"))
    return HTTPSeeOther(location=_where(request, row.id))


@view_config(route_name="admin.consent_text_move", request_method="POST", permission=PERMISSION)
def move(request: Request) -> HTTPSeeOther:
    """Publish a draft, after proving oneself again, or throw it away."""
    for_the_whole_house(request, PERMISSION)
    row, service = _row(request), _service(request)
    if request.matchdict["step"] == "discard":
        service.discard(row.id, request.actor)
        request.flash("info", _("草稿已删除"))
        return HTTPSeeOther(location=request.route_path("admin.consent", purpose=row.purpose))
    request.require_step_up()
    try:
        service.publish(row.id, request.actor)
    except SuwenError as error:
        request.flash("danger", error.text)
        return HTTPSeeOther(location=_where(request, row.id))
    request.flash("success", _("已发布；会员在下一次需要这项授权时会看到新文本"))
    return HTTPSeeOther(location=request.route_path("admin.consent", purpose=row.purpose))
