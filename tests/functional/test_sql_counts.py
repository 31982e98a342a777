"""How many statements a page costs, by the goals of docs/performance.md: rows never add any."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select

from suwen.catalog.models import Product, Sku
from suwen.catalog.services import catalog
from suwen.distribution.models import CommissionLine
from suwen.kernel import ids
from suwen.orders.models import Order
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
    for _ in range(2):  # accounts are opened, a sponsor is fixed and a merchant is learnt once
        site.buy(c)
    headers = site.token(c)
    wish = {
        "items": [{"sku_id": str(site.sku), "quantity": 1}],
        "collection": {"method": "on_site", "point_id": str(YUEYANG)},
    }
    counts = Counts(site)

    with counts.of("quote"):
        site.app.post_json("/api/v1/order-quotes", wish, headers=headers, status=200)
    with counts.of("order"):
        keyed = {**headers, "Idempotency-Key": ids.token()}
        body = {**wish, "gateway": fakes.FAKE}
        order = site.app.post_json("/api/v1/orders", body, headers=keyed, status=201).json
    with counts.of("payment"):
        path = f"/api/v1/orders/{order['number']}/payments"
        body = {"gateway": fakes.FAKE}
        payment = site.app.post_json(path, body, headers=headers, status=201).json
    with counts.of("notification"):
        told = f"k1 {payment['number']} {payment['amount_fen']} e1"
        site.app.post(f"/notify/{fakes.FAKE}/4306", told.encode(), status=200)

    detail = site.app.get(f"/api/v1/orders/{order['number']}", headers=headers).json
    assert detail["state"] == "paid"
    with site.house.database.snapshot() as db:
        lines = select(func.count()).join(Order, Order.id == CommissionLine.order_id)
        lines = lines.select_from(CommissionLine).where(Order.number == order["number"])
        assert db.scalar(lines) == 2
    counts.at_most(quote=3, order=12, payment=7, notification=15)


class Counts:
    """Statements by step."""

    def __init__(self, site):
        self._engine, self._steps = site.house.database.engine, {}

    @contextmanager
    def of(self, step):
        with Counter(self._engine) as counter:
            yield
        self._steps[step] = counter.seen

    def at_most(self, **most):
        for step, seen in self._steps.items():
            assert len(seen) <= most[step], "\n".join([step, *seen])
