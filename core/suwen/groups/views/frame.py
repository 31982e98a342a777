"""What the pages of a group share: who acts for it, the group's own menu, sheets as answers."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from pyramid.response import FileIter, Response

from suwen.groups.services import Group, group
from suwen.groups.sheets import MEDIA_TYPE
from suwen.kernel import ids
from suwen.kernel.i18n import translate
from suwen.kernel.ratelimit import Limit

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.kernel.errors import SuwenError

UPLOADS = Limit("groups.upload", 20, 600)
"""Reading a sheet takes seconds of a processor."""
PRIVATE = "member.private"
"""Rosters are other people's data: nobody who acts in a member's place sees them."""


def group_of(request: Request) -> Group:
    """The group of the address; raises ``NotFound`` for who does not act for it."""
    return group(request.house, request.db, number(request, "id"), request.identity.member_id)


def number(request: Request, name: str) -> int:
    """An id of the address; 0, which nothing has, for anything else."""
    return ids.parse(request.matchdict[name]) or 0


def frame(found: Group, **values: Any) -> dict[str, Any]:
    """What every page of a group shows."""
    return {"group": found.who, **values}


def texts(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    """Fields of a form as they were sent."""
    return {name: request.POST.get(name, "")[:300] for name in names}


def refused(request: Request, error: SuwenError) -> dict[str, str]:
    """Answer 422 (429 for limits) with the messages by field; the empty name belongs to none."""
    request.response.status_int = error.status if error.status == 429 else 422
    return dict(error.fields) or {"": error.text}


def sheet(request: Request, name: str, file: IO[bytes]) -> Response:
    """A sheet on its way; never cached."""
    response = Response(app_iter=FileIter(file), content_type=MEDIA_TYPE)
    shown = quote(f"{translate(request, name)}.xlsx", safe="")
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"sheet.xlsx\"; filename*=UTF-8''{shown}"
    )
    response.headers["Cache-Control"] = "no-store, private"
    return response
