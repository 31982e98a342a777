"""A transport for tests: calls WSGI applications in memory, and fails when told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webob import Request

from suwen.hookspecs.common import HttpResponse, NoAnswer, NotSent

WsgiApp = Callable[..., Any]
Alter = Callable[[HttpResponse], HttpResponse]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it left; headers with lower-case names."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes


class WsgiTransport:
    """``HttpTransport`` that finds an application by the origin of the address.

    ``sent`` holds everything that was sent. The next calls can be made to misbehave: each of the
    methods ``refuse``, ``lose_answer``, ``alter_answer`` and ``answer`` concerns one call, in the order of asking.
    """

    def __init__(self, apps: Mapping[str, WsgiApp]) -> None:
        """``apps`` by origin, such as ``https://api.example``."""
        self._apps = {origin.rstrip("/"): app for origin, app in apps.items()}
        self._plans: deque[str | HttpResponse | Alter] = deque()
        self.sent: list[Sent] = []

    def refuse(self) -> None:
        """The next call never leaves: ``NotSent``."""
        self._plans.append("refuse")

    def lose_answer(self) -> None:
        """The next call is carried out, but its answer gets lost: ``NoAnswer``."""
        self._plans.append("lose")

    def answer(
        self, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """The next call is answered with this and reaches no application."""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        self._plans.append(HttpResponse(status, lower, content))

    def alter_answer(self, change: Alter) -> None:
        """The next call is carried out, but its answer is changed on the way back."""
        self._plans.append(change)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout_s: float = 8.0,  # noqa: ARG002 - nothing takes time in memory
    ) -> HttpResponse:
        """Call the application; raises ``NotSent`` for an unknown origin."""
        plan = self._plans.popleft() if self._plans else ""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        parts = urlsplit(url)
        app = self._apps.get(f"{parts.scheme}://{parts.netloc}")
        if plan == "refuse" or app is None:
            raise NotSent(f"{parts.netloc}: refused")
        self.sent.append(Sent(method, url, lower, content or b""))
        if isinstance(plan, HttpResponse):
            return plan
        answer = self._call(app, self.sent[-1])
        if plan == "lose":
            raise NoAnswer(f"{parts.netloc}: time-out")
        return plan(answer) if callable(plan) else answer

    def _call(self, app: WsgiApp, sent: Sent) -> HttpResponse:
        request = Request.blank(sent.url, method=sent.method, headers=dict(sent.headers))
        request.body = sent.content
        parts = urlsplit(sent.url)
        # What a server calls the request target, before any decoding.
        request.environ["REQUEST_URI"] = parts.path + (f"?{parts.query}" if parts.query else "")
        response = request.get_response(app)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status_int, headers, response.body)
