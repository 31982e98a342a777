"""Overview and seats of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.groups.fulfilment import TITLES
from suwen.groups.services import invitations
from suwen.groups.views.frame import PRIVATE, frame, group_of, refused
from suwen.kernel import ids
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.groups.services import Group


@view_config(
    route_name="groups.home",
    request_method="GET",
    renderer="groups/home.jinja2",
    permission=PRIVATE,
)
def home(request: Request) -> dict[str, Any]:
    """Figures, and the way to everything."""
    found = group_of(request)
    orders, _more = found.fulfilment.page(limit=5)
    return frame(
        found,
        totals=found.roster.totals(),
        states=found.fulfilment.totals(),
        orders=orders,
        waiting=found.fulfilment.waiting(),
        titles=TITLES,
    )


@view_config(
    route_name="groups.seats",
    request_method="GET",
    renderer="groups/seats.jinja2",
    permission=PRIVATE,
)
def seats(request: Request) -> dict[str, Any]:
    """Who acts for the group; owners only."""
    return _seats(group_of(request), {}, {})


def _seats(
    found: Group, values: dict[str, str], errors: dict[str, str], token: str | None = None
) -> dict[str, Any]:
    return frame(found, seats=found.seats.all(), values=values, errors=errors, token=token)


@view_config(
    route_name="groups.seats",
    request_method="POST",
    renderer="groups/seats.jinja2",
    permission=PRIVATE,
)
def change_seats(request: Request) -> Any:
    """Invite, change a role, remove."""
    found, post = group_of(request), request.POST
    service, seat = found.seats, ids.parse(post.get("seat")) or 0
    try:
        if post.get("act") == "invite":
            token = service.invite(
                post.get("address", ""),
                post.get("role", ""),
                actor(request),
                region=request.region.code,
                locale=request.locale_name,
            )
            return _seats(found, {}, {}, token)
        if post.get("act") == "remove":
            service.remove(seat, actor(request))
        else:
            service.change(seat, post.get("role", ""), actor(request))
    except SuwenError as error:
        if error.status == 404:
            raise
        return _seats(found, dict(post), refused(request, error))
    request.flash("success", _("席位已更新，立即生效"))
    return HTTPSeeOther(request.route_path("groups.seats", id=found.who.group_id))


@view_config(
    route_name="groups.invitation",
    request_method="GET",
    renderer="groups/invitation.jinja2",
    permission=PRIVATE,
    writes=True,
)
def invitation(request: Request) -> dict[str, Any]:
    """An invitation that somebody has opened."""
    return _invitation(request, {})


def _invitation(request: Request, errors: dict[str, str]) -> dict[str, Any]:
    service = request.find(invitations)
    try:
        seat, name = service.open(request.matchdict["token"])
    except SuwenError as error:
        request.response.status_int = 404
        return {"over": error.text, "errors": {}}
    is_for = service.is_for(seat, request.identity.member_id)
    return {"over": None, "seat": seat, "name": name, "is_for": is_for, "errors": errors}


@view_config(
    route_name="groups.invitation",
    request_method="POST",
    renderer="groups/invitation.jinja2",
    permission=PRIVATE,
)
def accept(request: Request) -> Any:
    """Take the seat."""
    try:
        group_id = request.find(invitations).accept(
            request.matchdict["token"], request.identity.member_id, actor(request)
        )
    except SuwenError as error:
        return _invitation(request, refused(request, error))
    request.flash("success", _("您已加入，可以开始管理"))
    return HTTPSeeOther(request.route_path("groups.home", id=group_id))
