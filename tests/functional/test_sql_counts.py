"""How many statements a page costs, by the goals of docs/performance.md: rows never add any."""

import pytest
from sqlalchemy import event

from suwen.catalog.models import Product, Sku
from suwen.catalog.services import catalog
from suwen.kernel import ids
from tests.fixtures_shop import YUEYANG
from tests.unit.payments import fakes

QUIET = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")


class Counter:
    def __init__(self, engine):
        self.engine, self.seen = engine, []

    def _count(self, _connection, _cursor, statement, *_rest):
        if not statement.startswith(QUIET):
            self.seen.append(statement)

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_error):
        event.remove(self.engine, "before_cursor_execute", self._count)


def cost(site, path):
    site.app.get(path)
    with Counter(site.house.database.engine) as counter:
        site.app.get(path)
    return counter.seen


def add_products(site, count):
    def act(db):
        service = catalog(site.house, db)
        for number in range(count):
            product = Product(
                id=ids.new_id(),
                slug=f"p{number}",
                name=f"产品{number}",
                test_type="nutrition",
                rank=number + 5,
            )
            service.save(product, "<p>x</p>")
            db.add(Sku(product_id=product.id, name="标准", price_fen=100))
            service.publish(product)

    site.run(act)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 6),
        ("/products", 6),
        ("/products/nutrition", 5),
        ("/api/v1/products", 3),
        ("/api/v1/products/nutrition", 3),
    ],
)
def test_a_page_costs_few_statements_and_none_per_row(site, path, most):
    before = cost(site, path)
    assert len(before) <= most, before
    add_products(site, 12)
    assert len(cost(site, path)) == len(before)


def test_a_paid_order_with_two_commissions(site):
    a = site.member("13800008001")
    b = site.member("13800008002", site.share(a))
    c = site.member("13800008003", site.share(b))
    for member in (a, b):
        site.join(member)
    site.buy(c)  # house accounts are opened once in the life of a site
    headers = site.token(c)
    body = {
        "items": [{"sku_id": str(site.sku), "quantity": 1}],
        "collection": {"method": "on_site", "point_id": str(YUEYANG)},
        "gateway": fakes.FAKE,
    }
    with Counter(site.house.database.engine) as placing:
        order = site.app.post_json("/api/v1/orders", body, headers=headers, status=201).json
    with Counter(site.house.database.engine) as starting:
        path = f"/api/v1/orders/{order['number']}/payments"
        payment = site.app.post_json(
            path, {"gateway": fakes.FAKE}, headers=headers, status=201
        ).json
    with Counter(site.house.database.engine) as paying:
        told = f"k1 {payment['number']} {payment['amount_fen']} e1"
        site.app.post(f"/notify/{fakes.FAKE}/4306", told.encode(), status=200)
    detail = site.app.get(f"/api/v1/orders/{order['number']}", headers=headers).json
    assert detail["state"] == "paid"
    counts = [len(counter.seen) for counter in (placing, starting, paying)]
    assert counts[2] <= 40, "\n".join(paying.seen)
    assert sum(counts) <= 60, "\n".join(placing.seen + starting.seen + paying.seen)
