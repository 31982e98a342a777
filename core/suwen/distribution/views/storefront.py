"""Opening a share link, and the member's own distribution page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from suwen.catalog.services import Filters, catalog
from suwen.distribution.services import TERMS_VERSION, distribution
from suwen.distribution.states import TITLES
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _
from suwen.ledger.services import ledger

if TYPE_CHECKING:
    from pyramid.request import Request

WINDOW_S = 30 * 24 * 3600
"""How long before registration a first touch counts."""


@view_config(
    route_name="distribution.visit", request_method="GET", permission="public", writes=True
)
def visit(request: Request) -> HTTPSeeOther:
    """Remember the first link that was opened and go on to the product."""
    link = request.find(distribution).visit(request.matchdict["code"])
    answer = HTTPSeeOther(request.route_path("catalog.product", slug=link.product_slug))
    if not request.cookies.get("ref"):
        answer.set_cookie(
            "ref",
            link.code,
            max_age=WINDOW_S,
            httponly=True,
            samesite="Lax",
            secure=request.house.settings.secure,
        )
    return answer


@view_config(route_name="distribution.qr", request_method="GET", permission="public")
def qr(request: Request) -> Response:
    """The link as a QR code."""
    link = request.find(distribution).bindings.link(request.matchdict["code"])
    if link is None:
        raise NotFound
    out = io.BytesIO()
    import segno

    code = segno.make(share_url(request, link.code), error="m")
    # White behind it: scanners need the contrast in dark mode too.
    code.save(out, kind="svg", scale=6, border=2, light="#fff")
    return Response(body=out.getvalue(), content_type="image/svg+xml")


def share_url(request: Request, code: str) -> str:
    """The address that is shared."""
    base: str = request.house.settings.base_url
    return f"{base.rstrip('/')}{request.route_path('distribution.visit', code=code)}"


@view_config(
    route_name="distribution.home",
    request_method="GET",
    renderer="distribution/home.jinja2",
    permission="member",
)
def home(request: Request) -> dict[str, Any]:
    """Balance, links, team and commissions."""
    service, member_id = request.find(distribution), request.identity.member_id
    lines, cursor = service.commissions(
        member_id, request.locale_name, request.GET.get("cursor") or None
    )
    products = request.find(catalog).list_products(request.region.code, Filters(), limit=50)
    return {
        "distributor": service.distributor(member_id),
        "terms_version": TERMS_VERSION,
        "balance": request.find(ledger).member(member_id),
        "links": [(link, share_url(request, link.code)) for link in service.links(member_id)],
        "team": service.team(member_id),
        "commissions": lines,
        "next_cursor": cursor,
        "titles": TITLES,
        "products": [(row["slug"], row["name"]) for row in products.items],
        "names": {row["slug"]: row["name"] for row in products.items},
    }


def _back(request: Request) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path("distribution.home"))


@view_config(route_name="distribution.share", request_method="POST", permission="member")
def share(request: Request) -> HTTPSeeOther:
    """Make the member's link to a product."""
    try:
        slug = request.POST.get("product", "")
        request.find(distribution).share(request.identity.member_id, slug)
    except SuwenError as error:
        request.flash("danger", error.text)
    return _back(request)


@view_config(route_name="distribution.join", request_method="POST", permission="member.private")
def join(request: Request) -> HTTPSeeOther:
    """Accept the terms."""
    try:
        version = request.POST.get("accept_version", "")
        request.find(distribution).join(request.identity.member_id, version)
        request.flash("success", _("已加入推荐返现"))
    except SuwenError as error:
        request.flash("danger", error.text)
    return _back(request)


@view_config(route_name="distribution.leave", request_method="POST", permission="member.private")
def leave(request: Request) -> HTTPSeeOther:
    """Stop being a distributor."""
    request.find(distribution).leave(request.identity.member_id)
    request.flash("success", _("已退出推荐返现，已产生的返现不受影响"))
    return _back(request)
