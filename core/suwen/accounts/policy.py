"""Who may do what: Pyramid's security policy, and the step-up before something sensitive.

Pages are signed in by cookie, ``/api/`` by bearer token, and neither looks at the other's. Every
view declares ``public``, ``member``, ``member.private``, ``staff`` or a declared permission of
staff; anything else is denied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import RequestLocalCache
from pyramid.security import Allowed, Denied
from sqlalchemy.exc import SQLAlchemyError
from webob.cookies import make_cookie

from suwen.accounts.errors import StepUpRequired
from suwen.accounts.identity import PRIVATE, Identity, of_bearer, of_browser
from suwen.accounts.network import client_address
from suwen.accounts.roles import AUDIT
from suwen.kernel import clock
from suwen.kernel.sessions import SEEN_EVERY, Device, sessions, touch
from suwen.kernel.web import READING, cookie_name

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.kernel.settings import Settings

log = structlog.get_logger(__name__)

PUBLIC: Final = "public"
API_PATH: Final = "/api/"
_TOKEN_LENGTH: Final = 43
"""256 bits in base64 without padding."""


class SecurityPolicy:
    """``ISecurityPolicy`` over server-side sessions."""

    def __init__(self, settings: Settings) -> None:
        """Name, limits and security of the cookie come from ``settings``."""
        self.cookie = cookie_name(settings, "session")
        self._secure = settings.secure
        self._max_age = settings.session_absolute_days * 86400
        self._cache = RequestLocalCache(self._load)

    def identity(self, request: Request) -> Identity | None:
        """Who makes the request; read once."""
        found: Identity | None = self._cache.get_or_create(request)
        return found

    def authenticated_userid(self, request: Request) -> str | None:
        """The member's id."""
        identity = self.identity(request)
        return str(identity.member_id) if identity else None

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Denied:  # noqa: ARG002
        """Whether the one who asks may; the auditor may read and nothing else."""
        if permission == PUBLIC:
            return Allowed("public")
        identity = self.identity(request)
        if identity is None:
            return Denied("nobody is signed in")
        if permission == AUDIT and request.method not in READING:
            return Denied("the audit log is read only")
        if permission not in identity.permissions:
            name = getattr(request.matched_route, "name", None)
            log.warning(
                "access.denied", permission=permission, route=name, member=identity.member_id
            )
            return Denied("%s does not hold %s", identity.member_id, permission)
        return Allowed("%s holds %s", identity.member_id, permission)

    def remember(self, request: Request, userid: Any, **kw: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Headers that set the cookie to ``token=``."""
        return [("Set-Cookie", self._set(kw["token"], self._max_age))]

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Headers that delete the cookie."""
        return [("Set-Cookie", self._set("", 0))]

    def _set(self, value: str, max_age: int) -> str:
        return str(
            make_cookie(
                self.cookie,
                value,
                max_age=max_age,
                path="/",
                secure=self._secure,
                httponly=True,
                samesite="Lax",
            )
        )

    def _load(self, request: Request) -> Identity | None:
        found = self._read(request)
        if found is not None and found.seen_at and found.seen_at < clock.now() - SEEN_EVERY:
            request.add_finished_callback(_touch)
        return found

    def _read(self, request: Request) -> Identity | None:
        if request.path_info.startswith(API_PATH):
            token = _bearer(request)
            find = of_bearer
        else:
            token = request.cookies.get(self.cookie, "")
            find = of_browser
        if len(token) != _TOKEN_LENGTH or not token.isascii():
            return None
        return find(request.db, sessions(request.house.settings, request.db), token)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _touch(request: Request) -> None:
    """After the answer, outside its transaction: a reading request must not write."""
    try:
        touch(request.house.database, request.identity.session_id)
    except SQLAlchemyError as error:
        log.warning("session.touch_failed", error=type(error).__name__)


def require_step_up(request: Request) -> None:
    """Request method: raise ``StepUpRequired`` unless the member has just proved himself again."""
    if request.identity is None or PRIVATE not in request.identity.permissions:
        raise HTTPForbidden
    if not request.identity.elevated:
        raise StepUpRequired


def device(request: Request) -> Device:
    """Where a sign-in comes from; the address leaves as a keyed hash."""
    hashed = request.house.vault.blind_index("session address", client_address(request))
    return Device((request.user_agent or "")[:200], hashed)
