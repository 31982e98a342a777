"""Which host names the site answers to. A forged ``Host`` would end up in links and redirects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import structlog
from pyramid.httpexceptions import HTTPBadRequest

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

    from suwen.kernel.settings import Settings

log = structlog.get_logger(__name__)

_HOST = re.compile(
    r"(?:\[(?P<ip>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9.-]+))(?::[0-9]{1,5})?", re.ASCII
)
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PROBES: Final = frozenset({"/healthz", "/readyz"})
"""Asked by balancers, which know an instance by its address alone."""


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The host of ``base_url``, those of ``hosts``, and in development the machine itself."""
    listed = (name_of(text) for text in settings.hosts.split(",") if text.strip())
    own = urlsplit(settings.base_url).hostname or ""
    return frozenset({own, *listed, *(LOOPBACK if settings.development else ())}) - {""}


def name_of(host: str) -> str:
    """The name in a ``Host`` header, without its port; empty for what is none."""
    match = _HOST.fullmatch(host.strip())
    return (match["ip"] or match["name"]).lower().rstrip(".") if match else ""


def host_tween(handler: Any, registry: Any) -> Any:
    """Answer 400 to every other host name."""
    allowed = allowed_hosts(registry.house.settings)

    def guard(request: Request) -> Response:
        if request.path_info in PROBES or name_of(request.host) in allowed:
            response: Response = handler(request)
            return response
        log.warning("host.refused", host=request.host[:100])
        return HTTPBadRequest()

    return guard
