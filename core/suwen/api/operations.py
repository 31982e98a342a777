"""Declaring an operation of ``/api/v1``: one decorator gives the route, the view and the document.

The colander schemas that validate are the ones the OpenAPI document is generated from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import colander
import venusian
from pyramid.response import Response

from suwen.api import idempotency, strict
from suwen.forms.wording import invalid
from suwen.kernel import clock
from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

PREFIX = "/api/v1"
MAX_BODY = 256 * 1024

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

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a path must look like to be this operation's."""
        parts = re.split(r"\{[^}]*\}", PREFIX + self.path)
        return re.compile("[^/]+".join(re.escape(part) for part in parts))

    def answers_to(self, path: str) -> bool:
        """Whether the path is this operation's, whatever the method."""
        return self.pattern.fullmatch(path) is not None


FIRST: Final = -1000
"""Actions of this order are carried out before all of Pyramid's own."""


class BadBody(Invalid):
    """The body is not a JSON object."""

    status = 400
    code = "bad_body"
    message = _("请求内容不是有效的 JSON 对象")


class BodyTooLarge(Invalid):
    """The body is larger than any operation needs."""

    status = 413
    code = "body_too_large"
    message = _("请求内容过大")


class NotJson(Invalid):
    """The body is of another media type."""

    status = 415
    code = "unsupported_media_type"
    message = _("请以 JSON 提交请求内容")


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
    # A scan goes by names, and the first route that fits wins: words before parameters, so that
    # /me/archive/accesses is not taken for a record of that id.
    order = FIRST + declared.path.count("{")
    config.action(("operation", declared.id), lambda: _mount(config, declared), order=order)


def _mount(config: Configurator, declared: Operation) -> None:
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
            response = idempotency.once(request, lambda: _answer(declared, request, arguments))
        else:
            response = _answer(declared, request, arguments)
        if declared.permission != "public":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    view.__module__ = declared.handler.__module__
    view.__name__ = declared.handler.__name__
    return view


def _arguments(declared: Operation, request: Request) -> tuple[Any, ...]:
    if declared.query is not None:
        request.query = _from_text(declared.query, request.GET, request)
    if declared.body is None:
        return ()
    if declared.multipart:
        return (_from_text(declared.body, request.POST, request),)
    return (_from_json(declared.body, _json(request), request),)


def _json(request: Request) -> dict[str, Any]:
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge
    if request.content_type not in {"", "application/json"}:
        raise NotJson
    try:
        value = json.loads(request.body or b"null", parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadBody from None
    if not isinstance(value, dict):
        raise BadBody
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _from_json(schema: colander.SchemaNode, value: dict[str, Any], request: Request) -> Any:
    bound = schema.bind(request=request)
    try:
        return bound.deserialize(strict.checked(bound, value))
    except colander.Invalid as error:
        raise invalid(error) from None


def _from_text(schema: colander.SchemaNode, given: Any, request: Request) -> Any:
    """Query string or multipart form: a list's values come under one name, several times."""
    bound = schema.bind(request=request, text=True)
    values = {
        child.name: given.getall(child.name)
        if isinstance(child.typ, colander.Sequence)
        else given[child.name]
        for child in bound.children
        if child.name in given
    }
    if not strict.storable(values):
        raise invalid(colander.Invalid(bound, _("含有不能使用的字符")))
    try:
        return bound.deserialize(values)
    except colander.Invalid as error:
        raise invalid(error) from None


def _answer(declared: Operation, request: Request, arguments: tuple[Any, ...]) -> Response:
    value = declared.handler(request, *arguments)
    if isinstance(value, Response):
        return value
    if value is None:
        return Response(status=204)
    body = json.dumps(value, ensure_ascii=False, default=_plain, separators=(",", ":"))
    status = request.environ.get("suwen.api_status", declared.status)
    return Response(body=body.encode(), status=status, content_type="application/json")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return clock.as_utc(value).astimezone(clock.SHANGHAI).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
