"""The JSON API: how operations are declared, refused and described."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPNotFound
from pyramid.tweens import INGRESS
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from suwen.api import idempotency, openapi, problems
from suwen.api.operations import PREFIX, add_operation
from suwen.kernel.errors import SuwenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

_BELOW_API = r"^/api(/|$)"


def problem_tween(
    handler: Callable[[Request], Response],
    registry: Any,  # noqa: ARG001
) -> Callable[[Request], Response]:
    """Turn what was refused before any view was asked into a problem document as well."""

    def ensure_problem(request: Request) -> Response:
        response = handler(request)
        below = request.environ.get("PATH_INFO", "").startswith("/api/")
        failed = response.status_code >= HTTPStatus.BAD_REQUEST
        if below and failed and "json" not in (response.content_type or ""):
            answer = problems.of_status(request, response.status_code)
            answer.headers.update(_security_headers(response))
            return answer
        return response

    return ensure_problem


def _security_headers(response: Response) -> dict[str, str]:
    body = {"content-type", "content-length", "cache-control"}
    return {name: text for name, text in response.headers.items() if name.lower() not in body}


def includeme(config: Configurator) -> None:
    """The directive for domains, the problem views and the document."""
    from suwen.api.personal import ApiData

    config.registry["suwen.operations"] = {}
    config.add_directive("add_suwen_operation", add_operation, action_wrap=False)
    for context, view in (
        (Exception, problems.unexpected),
        (OperationalError, problems.unavailable),
        (PoolTimeout, problems.unavailable),
        (DataError, problems.impossible_value),
        (HTTPException, problems.http_error),
        (HTTPForbidden, problems.forbidden),
        (HTTPNotFound, problems.not_found),
        (SuwenError, problems.suwen_error),
    ):
        config.add_exception_view(view, context=context, path_info=_BELOW_API)
    config.add_tween("suwen.api.problem_tween", under=INGRESS, over="suwen.kernel.web.guard_tween")
    config.add_route("api.openapi", f"{PREFIX}/openapi.json", request_method="GET")
    config.add_view(
        openapi.document_view, route_name="api.openapi", request_method="GET", permission="public"
    )
    config.registry.house.ports.setdefault("personal_data", []).append(ApiData())
    config.registry.house.jobs.periodic(
        "api.prune_idempotency_keys",
        lambda: idempotency.prune(config.registry.house.database),
        every_minutes=60,
    )
