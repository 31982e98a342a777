"""A whole checkout, paid: quote, order, payment, signed notification, ledger and two commissions.

First in one process (application and gateway simulator without sockets between them), where every
statement is counted; then over real servers: Granian with two workers and the simulator's process,
which signs with RSA on the same cores.  Run:  python bench/checkout.py
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchlib import figure, serve, simulate, site
from counting import Local, local
from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from webob import Request

from suwen.accounts.services import accounts
from suwen.catalog.models import Product, Sku
from suwen.distribution.models import Binding, CommissionLine, Distributor
from suwen.kernel import ids
from suwen.kernel.sessions import Device
from suwen.ledger.services import ledger
from suwen.orders.models import Order
from suwen.places.models import CollectionPoint
from suwen.testing.http import WsgiTransport
from suwen_dev_simulator.app import SimulatorApp

if TYPE_CHECKING:
    from benchlib import Site

MEMBERS = 1000
BUYERS = 6
IN_PROCESS = 60
SECONDS = 12
NOTIFIED_WITHIN_S = 60

Call = Callable[[str, Mapping[str, Any]], Any]
"""Post JSON to a path of the API; gives the decoded answer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What everybody buys."""

    sku: str
    point: str

    def body(self) -> dict[str, Any]:
        collection = {"method": "on_site", "point_id": self.point}
        return {"items": [{"sku_id": self.sku, "quantity": 1}], "collection": collection}


def buy(call: Call, wish: Wish) -> str:
    """Quote, place and start the payment; its number."""
    quote = call("/order-quotes", wish.body())
    gateways = [method["gateway"] for method in quote["payment_methods"]]
    assert "payment_wechat" in gateways, quote
    order = call("/orders", {**wish.body(), "gateway": "payment_wechat"})
    payment = call(f"/orders/{order['number']}/payments", {"gateway": "payment_wechat"})
    assert payment["action"]["kind"] == "qr", payment
    return str(payment["number"])


def people(here: Local, count: int) -> list[str]:
    """Access tokens of members with two sponsors above them, both distributors."""
    first, second = aliased(Binding), aliased(Binding)
    near, far = aliased(Distributor), aliased(Distributor)
    query = (
        select(first.member_id)
        .join(second, second.member_id == first.sponsor_id)
        .join(near, near.member_id == first.sponsor_id)
        .join(far, far.member_id == second.sponsor_id)
        .order_by(first.member_id.desc())
        .limit(count)
    )
    with here.house.database.transaction() as db:
        found = db.scalars(query).all()
        service = accounts(here.house, db)
        return [service.tokens.sign_in(member, Device()).access_token for member in found]


def wish(here: Local) -> Wish:
    with here.house.database.snapshot() as db:
        sku = select(Sku.id).join(Product, Product.id == Sku.product_id)
        sku = sku.where(Product.slug == "medication-safety").order_by(Sku.position)
        point = select(CollectionPoint.id).where(CollectionPoint.region_code == "430602")
        return Wish(str(db.scalars(sku).first()), str(db.scalars(point).first()))


def in_process(made: Site) -> list[str]:
    """One process, one order after the other; prints the figure and leaves tokens behind."""
    notified: list[Local] = []
    simulator = SimulatorApp(made.folder / "simulator", made.simulator_url, send=_send(notified))
    with local(made, WsgiTransport({made.simulator_url: simulator})) as here:
        notified.append(here)
        tokens, what = people(here, BUYERS), wish(here)
        call = _inside(here, tokens[0])
        steps: dict[str, int] = {}
        for _ in range(3):
            steps = _counted(here, simulator, call, what)
        start = time.perf_counter()
        for place in range(IN_PROCESS):
            _pay(simulator, buy(_inside(here, tokens[place % len(tokens)]), what))
        rate = IN_PROCESS / (time.perf_counter() - start)
        simulator.close()
        _prove(here, IN_PROCESS + 3)
    total = sum(steps.values())
    parts = ", ".join(f"{name} {count}" for name, count in steps.items())
    figure("whole checkout, one process", f"{rate:.1f} orders/s, {total} SQL ({parts})")
    return tokens


def _counted(here: Local, simulator: SimulatorApp, call: Call, what: Wish) -> dict[str, int]:
    """Statements of each step."""
    steps: dict[str, int] = {}

    def counting(path: str, body: Mapping[str, Any]) -> Any:
        here.statements.clear()
        answer = call(path, body)
        steps["payment" if path.endswith("/payments") else path.strip("/")] = len(here.statements)
        return answer

    number = buy(counting, what)
    here.statements.clear()
    _pay(simulator, number)
    steps["notification"] = len(here.statements)
    return steps


def _inside(here: Local, token: str) -> Call:
    def call(path: str, body: Mapping[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": ids.token()}
        request = Request.blank(f"/api/v1{path}", method="POST", headers=headers, json=dict(body))
        response = request.get_response(here.app)
        assert response.status_code < 300, response.text[:600]
        return response.json

    return call


def _send(notified: list[Local]) -> Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]:
    def send(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        path = urlsplit(url).path
        request = Request.blank(path, method="POST", headers=dict(headers), body=body)
        response = request.get_response(notified[0].app)
        assert response.status_code < 300, response.text[:600]
        return response.status_code, response.body

    return send


def _pay(simulator: SimulatorApp, number: str) -> None:
    body = {"payment": number, "outcome": "paid"}
    response = Request.blank("/_sim/pay", method="POST", json=body).get_response(simulator)
    assert response.status_code == 200, response.text
    assert simulator.deliver_due() == 1


def _prove(here: Local, orders: int) -> None:
    with here.house.database.snapshot() as db:
        proof = ledger(here.house, db).verify()
        assert proof.ok, proof.fault
        paid = db.scalar(_paid())
        lines = select(func.count()).select_from(CommissionLine)
        lines = lines.join(Order, Order.id == CommissionLine.order_id)
        earned = db.scalar(lines.where(Order.gateway == "payment_wechat"))
    assert (paid, earned) == (orders, 2 * orders), (paid, earned, orders)


def _paid() -> Any:
    query = select(func.count()).select_from(Order)
    return query.where(Order.gateway == "payment_wechat", Order.state == "paid")


def over_servers(made: Site, tokens: list[str], what: Wish) -> None:
    """Real servers; ends when every order that was placed is paid."""
    placed: list[str] = []
    with local(made) as here:
        before = _count(here)
        with serve(made, production=False), simulate(made):
            until = time.perf_counter() + SECONDS
            start = time.perf_counter()
            threads = [
                threading.Thread(target=_shop, args=(made, token, what, until, placed))
                for token in tokens
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            while _count(here) < before + len(placed):
                assert time.perf_counter() < until + NOTIFIED_WITHIN_S, "notifications are missing"
                time.sleep(0.05)
            rate = len(placed) / (time.perf_counter() - start)
        _prove(here, before + len(placed))
    figure(
        "whole checkout, two workers and the simulator",
        f"{rate:.1f} orders/s ({len(placed)} orders, two commissions each, ledger proven)",
    )


def _count(here: Local) -> int:
    with here.house.database.snapshot() as db:
        return db.scalar(_paid()) or 0


def _shop(made: Site, token: str, what: Wish, until: float, placed: list[str]) -> None:
    site_, till = (
        http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for port in (made.port, made.simulator)
    )

    def call(path: str, body: Mapping[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": ids.token()}
        return _post(site_, f"/api/v1{path}", body, headers)

    while time.perf_counter() < until:
        number = buy(call, what)
        _post(till, "/_sim/pay", {"payment": number, "outcome": "paid"}, {})
        placed.append(number)


def _post(
    connection: http.client.HTTPConnection, path: str, body: Any, headers: Mapping[str, str]
) -> Any:
    content = {"Content-Type": "application/json", **headers}
    connection.request("POST", path, json.dumps(body), content)
    response = connection.getresponse()
    text = response.read()
    assert response.status < 300, text[:600]
    return json.loads(text)


def measure(made: Site) -> None:
    tokens = in_process(made)
    with local(made) as here:
        what = wish(here)
    over_servers(made, tokens, what)


def main() -> None:
    with site(products=1000, members=MEMBERS) as made:
        measure(made)


if __name__ == "__main__":
    main()
