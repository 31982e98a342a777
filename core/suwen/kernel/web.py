"""What every request has: database session, house, region, and the guards that no view can forget.

View options added here:

``writes=True``     a GET that writes (every read of a health record is audited)
``settling=True``   a plugin's view that answers even where the region has the plugin off
``uploads=True``    a form that takes files; any other refuses them
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import pyramid_tm
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.httpexceptions import HTTPBadRequest, HTTPMethodNotAllowed, HTTPNotFound
from pyramid.predicates import RequestMethodPredicate
from pyramid.tweens import EXCVIEW, INGRESS
from pyramid.viewderivers import INGRESS as FIRST
from pyramid_retry import mark_error_retryable
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from suwen.kernel.errors import NotFound
from suwen.kernel.regions import UnknownRegion

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House
    from suwen.kernel.plugins.switch import Offering
    from suwen.kernel.regions import RegionInfo

T = TypeVar("T")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
READING = frozenset({"GET", "HEAD"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,40}", re.ASCII)
_PLUGIN_MODULE = re.compile(r"suwen_([a-z0-9_]+?)(\.|$)")

CSP = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}


def house(request: Request) -> House:
    """The process's services."""
    found: House = request.registry.house
    return found


def session(request: Request) -> Session:
    """The request's database session, joined to its transaction."""
    writes = request.method not in READING or request.environ.get("suwen.writes", False)
    joined: Session = request.house.database.joined(request.tm, writes=writes)
    joined.info["wake"] = request.house.jobs.wake
    return joined


def find(request: Request, factory: Callable[[House, Session], T]) -> T:
    """A service, made by its factory for this request."""
    return factory(request.house, request.db)


def commit_step(request: Request) -> None:
    """Commit what was done so far and go on in a new transaction.

    For the few views that call a provider: nothing is called inside a transaction. What follows
    must be safe to repeat, and rows must be read anew.
    """
    request.tm.commit()
    request.tm.begin()
    request.db.info.pop("versions", None)
    request.db.info.pop("wake_for", None)


def region(request: Request) -> RegionInfo:
    """The region of browsing: the API's parameter ``region``, or on pages the visitor's choice;
    then the member's own region, then the default.

    Raises ``UnknownRegion`` for a bad parameter; a bad cookie is ignored.
    """
    regions = request.house.regions
    api = request.path.startswith("/api/")
    asked = request.GET.get("region") if api else None
    if asked:
        chosen: RegionInfo = regions.resolve(request.db, asked)
        return chosen
    # The API takes no cookies.
    visited = None if api else request.cookies.get("region")
    home = getattr(request.identity, "region_code", None)
    try:
        return regions.resolve(request.db, visited or home)  # type: ignore[no-any-return]
    except UnknownRegion:
        return regions.default(request.db)  # type: ignore[no-any-return]


def regions(request: Request) -> Sequence[RegionInfo]:
    """All regions that a visitor can choose from."""
    found: Sequence[RegionInfo] = request.house.regions.all(request.db)
    return found


def offering(request: Request) -> Offering:
    """What the region of browsing has switched on."""
    return request.house.switch.offering(request.db, request.region.code)  # type: ignore[no-any-return]


