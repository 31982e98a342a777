"""Archives in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts.identity import actor
from suwen.api.operations import operation
from suwen.archives.schemas import AccessList, RecordDetail, RecordList
from suwen.archives.services import archives
from suwen.archives.views.storefront import file_response
from suwen.forms.schemas import PageQuery
from suwen.kernel import ids

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response


@operation(
    "list_archive_records",
    "GET",
    "/me/archive",
    permission="member.private",
    query=PageQuery(),
    answer=RecordList,
)
def list_archive_records(request: Request) -> dict[str, Any]:
    """Own released records, newest first."""
    items, cursor = request.find(archives).page(
        request.identity.member_id, request.query["cursor"], request.query["limit"]
    )
    shown = [{**item, "released_at": _iso(item["released_at"])} for item in items]
    return {"items": shown, "next_cursor": cursor}


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


@operation(
    "list_archive_accesses",
    "GET",
    "/me/archive/accesses",
    permission="member.private",
    query=PageQuery(),
    answer=AccessList,
)
def list_archive_accesses(request: Request) -> dict[str, Any]:
    """Who read or handled one's records."""
    items, cursor = request.find(archives).accesses(
        request.identity.member_id, request.query["cursor"], request.query["limit"]
    )
    shown = [
        {"at": row.at.isoformat(), "who": row.who, "action": row.action, "reason": row.reason}
        for row in items
    ]
    return {"items": shown, "next_cursor": cursor}


@operation(
    "get_archive_record",
    "GET",
    "/me/archive/{id}",
    permission="member.private",
    answer=RecordDetail(),
    writes=True,
    step_up=True,
)
def get_archive_record(request: Request) -> dict[str, Any]:
    """Open one's own record; the read is logged."""
    opened = request.find(archives).open(
        request.identity.member_id, request.matchdict["id"], actor(request), request.locale_name
    )
    return {
        "id": opened.record.public_id,
        "type": opened.record.type,
        "title": opened.title,
        "person": opened.person,
        "state": opened.record.state,
        "released_at": _iso(opened.record.released_at),
        "is_new": False,
        "facts": [{"label": label, "value": value} for label, value in opened.facts],
        "documents": [
            {
                "id": str(document.id),
                "file_name": document.file_name,
                "media_type": document.media_type,
                "size": document.size,
                "pages": document.pages,
            }
            for document in opened.documents
        ],
    }


@operation(
    "download_archive_document",
    "GET",
    "/me/archive/{id}/documents/{document}",
    permission="member.private",
    writes=True,
    step_up=True,
)
def download_archive_document(request: Request) -> Response:
    """The file of one's own record; the read is logged."""
    found, content = request.find(archives).document(
        request.identity.member_id,
        request.matchdict["id"],
        ids.parse(request.matchdict["document"]) or 0,
        actor(request),
    )
    return file_response(found, content)
