"""The OpenAPI 3.1 document, generated from the operations and the schemas that validate them."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pyramid.response import Response

from suwen import __version__
from suwen.api.idempotency import HEADER
from suwen.api.jsonschema import Components
from suwen.api.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import colander
    from pyramid.request import Request

    from suwen.api.operations import Operation

CACHE: Final = "suwen.openapi"

DESCRIPTION: Final = """\
Money is a whole number of fen in fields that end in `_fen`; times are RFC 3339 with an offset;
ids are strings. Lists take `limit` and `cursor` and answer `items` and `next_cursor`. Errors are
RFC 9457 problem documents; their language follows `Accept-Language` (zh-CN, en).
"""

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "For machines; never changes its meaning."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

REGION: Final[dict[str, Any]] = {
    "name": "region",
    "in": "query",
    "required": False,
    "description": "GB/T 2260 code; without it the member's region, else the default.",
    "schema": {"type": "string", "pattern": "^(default|[1-9][0-9]{1,5})$"},
}

IDEMPOTENCY: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Same key and body: the same answer. Same key, other body: 422"
    " `idempotency_mismatch`. Kept for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

LANGUAGE: Final[dict[str, Any]] = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "examples": ["zh-CN", "en"]},
}


def document(operations: Iterable[Operation], base_url: str) -> dict[str, Any]:
    """The whole document; operations in the order of path and method."""
    components = Components()
    paths: dict[str, dict[str, Any]] = {}
    for item in sorted(operations, key=lambda op: (op.path, op.method)):
        paths.setdefault(item.path, {})[item.method.lower()] = _operation(item, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Suwen 素问",
            "version": __version__,
            "summary": "Gene-testing health services: shop, health archive, questionnaires.",
            "description": DESCRIPTION,
        },
        "servers": [{"url": f"{base_url.rstrip('/')}/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": {**components.schemas, "Problem": PROBLEM},
            "parameters": {
                "region": REGION,
                "idempotencyKey": IDEMPOTENCY,
                "acceptLanguage": LANGUAGE,
            },
            "responses": {
                "Problem": {
                    "description": "What was refused and why",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(item: Operation, components: Components) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": item.id,
        "summary": item.summary,
        "tags": [item.handler.__module__.split(".")[1]],
        "parameters": _parameters(item, components),
        "responses": _responses(item, components),
    }
    if item.permission != "public":
        described["security"] = [{"bearer": []}]
    if item.body is not None:
        media = "multipart/form-data" if item.multipart else "application/json"
        schema = components.received(item.body)
        described["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    return described


def _parameters(item: Operation, components: Components) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
        for name in re.findall(r"\{(\w+)[^}]*\}", item.path)
    ]
    query = item.query.bind(text=True).children if item.query is not None else ()
    found += [_query_parameter(node, components) for node in query]
    if not any(node.name == "region" for node in query):
        found.append({"$ref": "#/components/parameters/region"})
    found.append({"$ref": "#/components/parameters/acceptLanguage"})
    if item.idempotent:
        found.append({"$ref": "#/components/parameters/idempotencyKey"})
    return found


def _query_parameter(node: colander.SchemaNode, components: Components) -> dict[str, Any]:
    schema = components.inline(node)
    parameter = {"name": node.name, "in": "query", "required": node.required, "schema": schema}
    if node.description:
        parameter["description"] = str(node.description)
    return parameter


def _responses(item: Operation, components: Components) -> dict[str, Any]:
    found = {str(item.status): _answer(item.status, item.answer, components)}
    for status, schema in item.other_answers.items():
        found[str(status)] = _answer(status, schema, components)
    refused = {400, 401, 404, 422, 429, 500, 503}
    if item.permission != "public":
        refused.add(403)
    if item.method != "GET":
        refused |= {409, 413, 415}
    for status in sorted(refused):
        found.setdefault(str(status), {"$ref": "#/components/responses/Problem"})
    return found


def _answer(
    status: int, schema: colander.SchemaNode | None, components: Components
) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema is not None:
        described["content"] = {"application/json": {"schema": components.sent(schema)}}
    return described


def document_view(request: Request) -> Response:
    """View: the document of everything that is mounted."""
    body = request.registry.get(CACHE)
    if body is None:
        operations = request.registry["suwen.operations"].values()
        made = document(operations, request.house.settings.base_url)
        body = json.dumps(made, ensure_ascii=False, separators=(",", ":"), default=str).encode()
        request.registry[CACHE] = body
    response = Response(body=body, content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
