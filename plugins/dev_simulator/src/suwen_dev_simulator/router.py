"""Paths to functions; small, because the simulator stands beside the web framework of the shop."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from webob import Request, Response

View = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` is a regular expression; its named groups become arguments."""

    method: str
    path: str
    view: View


class BadInput(ValueError):
    """What was sent cannot be used; the text says why."""


def json_response(status: int, body: Any) -> Response:
    """JSON, readable."""
    return Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
        charset="utf-8",
    )


def json_body(request: Request) -> dict[str, Any]:
    """The object that was posted, an empty one for no body; raises ``BadInput``."""
    try:
        value = json.loads(request.body or b"{}")
    except ValueError:
        raise BadInput("the body is not JSON") from None
    if not isinstance(value, dict):
        raise BadInput("the body is not a JSON object")
    return value


def dispatch(routes: Sequence[Route], request: Request) -> Response:
    """Call the view of the path, or answer 404, 405 or 400."""
    known = False
    for route in routes:
        match = re.fullmatch(route.path, request.path_info)
        if match is None:
            continue
        known = True
        if request.method in {route.method, "HEAD" if route.method == "GET" else route.method}:
            try:
                return route.view(request, **match.groupdict())
            except BadInput as error:
                return json_response(400, {"error": str(error)})
    return json_response(405 if known else 404, {"error": "no such page"})
