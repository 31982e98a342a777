"""The audit log for those who read it: newest first, filtered, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import colander
from pyramid.view import view_config
from sqlalchemy import select

from suwen.forms.schemas import Day, IdString, Text, from_text
from suwen.forms.wording import fields_of
from suwen.kernel import clock
from suwen.kernel.audit import AuditEvent
from suwen.kernel.crypto import CannotOpen
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.request import Request
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

PAGE: Final = 50
PERMISSION: Final = "staff.audit"

ACTORS: Final = {
    "member": _("会员"),
    "staff": _("员工"),
    "system": _("系统"),
    "visitor": _("访客"),
}


class Filter(colander.MappingSchema):
    """What to look for; everything is optional."""

    action = colander.SchemaNode(Text(), validator=colander.Length(max=60), missing=None)
    actor_kind = colander.SchemaNode(Text(), validator=colander.OneOf(list(ACTORS)), missing=None)
    actor_id = colander.SchemaNode(IdString(), missing=None)
    object_kind = colander.SchemaNode(Text(), validator=colander.Length(max=40), missing=None)
    object_id = colander.SchemaNode(Text(), validator=colander.Length(max=60), missing=None)
    subject_id = colander.SchemaNode(IdString(), missing=None)
    since = colander.SchemaNode(Day(), missing=None)
    until = colander.SchemaNode(Day(), missing=None)
    cursor = colander.SchemaNode(IdString(), missing=None)


@dataclass(frozen=True, slots=True)
class Page:
    """Events, newest first; ``next_cursor`` is None at the end."""

    events: Sequence[AuditEvent]
    next_cursor: str | None


def find(db: Session, wanted: Mapping[str, Any], regions: Sequence[str] | None = None) -> Page:
    """One page of the events that fit, of these regions only unless ``regions`` is None."""
    query = _query(wanted)
    if regions is not None:
        query = query.where(AuditEvent.region.in_(regions))
    rows = db.scalars(query.limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    return Page(shown, str(shown[-1].id) if len(rows) > PAGE else None)


def _query(wanted: Mapping[str, Any]) -> Select[AuditEvent]:
    conditions: list[ColumnElement[bool]] = [
        getattr(AuditEvent, name) == wanted[name]
        for name in ("actor_kind", "actor_id", "object_kind", "object_id", "subject_id")
        if wanted.get(name) is not None
    ]
    if wanted.get("action"):
        conditions.append(AuditEvent.action.startswith(wanted["action"], autoescape=True))
    if wanted.get("since"):
        conditions.append(AuditEvent.at >= _midnight(wanted["since"]))
    if wanted.get("until"):
        conditions.append(AuditEvent.at < _midnight(wanted["until"]) + timedelta(days=1))
    if wanted.get("cursor"):
        conditions.append(AuditEvent.id < wanted["cursor"])
    return select(AuditEvent).where(*conditions).order_by(AuditEvent.id.desc())


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.SHANGHAI)


@view_config(
    route_name="admin.audit",
    request_method="GET",
    renderer="admin/audit.jinja2",
    permission=PERMISSION,
)
def audit(request: Request) -> dict[str, Any]:
    """The log. Values of persons stay sealed: only what belongs to the house is opened."""
    asked = {name: text for name, text in request.GET.items() if text}
    errors: Mapping[str, str] = {}
    try:
        regions = request.identity.regions_of(PERMISSION)
        page = find(request.db, from_text(Filter(), asked), regions)
    except colander.Invalid as error:
        request.response.status_int = 422
        page, errors = Page((), None), fields_of(error)
    filters = {name: text for name, text in asked.items() if name != "cursor"}
    details = {event.id: _details(request, event) for event in page.events}
    return {
        "page": page,
        "filters": filters,
        "errors": errors,
        "actors": ACTORS,
        "details": details,
        "is_first": "cursor" not in asked,
    }


def _details(request: Request, event: AuditEvent) -> Mapping[str, Any]:
    if event.subject_id is not None:
        return {}
    try:
        found: Mapping[str, Any] = request.house.audit.details(event)
    except CannotOpen:
        return {}
    return found
