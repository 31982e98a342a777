"""Declaring an operation of ``/api/v1``: one decorator gives the route, the view and the document.

The colander schemas that validate are the ones the OpenAPI document is generated from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import colander
import venusian
from pyramid.response import Response

from suwen.api import idempotency
from suwen.api.problems import fields_of
from suwen.kernel.errors import Invalid

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

PREFIX = "/api/v1"
MAX_BODY = 256 * 1024
CATEGORY = "suwen.api"

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """One call of the API. Schemas are colander nodes; ``status`` is that of success."""

    id: str
    method: str
    path: str
    handler: Handler
    permission: str
    body: colander.SchemaNode | None = None
    query: colander.SchemaNode | None = None
    answer: colander.SchemaNode | None = None
    status: int = 200
    idempotent: bool = False
    writes: bool = False
    step_up: bool = False
    multipart: bool = False
    other_answers: Mapping[int, colander.SchemaNode] = field(default_factory=dict)
    summary: str = ""


class BadBody(Invalid):
    """The body is not a JSON object."""

    status = 400
    code = "bad_body"
    message = "请求内容不是有效的 JSON 对象"


class BodyTooLarge(Invalid):
    """The body is larger than any operation needs."""

    status = 413
    code = "body_too_large"
    message = "请求内容过大"


def operation(
    operation_id: str, method: str, path: str, *, permission: str, **options: Any
) -> Callable[[Handler], Handler]:
    """Declare ``handler(request)`` or, with ``body=``, ``handler(request, body)`` as an operation.

    ``path`` is below ``/api/v1`` with ``{name}`` for parameters. Options are those of
    ``Operation``. The handler returns a JSON-ready value, None for an empty answer, or a
    ``Response`` of its own. The first line of its docstring is the summary.
    """

    def decorate(handler: Handler) -> Handler:
        summary = (handler.__doc__ or operation_id).strip().splitlines()[0].rstrip(".")
        declared = Operation(
            operation_id, method, path, handler, permission, summary=summary, **options
        )

        def register(scanner: Any, _name: str, _obj: Any) -> None:
            scanner.config.add_suwen_operation(declared)

        venusian.attach(handler, register, category="pyramid")
        return handler

    return decorate


def add_operation(config: Configurator, declared: Operation) -> None:
    """Directive: mount an operation."""
    operations: dict[str, Operation] = config.registry["suwen.operations"]
    if declared.id in operations:
        raise ValueError(f"two operations named {declared.id}")
    operations[declared.id] = declared
    route = f"api.{declared.id}"
    config.add_route(route, PREFIX + declared.path, request_method=declared.method)
    config.add_view(
        _view(declared),
        route_name=route,
        request_method=declared.method,
        permission=declared.permission,
        require_csrf=False,
        writes=declared.writes,
    )


def _view(declared: Operation) -> Callable[[Any, Request], Response]:
    def view(_context: Any, request: Request) -> Response:
        if declared.step_up:
            request.require_step_up()
        arguments = _arguments(declared, request)
        if declared.idempotent:
            return idempotency.once(request, lambda: _answer(declared, request, arguments))
        return _answer(declared, request, arguments)

    view.__module__ = declared.handler.__module__
    view.__name__ = declared.handler.__name__
    return view


def _arguments(declared: Operation, request: Request) -> tuple[Any, ...]:
    if declared.query is not None:
        request.query = _validate(declared.query, dict(request.GET))
    if declared.multipart:
        return (_validate(declared.body, dict(request.POST)),) if declared.body else ()
    if declared.body is None:
        return ()
    return (_validate(declared.body, _json(request)),)


def _json(request: Request) -> dict[str, Any]:
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge
    try:
        value = json.loads(request.body or b"null", parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadBody from None
    if not isinstance(value, dict):
        raise BadBody
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _validate(schema: colander.SchemaNode, value: Any) -> Any:
    try:
        return schema.bind().deserialize(value) if schema.bindings else schema.deserialize(value)
    except colander.Invalid as error:
        raise Invalid("提交的内容有误，请检查标出的项目", fields=fields_of(error)) from None


def _answer(declared: Operation, request: Request, arguments: tuple[Any, ...]) -> Response:
    value = declared.handler(request, *arguments)
    if isinstance(value, Response):
        return value
    if value is None:
        return Response(status=204)
    body = json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    status = request.environ.get("suwen.api_status", declared.status)
    return Response(body=body.encode(), status=status, content_type="application/json")
