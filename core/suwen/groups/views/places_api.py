"""A person's own side of groups in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts.identity import actor
from suwen.api.operations import operation
from suwen.groups import schemas
from suwen.groups.services import claims
from suwen.groups.views.frame import PRIVATE, number
from suwen.kernel.i18n import translate

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.groups.claims import Belonging


def _place(one: Belonging) -> dict[str, Any]:
    return {
        "id": str(one.person_id),
        "group_name": one.group_name,
        "department": one.department,
        "shares_results": one.shares,
    }


@operation("list_places", "GET", "/me/groups", permission=PRIVATE, answer=schemas.PlaceList)
def list_places(request: Request) -> dict[str, Any]:
    """Groups on whose rosters the member has his place."""
    found = request.find(claims).mine(request.identity.member_id)
    return {"items": [_place(one) for one in found], "next_cursor": None}


@operation(
    "claim_place",
    "POST",
    "/me/groups",
    permission=PRIVATE,
    body=schemas.ClaimIn(),
    answer=schemas.PlaceOut(),
    status=201,
    idempotent=True,
)
def claim_place(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Take one's place by the code of the slip, name and birth date."""
    return _place(
        request.find(claims).claim(
            body["code"],
            request.identity.member_id,
            body["name"],
            body["birth_date"],
            actor(request),
        )
    )


@operation(
    "share_results",
    "POST",
    "/me/groups/{id}/sharing",
    permission=PRIVATE,
    body=schemas.ShareIn(),
    status=204,
)
def share_results(request: Request, body: dict[str, Any]) -> None:
    """Let the group's owners read reports of what it ordered for the member."""
    service = request.find(claims)
    shown = translate(request, service.about().text)
    service.share(number(request, "id"), actor(request), version=body["version"], shown=shown)


@operation(
    "stop_sharing_results",
    "DELETE",
    "/me/groups/{id}/sharing",
    permission=PRIVATE,
    status=204,
)
def stop_sharing_results(request: Request) -> None:
    """End it at once."""
    request.find(claims).stop_sharing(number(request, "id"), actor(request))


@operation("leave_group", "DELETE", "/me/groups/{id}", permission=PRIVATE, status=204)
def leave_group(request: Request) -> None:
    """Leave the group's roster."""
    request.find(claims).leave(number(request, "id"), actor(request))
