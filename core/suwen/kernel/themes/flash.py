"""Messages shown once on the next page, kept in a signed cookie: no database write."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from itsdangerous import BadSignature, URLSafeSerializer

MAX_MESSAGES: Final = 4
MAX_LENGTH: Final = 240
KINDS: Final = frozenset({"success", "info", "warning", "danger"})
_PENDING: Final = "suwen_flash"


class Flash:
    """Messages of one request: those that came with the cookie and those added now."""

    def __init__(self, request: Any, name: str, secret: str) -> None:
        """Read the cookie; a forged or damaged one counts as none."""
        self._serializer = URLSafeSerializer(
            secret, salt="suwen.flash", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._name = name
        self._secure = name.startswith("__Host-")
        self._messages = self._load(request.cookies.get(name))
        self._came = name in request.cookies
        self._added = False
        request.add_response_callback(self._store)

    def _load(self, cookie: str | None) -> list[tuple[str, str]]:
        if not cookie:
            return []
        try:
            raw = self._serializer.loads(cookie)
        except (BadSignature, json.JSONDecodeError, UnicodeDecodeError):
            return []
        return [(str(kind), str(text)) for kind, text in raw]

    def add(self, kind: str, text: str) -> None:
        """Queue a message; the oldest go when there are too many for a cookie."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind of flash message: {kind!r}")
        self._messages = [*self._messages, (kind, text[:MAX_LENGTH])][-MAX_MESSAGES:]
        self._added = True

    def pop(self) -> list[tuple[str, str]]:
        """All messages; they are gone afterwards."""
        shown, self._messages = self._messages, []
        return shown

    def _store(self, _request: Any, response: Any) -> None:
        # An error page means that what was reported did not happen.
        failed = response.status_code >= 500
        if self._messages and self._added and not failed:
            self._set(response, self._serializer.dumps(self._messages), None)
        elif self._came and not self._messages:
            self._set(response, "", 0)

    def _set(self, response: Any, value: str, max_age: int | None) -> None:
        # A __Host- cookie can only be cleared with the attributes it was set with.
        response.set_cookie(
            self._name,
            value,
            max_age=max_age,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )


def _of(request: Any) -> Flash:
    found: Flash | None = getattr(request, _PENDING, None)
    if found is None:
        themes = request.registry["suwen.themes"]
        found = Flash(request, themes.cookie_name("flash"), themes.secret)
        setattr(request, _PENDING, found)
    return found


def flash(request: Any, kind: str, text: str) -> None:
    """Show ``text`` on the next page; ``kind`` is success, info, warning or danger."""
    _of(request).add(kind, str(request.localizer.translate(text)))


def pop_flashes(request: Any) -> list[tuple[str, str]]:
    """Messages to show on this page."""
    return _of(request).pop()
