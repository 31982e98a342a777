"""An application of nothing but the presentation, with the visitors and routes that templates ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.request import Request, apply_request_extensions


@dataclass(frozen=True)
class Region:
    code: str
    name: str


@dataclass(frozen=True)
class Identity:
    member_id: int = 1
    display_name: str = "王小明"
    is_staff: bool = True
    permissions: frozenset[str] = field(default_factory=lambda: frozenset({"orders"}))


REGIONS = (Region("100000", "全国"), Region("4306", "岳阳市"))
ROUTES = {
    "home": "/",
    "products": "/products",
    "sign_in": "/sign-in",
    "sign_out": "/sign-out",
    "orders": "/me/orders",
    "admin.home": "/admin",
    "admin.orders": "/admin/orders",
    "region.choose": "/region",
}


class Policy:
    """Signed in where the request's environ says so."""

    def identity(self, request: Any) -> Identity | None:
        return request.environ.get("test.identity")

    def authenticated_userid(self, request: Any) -> str | None:
        return None

    def permits(self, request: Any, context: Any, permission: str) -> bool:
        return True


@pytest.fixture
def config() -> Configurator:
    made = Configurator(settings={"suwen.environment": "development", "suwen.secret_key": "x" * 40})
    made.set_security_policy(Policy())
    made.set_csrf_storage_policy(CookieCSRFStoragePolicy())
    made.include("suwen.kernel.i18n")
    made.include("suwen.kernel.themes")
    made.add_request_method(lambda request: REGIONS[0], "region", reify=True)
    made.add_request_method(lambda request: REGIONS, "regions", reify=True)
    for name, path in ROUTES.items():
        made.add_route(name, path)
    made.commit()
    return made


@pytest.fixture
def make_request(config: Configurator) -> Callable[..., Request]:
    def make(path: str = "/", identity: Identity | None = None, **options: Any) -> Request:
        request = Request.blank(path, **options)
        request.registry = config.registry
        request.environ["test.identity"] = identity
        request.matchdict = {}
        apply_request_extensions(request)
        return request

    return make
