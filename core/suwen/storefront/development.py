"""What development shows and production must not: one-time codes, accounts, kits.

The routes exist only where the environment is exactly ``development``, which the settings allow on
loopback alone, and they answer only under a loopback name, so that no other site can be pointed
here by its name server.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import select

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
NEWEST: Final = 1000


def outbox(request: Request) -> Response:
    """View: what the console channels sent, oldest first."""
    from suwen.messaging.models import ConsoleMessage

    columns = ("channel", "address", "text", "code", "at")
    query = select(*(getattr(ConsoleMessage, name) for name in columns))
    rows = request.db.execute(query.order_by(ConsoleMessage.id.desc()).limit(NEWEST)).all()
    items = [{**row._mapping, "at": row.at.isoformat()} for row in reversed(rows)]  # noqa: SLF001
    return _answer(request, items)


def accounts(request: Request) -> Response:
    """View: the demonstration's accounts, as its loader wrote them down."""
    return _answer(request, _written(request, "accounts"))


def kits(request: Request) -> Response:
    """View: the demonstration's kits that are not bound yet."""
    return _answer(request, _written(request, "kits"))


def _written(request: Request, name: str) -> list[Any]:
    path = request.house.settings.path(f"demo-{name}.json")
    if not path.exists():
        return []
    items: list[Any] = json.loads(path.read_text(encoding="utf-8"))
    return items


def _answer(request: Request, items: list[Any]) -> Response:
    if request.host.rpartition(":")[0] not in LOOPBACK and request.host not in LOOPBACK:
        raise HTTPNotFound
    response = Response(json={"items": items})
    response.headers["Cache-Control"] = "no-store"
    return response


def includeme(config: Configurator) -> None:
    """Mount them in development; elsewhere these addresses do not exist."""
    if not config.registry.house.settings.development:
        return
    for name, view in (("outbox", outbox), ("accounts", accounts), ("kits", kits)):
        config.add_route(f"development.{name}", f"/_dev/{name}.json")
        config.add_view(
            view,
            route_name=f"development.{name}",
            request_method="GET",
            permission=NO_PERMISSION_REQUIRED,
        )
