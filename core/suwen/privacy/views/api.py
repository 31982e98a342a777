"""Copies and erasure in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts.identity import PRIVATE
from suwen.api.operations import operation
from suwen.kernel import ids
from suwen.kernel.i18n import translate
from suwen.privacy import schemas
from suwen.privacy.receipts import receipt_number
from suwen.privacy.requests import ERASURE, requests
from suwen.privacy.views.storefront import copy_response

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

    from suwen.privacy.models import PrivacyRequest


@operation(
    "export_my_data",
    "POST",
    "/me/export",
    permission=PRIVATE,
    answer=schemas.RequestOut(),
    status=202,
    step_up=True,
    idempotent=True,
)
def export_my_data(request: Request) -> dict[str, Any]:
    """Ask for a copy of everything about oneself; asking again gives the one under way."""
    row = request.find(requests).ask_export(request.identity.member_id, request.actor)
    return request_out(request, row)


@operation(
    "erase_my_data",
    "POST",
    "/me/erasure",
    permission=PRIVATE,
    body=schemas.ErasureIn(),
    answer=schemas.RequestOut(),
    status=202,
    step_up=True,
    idempotent=True,
)
def erase_my_data(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Close the account and erase what the law does not require to be kept."""
    row = request.find(requests).ask_erasure(
        request.identity.member_id,
        body["confirm"],
        request.actor,
        forfeit=body["forfeit_balance"],
    )
    return request_out(request, row)


@operation(
    "get_privacy_request",
    "GET",
    "/me/privacy-requests/{id}",
    permission=PRIVATE,
    answer=schemas.RequestOut(),
)
def get_privacy_request(request: Request) -> dict[str, Any]:
    """How far a copy or an erasure is."""
    return request_out(request, _own(request))


@operation(
    "download_my_export",
    "GET",
    "/me/privacy-requests/{id}/file",
    permission=PRIVATE,
    writes=True,
    step_up=True,
)
def download_my_export(request: Request) -> Response:
    """The copy itself, a ZIP archive."""
    request_id = ids.parse(request.matchdict["id"]) or 0
    service = request.find(requests)
    return copy_response(service.hand_over(request.identity.member_id, request_id, request.actor))


@operation(
    "cancel_privacy_request",
    "DELETE",
    "/me/privacy-requests/{id}",
    permission=PRIVATE,
    status=204,
)
def cancel_privacy_request(request: Request) -> None:
    """Take a request back that has not begun."""
    request_id = ids.parse(request.matchdict["id"]) or 0
    request.find(requests).cancel(request.identity.member_id, request_id, request.actor)


def _own(request: Request) -> PrivacyRequest:
    request_id = ids.parse(request.matchdict["id"]) or 0
    row: PrivacyRequest = request.find(requests).own(request.identity.member_id, request_id)
    return row


def request_out(request: Request, row: PrivacyRequest) -> dict[str, Any]:
    number = receipt_number(request.house, row.id) if row.kind == ERASURE else None
    return {
        "id": str(row.id),
        "kind": row.kind,
        "state": row.state,
        "progress": row.progress,
        "requested_at": row.requested_at,
        "due_at": row.due_at,
        "finished_at": row.finished_at,
        "expires_at": row.expires_at,
        "size": row.size,
        "receipt_url": request.route_url("privacy.receipt", number=number) if number else None,
        "lines": [
            {
                "what": translate(request, line["what"]),
                "action": line["action"],
                "reason": translate(request, line["reason"]),
                "count": line["count"],
            }
            for line in row.receipt
            if line["what"]
        ],
    }
