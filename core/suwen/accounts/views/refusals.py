"""What a page does when somebody may not: ask to sign in, to step up, or show nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.view import exception_view_config, forbidden_view_config

from suwen.accounts.errors import ConsentRequired, StepUpRequired
from suwen.kernel.i18n import _
from suwen.kernel.themes.preferences import local_path
from suwen.kernel.web import READING

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

_PAGES = r"^(?!/api(/|$))"
_STAFF = r"^/admin(/|$)"


@forbidden_view_config(path_info=_STAFF)
def staff_only(error: HTTPForbidden, request: Request) -> Response:  # noqa: ARG001
    """Staff pages do not exist for others; staff without second factor set it up first."""
    if request.identity is None:
        return _to(request, "sign_in")
    if request.identity.needs_totp:
        return _to(request, "accounts.totp")
    return request.invoke_exception_view(
        (HTTPNotFound, HTTPNotFound(), None), request=request, reraise=False
    )


@exception_view_config(StepUpRequired, path_info=_PAGES)
def step_up(error: StepUpRequired, request: Request) -> Response:  # noqa: ARG001
    """Prove yourself again, then come back."""
    return _to(request, "accounts.step_up")


@exception_view_config(ConsentRequired, path_info=_PAGES)
def consent(error: ConsentRequired, request: Request) -> Response:
    """Agree first, then come back."""
    request.flash("warning", _("继续之前需要您的授权同意"))
    return _to(request, "accounts.consents", purpose=error.purpose)


def _to(request: Request, route: str, **query: str) -> Response:
    where = request.route_path(route, _query={**query, "next": came_from(request)})
    return HTTPSeeOther(location=where)


def came_from(request: Request) -> str:
    """The page to come back to: this one, or for a form the page that it stood on."""
    if request.method in READING:
        return local_path(request.path_qs)
    origin = request.host_url
    referrer = request.referrer or ""
    return local_path(referrer.removeprefix(origin)) if referrer.startswith(origin) else "/me"
