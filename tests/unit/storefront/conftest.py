"""The storefront's frame around a real database, with views that fail in every way."""

from __future__ import annotations

import base64

import pytest
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from webtest import TestApp

from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.db import metadata
from suwen.kernel.errors import Conflict, Invalid, NotFound, TooMany
from suwen.kernel.i18n import _
from suwen.kernel.regions import DEFAULT_CODE


class Policy:
    """Somebody is signed in when the cookie ``who`` is there."""

    def identity(self, request):
        return request.cookies.get("who")

    def authenticated_userid(self, request):
        return None

    def permits(self, request, context, permission):
        return permission == "public"

    def remember(self, request, userid, **kw):
        return []

    def forget(self, request, **kw):
        return []

    @staticmethod
    def production(url, folder):
        more = {
            "suwen.environment": "production",
            "suwen.secret_key": "k" * 32,
            "suwen.master_key": base64.b64encode(b"m" * 32).decode(),
            "suwen.base_url": "https://shop.example",
        }
        return settings_for(url, folder, **more)


def impossible(request):
    request.db.execute(text("SELECT CAST('x' || :n AS integer)"), {"n": "\x00"})


def contested(request):
    """The first try writes a row that another has just written; the next one does not."""
    first = request.environ["retry.attempt"] == 0
    for _time in range(2 if first else 1):
        request.db.execute(text("INSERT INTO cache_version (name, version) VALUES ('a', 1)"))
    return Response("settled")


VIEWS = {
    "fine": lambda request: Response("fine"),
    "missing": lambda request: _raise(NotFound()),
    "conflict": lambda request: _raise(
        Conflict(_("库存不足"), fields={"quantity": _("还剩 1 件")})
    ),
    "invalid": lambda request: _raise(Invalid()),
    "many": lambda request: _raise(TooMany(9)),
    "crash": lambda request: _raise(RuntimeError("secret inside")),
    "elsewhere": lambda request: _raise(HTTPSeeOther("/fine")),
    "refused": lambda request: _raise(HTTPForbidden()),
    "impossible": impossible,
    "contested": contested,
    "gone": lambda request: _raise(OperationalError("SELECT 1", {}, Exception("gone"))),
}


def _raise(error):
    raise error


def settings_for(url, folder, **more):
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(folder),
        "suwen.database_url": url,
        "suwen.queue_url": "memory://",
        "suwen.plugins": "false",
        **more,
    }
    return kernel_settings.load(values, environ={})


@pytest.fixture
def house(empty_database_url, tmp_path):
    built = kernel_house.build(settings_for(empty_database_url, tmp_path))
    metadata.create_all(built.database.engine)
    with built.database.transaction() as session:
        built.regions.add(session, DEFAULT_CODE, "全国", [""])
    yield built
    built.close()


@pytest.fixture
def policy():
    return Policy()


@pytest.fixture
def config(house, policy):
    config = Configurator(
        settings={"suwen.environment": "development", "suwen.secret_key": "k" * 32}
    )
    config.registry.house = house
    config.set_security_policy(policy)
    for name in ("i18n", "web", "themes"):
        config.include(f"suwen.kernel.{name}")
    config.include("suwen.storefront")
    config.include("suwen.storefront.development")
    for name, view in VIEWS.items():
        config.add_route(name, f"/{name}")
        config.add_view(view, route_name=name, permission="public")
    config.add_route("members", "/members")
    config.add_view(VIEWS["fine"], route_name="members", permission="member")
    config.add_route("form", "/form")
    config.add_view(VIEWS["fine"], route_name="form", request_method="POST", permission="public")
    return config


@pytest.fixture
def app(config):
    return TestApp(config.make_wsgi_app())