def request_id(request: Request) -> str:
    """The caller's ``X-Request-Id`` if it is a decent one, else one of our own."""
    given = request.headers.get("X-Request-Id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def writes_deriver(view: Any, info: Any) -> Any:
    """Make the session of a view declared ``writes=True`` a writing one, before anybody uses it."""
    if not info.options.get("writes"):
        return view

    def wrapped(context: Any, request: Request) -> Any:
        request.environ["suwen.writes"] = True
        return view(context, request)

    return wrapped


writes_deriver.options = ("writes",)  # type: ignore[attr-defined]


def plugin_deriver(view: Any, info: Any) -> Any:
    """Answer 404 for a plugin's view where the region has the plugin off."""
    plugin = _plugin_of(info.original_view)
    if plugin is None or info.options.get("settling"):
        return view

    def wrapped(context: Any, request: Request) -> Any:
        if request.offering.state(plugin) == "disabled":
            raise NotFound
        return view(context, request)

    return wrapped


plugin_deriver.options = ("settling",)  # type: ignore[attr-defined]


def _plugin_of(view: Any) -> str | None:
    match = _PLUGIN_MODULE.match(getattr(view, "__module__", "") or "")
    return match.group(1) if match else None


def method_deriver(view: Any, info: Any) -> Any:
    """Let a view that names no method answer GET and HEAD only."""
    if info.exception_only or any(isinstance(p, RequestMethodPredicate) for p in info.predicates):
        return view

    def wrapped(context: Any, request: Request) -> Any:
        if request.method not in READING:
            raise HTTPMethodNotAllowed
        return view(context, request)

    return wrapped


def uploads_deriver(view: Any, info: Any) -> Any:
    """Refuse files in forms that ask for none: no view has to expect them in place of a text.

    Views without CSRF protection read their bodies themselves.
    """
    if info.exception_only or info.options.get("uploads") or not _is_form(info):
        return view

    def wrapped(context: Any, request: Request) -> Any:
        if request.content_type == "multipart/form-data" and not all(
            isinstance(value, str) for value in request.POST.values()
        ):
            raise HTTPBadRequest
        return view(context, request)

    return wrapped


uploads_deriver.options = ("uploads",)  # type: ignore[attr-defined]


def _is_form(info: Any) -> bool:
    return info.options.get("require_csrf") is not False


def guard_tween(handler: Any, registry: Any) -> Any:
    """Refuse odd methods and junk bytes; set the headers of every answer."""

    def guard(request: Request) -> Response:
        if request.method not in METHODS:
            response: Response = HTTPMethodNotAllowed()
        elif not _decodes(request):
            response = HTTPNotFound()
        else:
            response = handler(request)
        _set_headers(request, response, secure=registry.house.settings.secure)
        return response

    return guard


def _decodes(request: Request) -> bool:
    try:
        bytes(request.environ.get("PATH_INFO", ""), "latin-1").decode("utf-8")
        request.GET.mixed()
    except (UnicodeDecodeError, ValueError):
        return False
    return "\x00" not in request.environ.get("PATH_INFO", "")


def _set_headers(request: Request, response: Response, *, secure: bool) -> None:
    headers = response.headers
    policy = dict(CSP)
    for name, value in getattr(request, "csp_additions", {}).items():
        policy[name] = f"{policy.get(name, '')} {value}".strip()
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    headers.setdefault("Content-Security-Policy", text)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("X-Request-Id", request.request_id)
    if secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    headers.setdefault("Cache-Control", "no-store" if request.cookies else "private, no-cache")


def commit_veto(request: Request, response: Response) -> bool:
    """Roll back what led to an error answer."""
    return bool(response.status_code >= 400) and not request.environ.get("suwen.commit")


def retry_conflicts(context: ExceptionContext) -> None:
    """Let a request that lost a race be tried again: for a row that another has just written, which
    it finds then as a second click does; for a lock, or in a deadlock, which another has won.
    """
    error = context.sqlalchemy_exception
    if isinstance(error, IntegrityError) or _lost_a_lock(context.original_exception):
        mark_error_retryable(error)


def _lost_a_lock(error: BaseException | None) -> bool:
    # Serialization failure, deadlock, lock time-out; SQLite names no state.
    lost = getattr(error, "sqlstate", None) in {"40001", "40P01", "55P03"}
    return lost or "database is locked" in str(error)


def cookie_name(settings: Any, name: str) -> str:
    """``__Host-`` in production; a development name over plain HTTP."""
    return f"__Host-{name}" if settings.secure else f"dev-{name}"


def includeme(config: Configurator) -> None:
    """Wire the request."""
    settings = config.registry.house.settings
    config.add_settings(
        {
            "tm.manager_hook": pyramid_tm.explicit_manager,
            "tm.commit_veto": commit_veto,
            "tm.annotate_user": False,
            "retry.attempts": 3,
        }
    )
    config.include("pyramid_retry")
    event.listen(config.registry.house.database.engine, "handle_error", retry_conflicts)
    config.include("pyramid_tm")
    for name, function in (
        ("house", house),
        ("db", session),
        ("region", region),
        ("regions", regions),
        ("offering", offering),
        ("request_id", request_id),
    ):
        config.add_request_method(function, name, reify=True)
    config.add_request_method(find, "find")
    config.add_request_method(commit_step, "commit_step")
    config.set_csrf_storage_policy(
        CookieCSRFStoragePolicy(
            cookie_name=cookie_name(settings, "csrf"),
            secure=settings.secure,
            httponly=True,
            samesite="Lax",
        )
    )
    config.set_default_csrf_options(require_csrf=True)
    config.set_default_permission("undeclared")
    config.add_view_deriver(writes_deriver, "suwen_writes", under=FIRST, over="secured_view")
    config.add_view_deriver(method_deriver, "suwen_method")
    config.add_view_deriver(plugin_deriver, "suwen_plugin")
    config.add_view_deriver(uploads_deriver, "suwen_uploads")
    config.add_tween("suwen.kernel.web.guard_tween", under=INGRESS, over=EXCVIEW)
