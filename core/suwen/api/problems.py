"""Errors of the API as RFC 9457 problem documents, in the caller's language."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog
from pyramid.httpexceptions import HTTPException
from pyramid.response import Response
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from suwen.forms.wording import fields_of
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _, translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from suwen.api.operations import Operation

__all__ = ["MEDIA_TYPE", "allowed_methods", "fields_of", "pointer", "problem"]

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_S: Final = 5

CODES: Final[dict[int, tuple[str, str]]] = {
    400: ("bad_request", _("请求格式不正确")),
    401: ("sign_in_required", _("请先登录")),
    403: ("forbidden", _("您没有进行此操作的权限")),
    404: ("not_found", _("没有找到您要的内容")),
    405: ("method_not_allowed", _("这个地址不支持此操作")),
    413: ("body_too_large", _("请求内容过大")),
    415: ("unsupported_media_type", _("请以 JSON 提交请求内容")),
    500: ("internal_error", _("系统出了点问题，请稍后再试")),
    503: ("unavailable", _("服务暂时不可用，请稍后再试")),
}


def pointer(path: str) -> str:
    """``items.0.quantity`` as a JSON pointer; the empty path is the whole document."""
    if not path:
        return ""
    parts = (part.replace("~", "~0").replace("/", "~1") for part in path.split("."))
    return "/" + "/".join(parts)


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    title: str | None = None,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document; ``detail``, ``title`` and the fields' messages are message ids."""
    known = CODES.get(status, CODES[400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500])
    document: dict[str, Any] = {
        "type": f"urn:suwen:problem:{code}",
        "title": translate(request, title or known[1]),
        "status": status,
        "detail": translate(request, detail),
        "code": code,
        "request_id": request.request_id,
    }
    if fields:
        document["errors"] = [
            {"pointer": pointer(path), "message": translate(request, text)}
            for path, text in fields.items()
        ]
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    response = Response(body=body, status=status, content_type=MEDIA_TYPE, charset=None)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = request.locale_name.replace("_", "-")
    response.headers.update(headers or {})
    return response


def of_status(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The problem that an HTTP status alone says."""
    code, text = CODES.get(status, ("http_error", HTTPStatus(status).phrase))
    return problem(request, status, code, text, headers=headers)


def suwen_error(error: SuwenError, request: Request) -> Response:
    """Exception view: what a service refused."""
    headers = {}
    wait = getattr(error, "retry_after_s", None)
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        request,
        error.status,
        error.code,
        error.text,
        title=type(error).message,
        fields=error.fields,
        headers=headers,
    )


def http_error(error: HTTPException, request: Request) -> Response:
    """Exception view: what Pyramid refused."""
    if error.status_code < HTTPStatus.BAD_REQUEST:
        return error
    return of_status(request, error.status_code, _kept(error))


def _kept(error: HTTPException) -> dict[str, str]:
    return {
        name: value
        for name, value in error.headers.items()
        if name.lower() not in {"content-type", "content-length"}
    }


def not_found(error: HTTPException, request: Request) -> Response:  # noqa: ARG001
    """Exception view: no such address, or another method's."""
    allowed = allowed_methods(request)
    if allowed and request.method not in allowed:
        return of_status(request, 405, {"Allow": ", ".join(allowed)})
    return of_status(request, 404)


def allowed_methods(request: Request) -> list[str]:
    """Methods that some operation has at the request's path."""
    operations: Mapping[str, Operation] = request.registry["suwen.operations"]
    found = {item.method for item in operations.values() if item.answers_to(request.path_info)}
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)


def forbidden(error: HTTPException, request: Request) -> Response:  # noqa: ARG001
    """Exception view: nobody is signed in, or the one who is may not."""
    if request.identity is None:
        return of_status(request, 401, {"WWW-Authenticate": "Bearer"})
    return of_status(request, 403)


def impossible_value(error: DataError, request: Request) -> Response:
    """Exception view: the database refused a value that no schema caught."""
    log.warning("api.data_error", request_id=request.request_id, error=type(error.orig).__name__)
    return of_status(request, 400)


def unavailable(error: OperationalError | PoolTimeout, request: Request) -> Response:
    """Exception view: the database is away or too busy."""
    log.error("api.unavailable", request_id=request.request_id, error=type(error).__name__)
    return of_status(request, 503, {"Retry-After": str(RETRY_S)})


def unexpected(error: Exception, request: Request) -> Response:
    """Exception view: a fault of ours; the log has it under the request's id."""
    log.error("api.failed", request_id=request.request_id, path=request.path_info, exc_info=error)
    return of_status(request, 500)
