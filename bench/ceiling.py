"""The ceiling: bare Pyramid, psycopg and Jinja2 on the same tables, without anything of Suwen.

Three statements for a list, one for a product, one for JSON: what this machine can do at most with
these libraries. Started by the benchmarks with Granian: ``granian --interface wsgi ceiling:app``.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import jinja2
import psycopg
from psycopg.rows import dict_row
from pyramid.config import Configurator
from pyramid.response import Response

PAGE = jinja2.Template(
    """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>检测产品</title>
<link rel="stylesheet" href="/s.css"></head><body><header><nav><a href="/">首页</a></nav></header><main>
{% for p in products %}<article class="card"><h2><a href="/products/{{ p.slug }}">{{ p.name }}</a></h2>
<p>{{ p.summary }}</p><ul>{% for t in tags[p.id] %}<li>{{ t }}</li>{% endfor %}</ul>
{% for s in skus[p.id] %}<p>{{ s.name }} <b>¥{{ "%.2f"|format(s.price_fen / 100) }}</b></p>{% endfor %}
</article>{% endfor %}</main><footer>素问</footer></body></html>""",
    autoescape=True,
)
PRODUCT = jinja2.Template(
    """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{{ p.name }}</title></head>
<body><main><h1>{{ p.name }}</h1><p>{{ p.summary }}</p>{{ p.description_html|safe }}
{% for s in p.skus %}<p>{{ s.name }} ¥{{ "%.2f"|format(s.price_fen / 100) }}</p>{% endfor %}
</main></body></html>""",
    autoescape=True,
)
LIST = """SELECT id, slug, name, summary FROM product WHERE state = 'published'
ORDER BY rank DESC LIMIT 20"""
ONE = """SELECT p.name, p.summary, p.description_html, (SELECT json_agg(s) FROM sku s
WHERE s.product_id = p.id) AS skus FROM product p WHERE p.slug = %s"""
JSON = """SELECT p.slug, p.name, p.summary, (SELECT json_agg(s) FROM sku s WHERE s.product_id = p.id)
AS skus FROM product p WHERE p.state = 'published' ORDER BY p.rank DESC LIMIT 20"""

_local = threading.local()


def _ask(statement: str, *values: Any) -> list[dict[str, Any]]:
    if not hasattr(_local, "connection"):
        url = os.environ["CEILING_DATABASE_URL"].replace("+psycopg", "")
        _local.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    return _local.connection.execute(statement, values).fetchall()


def listing(_request: Any) -> Response:
    products = _ask(LIST)
    found = [product["id"] for product in products]
    skus: dict[int, list[Any]] = {key: [] for key in found}
    tags: dict[int, list[Any]] = {key: [] for key in found}
    for row in _ask(
        "SELECT product_id, name, price_fen FROM sku WHERE product_id = ANY(%s)", found
    ):
        skus[row["product_id"]].append(row)
    for row in _ask("SELECT product_id, tag FROM product_tag WHERE product_id = ANY(%s)", found):
        tags[row["product_id"]].append(row["tag"])
    return Response(PAGE.render(products=products, skus=skus, tags=tags))


def product(request: Any) -> Response:
    return Response(PRODUCT.render(p=_ask(ONE, request.matchdict["slug"])[0]))


def json_list(_request: Any) -> Response:
    return Response(json={"items": _ask(JSON)})


def make() -> Any:
    config = Configurator()
    for name, path, view in (
        ("listing", "/products", listing),
        ("product", "/products/{slug}", product),
        ("json", "/api/v1/products", json_list),
    ):
        config.add_route(name, path)
        config.add_view(view, route_name=name)
    return config.make_wsgi_app()


app = make()
