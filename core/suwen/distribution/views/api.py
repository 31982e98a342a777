"""Distribution in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.api.operations import operation
from suwen.distribution.schemas import (
    CommissionList,
    DistributorOut,
    JoinIn,
    ShareIn,
    ShareOut,
    TeamOut,
)
from suwen.distribution.services import distribution
from suwen.distribution.views.storefront import share_url
from suwen.forms.schemas import PageQuery
from suwen.kernel.clock import SHANGHAI

if TYPE_CHECKING:
    from pyramid.request import Request


@operation(
    "create_share_link",
    "POST",
    "/me/share-links",
    permission="member",
    body=ShareIn(),
    answer=ShareOut(),
    status=201,
    idempotent=True,
)
def create_share_link(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """The member's link to a product."""
    link = request.find(distribution).share(request.identity.member_id, body["product_slug"])
    url = share_url(request, link.code)
    return {"code": link.code, "url": url, "qr_url": f"{url}/qr.svg", "poster_url": None}


@operation(
    "join_distribution",
    "POST",
    "/me/distribution",
    permission="member.private",
    body=JoinIn(),
    answer=DistributorOut(),
    idempotent=True,
)
def join_distribution(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Become a distributor, free of charge."""
    found = request.find(distribution).join(request.identity.member_id, body["accept_version"])
    return {"state": found.state, "terms_version": found.terms_version}


@operation(
    "leave_distribution", "DELETE", "/me/distribution", permission="member.private", status=204
)
def leave_distribution(request: Request) -> None:
    """Stop being a distributor; what was earned stays."""
    request.find(distribution).leave(request.identity.member_id)


@operation(
    "list_commissions",
    "GET",
    "/me/commissions",
    permission="member",
    query=PageQuery(),
    answer=CommissionList,
)
def list_commissions(request: Request) -> dict[str, Any]:
    """Own commissions, newest first."""
    lines, cursor = request.find(distribution).commissions(
        request.identity.member_id,
        request.locale_name,
        request.query["cursor"],
        request.query["limit"],
    )
    items = [
        {
            "id": line.id,
            "state": line.state,
            "level": line.level,
            "amount_fen": line.amount_fen,
            "date": line.day,
            "explanation": line.explanation,
        }
        for line in lines
    ]
    return {"items": items, "next_cursor": cursor}


@operation("list_team", "GET", "/me/team", permission="member", answer=TeamOut())
def list_team(request: Request) -> dict[str, Any]:
    """How many were recommended, and when; never who bought what."""
    team = request.find(distribution).team(request.identity.member_id)
    items = [
        {"level": 1, "joined_on": at.astimezone(SHANGHAI).date().isoformat()}
        for _member, at in team["items"]
    ]
    return {"direct": team["direct"], "second": team["second"], "items": items, "next_cursor": None}
