"""Browsers that have signed a member in before prove it by a cookie; it signs nobody in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from itsdangerous import BadSignature, URLSafeTimedSerializer

from suwen.kernel.web import cookie_name

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

LASTS_S: Final = 180 * 86400
MEMBERS: Final = 5
"""A family's computer is known to each of them."""


def known(request: Request, member_id: int) -> bool:
    """Whether this browser has signed the member in within the last half year."""
    return _mark(request, member_id) in _marks(request)


def remember(request: Request, response: Response, member_id: int) -> None:
    """Let the browser prove it next time; the cookie names nobody."""
    mark, settings = _mark(request, member_id), request.house.settings
    marks = [mark, *(other for other in _marks(request) if other != mark)][:MEMBERS]
    response.set_cookie(
        cookie_name(settings, "device"),
        str(_serializer(request).dumps(marks)),
        max_age=LASTS_S,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: Request) -> Sequence[str]:
    cookie = request.cookies.get(cookie_name(request.house.settings, "device"), "")
    try:
        marks: Sequence[str] = _serializer(request).loads(cookie, max_age=LASTS_S)
    except BadSignature:
        return ()
    return marks


def _mark(request: Request, member_id: int) -> str:
    mark: str = request.house.vault.blind_index("known device", str(member_id))
    return mark[:16]


def _serializer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(request.house.secret_key, salt="suwen.accounts.device")
