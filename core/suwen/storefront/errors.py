"""Error pages: what happened and what to do, in the visitor's language.

They are rendered after the transaction was aborted, perhaps because the database is gone, so nothing
here asks it; what the layouts ask is guarded by the page object.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog
from jinja2 import TemplateNotFound
from markupsafe import escape
from pyramid.csrf import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPException, HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.response import Response
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _, translate

if TYPE_CHECKING:
    from pyramid.request import Request

log = structlog.get_logger(__name__)

RETRY_S: Final = 5
SIGN_IN: Final = "sign_in"

TEXTS: Final[dict[int, tuple[str, str]]] = {
    400: (_("请求有误"), _("请返回上一页，检查后再试一次。")),
    401: (_("请先登录"), _("登录后才能继续。")),
    403: (_("没有权限"), _("您没有进行此操作的权限。")),
    404: (_("没有找到"), _("这里没有您要的内容，可能已经移走，或地址有误。")),
    405: (_("不支持的操作"), _("这个地址不支持此操作。")),
    409: (_("现在不能这样做"), _("情况已经变化，请刷新页面后再试。")),
    413: (_("内容过大"), _("提交的内容过大，请减小后再试。")),
    422: (_("提交的内容有误"), _("请返回上一页，检查填写的内容。")),
    429: (_("操作过于频繁"), _("请稍后再试。")),
    500: (_("系统出了点问题"), _("我们已经记录下来，请稍后再试。")),
    503: (_("服务暂时不可用"), _("请稍后再试，您的数据没有丢失。")),
}
EXPIRED: Final = _("页面停留太久或已经失效，请返回刷新后再试。")


def page(
    request: Request,
    status: int,
    message: str | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page of a status; ``message`` replaces its usual sentence, ``fields`` stand below."""
    title, usual = TEXTS.get(
        status, TEXTS[400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500]
    )
    values = {
        "status": status,
        "title": translate(request, title),
        "message": translate(request, message or usual),
        "fields": {name: translate(request, text) for name, text in (fields or {}).items()},
        "request_id": request.request_id,
    }
    response = _render(request, status, values)
    response.status_int = status
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def _render(request: Request, status: int, values: Mapping[str, Any]) -> Response:
    try:
        return render_to_response(_template(request, status), values, request=request)
    except Exception:
        # A broken theme must not hide what happened.
        log.exception("error_page.failed", request_id=request.request_id)
        title, message = escape(values["title"]), escape(values["message"])
        head = f"<!doctype html><meta charset='utf-8'><title>{title}</title>"
        body = f"<h1>{title}</h1><p>{message}</p><p>{escape(request.request_id)}</p>"
        return Response(text=head + body, content_type="text/html", charset="utf-8")


def _template(request: Request, status: int) -> str:
    environment = request.registry["suwen.themes"].environment(request.theme)
    name = f"error/{status}.jinja2"
    try:
        environment.get_template(name)
    except TemplateNotFound:
        return "error/base.jinja2"
    return name


def suwen_error(error: SuwenError, request: Request) -> Response:
    """Exception view: what a service refused and no page showed beside its form."""
    wait = getattr(error, "retry_after_s", None)
    headers = {"Retry-After": str(wait)} if wait is not None else {}
    return page(request, error.status, error.text, fields=error.fields, headers=headers)


def http_error(error: HTTPException, request: Request) -> Response:
    """Exception view: what Pyramid refused; redirects pass."""
    if error.status_code < HTTPStatus.BAD_REQUEST:
        return error
    expired = isinstance(error, BadCSRFToken | BadCSRFOrigin)
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return page(request, error.status_code, EXPIRED if expired else None, headers=allow)


def forbidden(error: HTTPException, request: Request) -> Response:  # noqa: ARG001
    """Exception view: visitors are asked to sign in, the others are told no."""
    if _signed_in(request) or not request.registry["suwen.themes"].has_route(
        request.registry, SIGN_IN
    ):
        return page(request, 403)
    back = request.path_qs if request.method in {"GET", "HEAD"} else None
    target = request.route_path(SIGN_IN, _query={"next": back} if back else None)
    if "HX-Request" in request.headers:
        # htmx would follow a redirect and put the sign-in page into a fragment.
        return Response(status=204, headerlist=[("HX-Redirect", target)])
    return HTTPSeeOther(location=target)


def _signed_in(request: Request) -> bool:
    try:
        return request.identity is not None
    except Exception as error:  # noqa: BLE001 - the database may be what failed
        log.warning("error_page.identity_unknown", error=type(error).__name__)
        return True


def impossible_value(error: DataError, request: Request) -> Response:
    """Exception view: the database refused a value that no schema caught."""
    log.warning("page.data_error", request_id=request.request_id, error=type(error.orig).__name__)
    return page(request, 400)


def unavailable(error: OperationalError | PoolTimeout, request: Request) -> Response:
    """Exception view: the database is away or too busy."""
    log.error("page.unavailable", request_id=request.request_id, error=type(error).__name__)
    return page(request, 503, headers={"Retry-After": str(RETRY_S)})


def unexpected(error: Exception, request: Request) -> Response:
    """Exception view: a fault of ours; the log has it under the request's id."""
    log.error("page.failed", request_id=request.request_id, path=request.path_info, exc_info=error)
    return page(request, 500)
