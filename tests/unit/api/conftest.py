"""A small site with the API's frame around real databases, and operations to call."""

from __future__ import annotations

from dataclasses import dataclass

import colander
import pytest
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden
from pyramid.response import Response
from sqlalchemy import insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped
from webtest import TestApp

from suwen.api.operations import Operation
from suwen.forms.schemas import IdString, MapOf, PageQuery, StrictInteger, Text
from suwen.kernel import house as kernel_house
from suwen.kernel import settings as kernel_settings
from suwen.kernel.cache import CacheVersion
from suwen.kernel.db import WithId, metadata
from suwen.kernel.errors import Conflict, TooMany
from suwen.kernel.i18n import _
from suwen.kernel.regions import DEFAULT_CODE


@dataclass
class Somebody:
    member_id: int
    region_code: str | None = None


class Policy:
    """Reads the member's number from a bearer token."""

    def identity(self, request):
        text = request.headers.get("Authorization", "")
        return Somebody(int(text.removeprefix("Bearer "))) if text else None

    def authenticated_userid(self, request):
        return None

    def permits(self, request, context, permission):
        return permission == "public" or (
            permission == "member" and self.identity(request) is not None
        )

    def remember(self, request, userid, **kw):
        return []

    def forget(self, request, **kw):
        return []


class Item(colander.MappingSchema):
    sku_id = colander.SchemaNode(IdString())
    quantity = colander.SchemaNode(StrictInteger(1, 99))


class Items(colander.SequenceSchema):
    item = Item()


class OrderIn(colander.MappingSchema):
    """An order as it comes in."""

    items = Items(validator=colander.Length(min=1, max=3))
    note = colander.SchemaNode(Text(), validator=colander.Length(max=10), missing=None)
    method = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(["on_site", "mail"]), missing=colander.drop
    )
    gift = colander.SchemaNode(colander.Boolean(), missing=False)
    answers = colander.SchemaNode(MapOf(StrictInteger(1, 5), max_items=2), missing=None)


class OrderOut(colander.MappingSchema):
    """An order."""

    number = colander.SchemaNode(colander.String())
    received = colander.SchemaNode(colander.Mapping(unknown="preserve"))
    note = colander.SchemaNode(colander.String(), missing=None)


class OwnBase(DeclarativeBase):
    """Tables of these tests alone: other tests of the process look at the program's."""


class Counted(WithId, OwnBase):
    """What operations of these tests did."""

    __tablename__ = "counted"

    name: Mapped[str]


class Bench:
    """Operations whose behaviour a test can set."""

    def __init__(self):
        self.fail_after_step = False
        self.before_answer = lambda: None

    def order(self, request, body):
        """Place an order."""
        request.db.execute(insert(Counted).values(name="order"))
        self.before_answer()
        if body["note"] == "conflict":
            raise Conflict
        if body["note"] == "crash":
            raise RuntimeError("secret inside")
        return {"number": "N1", "received": dict(body), "note": None}

    def stepped(self, request, body):
        """Place an order in two transactions."""
        request.db.execute(insert(Counted).values(name="stepped"))
        request.commit_step()
        self.before_answer()
        if self.fail_after_step:
            raise Conflict
        request.db.execute(insert(Counted).values(name="answered"))
        return {"number": "N2", "received": {}, "note": None}

    def listed(self, request):
        """List orders."""
        return {"items": [], "next_cursor": None, "limit": request.query["limit"]}

    def limited(self, request):
        """Refuse."""
        raise TooMany(17, _("操作过于频繁，请稍后再试"))

    def refused(self, request):
        """Refuse as Pyramid does."""
        raise HTTPForbidden

    def uploaded(self, request, body):
        """Take a file."""
        request.db.execute(insert(Counted).values(name="upload"))
        return {"number": body["title"], "received": {}, "note": None}

    def plain(self, request):
        """Answer by itself."""
        return Response(body=b"file", content_type="text/plain")

    def nothing(self, request):
        """Answer nothing."""


class UploadIn(colander.MappingSchema):
    title = colander.SchemaNode(Text())


def operations(bench: Bench) -> list[Operation]:
    order = {"body": OrderIn(), "answer": OrderOut(), "status": 201, "idempotent": True}
    upload = {"body": UploadIn(), "answer": OrderOut(), "multipart": True, "idempotent": True}
    return [
        Operation("place", "POST", "/orders", bench.order, "member", **order),
        Operation("place_public", "POST", "/open-orders", bench.order, "public", **order),
        Operation("step", "POST", "/steps", bench.stepped, "member", **order),
        Operation("listed", "GET", "/orders", bench.listed, "public", query=PageQuery()),
        Operation("cancel", "DELETE", "/orders/{number}", bench.nothing, "member", status=204),
        Operation("limited", "GET", "/limited", bench.limited, "public"),
        Operation("refused", "GET", "/refused", bench.refused, "public"),
        Operation("upload", "POST", "/uploads", bench.uploaded, "member", **upload),
        Operation("plain", "GET", "/plain", bench.plain, "public"),
    ]


@pytest.fixture
def house(empty_database_url, tmp_path):
    values = {
        "suwen.environment": "development",
        "suwen.data_dir": str(tmp_path),
        "suwen.database_url": empty_database_url,
        "suwen.queue_url": "memory://",
        "suwen.plugins": "false",
    }
    built = kernel_house.build(kernel_settings.load(values, environ={}))
    metadata.create_all(built.database.engine)
    OwnBase.metadata.create_all(built.database.engine)
    with built.database.transaction() as session:
        built.regions.add(session, DEFAULT_CODE, "全国", [""])
        session.merge(CacheVersion(name="started", version=1))
    yield built
    built.close()


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def config(house, bench):
    config = Configurator()
    config.registry.house = house
    config.set_security_policy(Policy())
    for name in ("suwen.kernel.i18n", "suwen.kernel.web", "suwen.api"):
        config.include(name)
    for operation in operations(bench):
        config.add_suwen_operation(operation)
    return config


@pytest.fixture
def wsgi(config):
    return config.make_wsgi_app()


@pytest.fixture
def app(wsgi):
    return TestApp(wsgi)


@pytest.fixture
def counted(house):
    def read():
        with house.database.snapshot() as session:
            return sorted(session.scalars(select(Counted.name)).all())

    return read
