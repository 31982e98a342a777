"""Notifications over real HTTP while the server dies, and while everything comes at once."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from suwen_dev_simulator.app import SimulatorApp
from tests.program import Program, eventually

pytestmark = pytest.mark.slow

COPIES = 16
SIGKILLED = -9


@dataclass
class Answer:
    """Status and body; status 0 when the connection broke."""

    status: int
    body: Any


class ThreadedServer(ThreadingMixIn, WSGIServer):
    """Each call in a thread of its own."""

    daemon_threads = True


class SilentHandler(WSGIRequestHandler):
    """Writes no access log."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Provider:
    """The simulator on its port, whose notifications wait in the test's hands."""

    def __init__(self, program: Program) -> None:
        """Serve the provider that ``program`` calls."""
        self.held: list[tuple[str, dict[str, str], bytes]] = []
        self.app = SimulatorApp(
            program.folder / "simulator", program.simulator_url, send=self._hold
        )
        self._server = make_server(
            "127.0.0.1", program.port + 1, self.app, ThreadedServer, SilentHandler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def _hold(self, url: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        self.held.append((url, dict(headers), body))
        return 0, b""

    def notification(self, number: str) -> tuple[str, dict[str, str], bytes]:
        """Let the buyer pay; the notification that leaves then."""
        payment = self.app.till.find(number)
        assert payment is not None
        self.app.till.act(payment, "paid")
        self.app.deliver_due()
        return self.held[-1]

    def again(self) -> tuple[str, dict[str, str], bytes]:
        """The provider's next try of what was not taken."""
        self.app.store.run("update delivery set due_at = 0 where state = 'waiting'")
        self.app.deliver_due()
        return self.held[-1]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.app.close()


def call(url: str, method: str = "GET", headers: Any = None, body: bytes | None = None) -> Answer:
    """One HTTP call on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(method, parts.path, body, headers or {})
        response = connection.getresponse()
        content = response.read()
    except (ConnectionError, http.client.HTTPException, TimeoutError):
        return Answer(0, None)
    finally:
        connection.close()
    is_json = "json" in (response.getheader("Content-Type") or "")
    return Answer(response.status, json.loads(content) if content and is_json else content)


class Buyer:
    """A member with the APP."""

    def __init__(self, program: Program) -> None:
        """Sign in as the demonstration's member C."""
        self._url, self._token = f"{program.url}/api/v1", ""
        account = program.account("member-c")
        signed = self.post("/sessions", address=account["address"], password=account["password"])
        self._token = signed["access_token"]

    def post(self, path: str, **body: Any) -> Any:
        """POST that must succeed."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        answer = call(self._url + path, "POST", headers, json.dumps(body).encode())
        assert answer.status in {200, 201}, answer
        return answer.body

    def get(self, path: str) -> Any:
        """GET that must succeed."""
        answer = call(self._url + path, headers={"Authorization": f"Bearer {self._token}"})
        assert answer.status == 200, answer
        return answer.body

    def payment(self) -> tuple[str, str]:
        """Numbers of a new order and of its open payment."""
        sku = self.get("/products/medication-safety")["skus"][0]["id"]
        points = self.get("/collection-points")["items"]
        point = next(p["id"] for p in points if p["region_code"].startswith("4306"))
        order = self.post(
            "/orders",
            items=[{"sku_id": sku, "quantity": 1}],
            collection={"method": "on_site", "point_id": point},
            gateway="payment_wechat",
        )
        started = self.post(f"/orders/{order['number']}/payments", gateway="payment_wechat")
        return order["number"], started["number"]


@pytest.fixture
def program(empty_database_url: str, tmp_path: Path) -> Iterator[Program]:
    """A site with demonstration data; no job runner, so that only notifications move money."""
    made = Program(tmp_path, empty_database_url)
    # Keys and books that the demonstration's settings name.
    SimulatorApp(tmp_path / "simulator", made.simulator_url).close()
    for words in (("db", "upgrade"), ("demo", "load")):
        made.run(*words)
    yield made
    made.stop()


@pytest.fixture
def provider(program: Program) -> Iterator[Provider]:
    """The provider."""
    made = Provider(program)
    yield made
    made.close()


def send(notice: tuple[str, dict[str, str], bytes]) -> Answer:
    """Deliver a notification."""
    url, headers, body = notice
    return call(url, "POST", headers, body)


def books(program: Program) -> tuple[int, int]:
    """Entries of the ledger, and what WeChat Pay's clearing account holds; both proved."""
    verdict = program.json("ledger", "verify")
    assert verdict["ok"]
    assert verdict["trial_balance_fen"] == 0
    accounts = {row["code"]: row["balance_fen"] for row in verdict["accounts"]}
    return verdict["entries"], accounts.get("clearing.payment_wechat", 0)


def timeline(buyer: Buyer, order: str) -> list[str]:
    """What happened to the order."""
    return [event["event"] for event in buyer.get(f"/orders/{order}")["timeline"]]


def test_killed_between_commit_and_answer(program, provider):
    program.start_site(SUWEN_TEST_DIE="after_commit")
    buyer = Buyer(program)
    order, payment = buyer.payment()
    entries, clearing = books(program)
    notice = provider.notification(payment)

    assert send(notice).status == 0
    site = program.parts["site"].process
    eventually(lambda: site.poll() is not None, "the server is dead")
    assert site.returncode == SIGKILLED
    after = books(program)
    assert after[1] - clearing == amount(provider, payment), "the notification was committed"

    program.start_site()
    assert send(provider.again()).status == 204
    assert books(program) == after
    assert after[0] > entries
    assert timeline(buyer, order) == ["placed", "paid"]


def test_killed_before_the_commit(program, provider):
    program.start_site(SUWEN_TEST_DIE="before_commit")
    buyer = Buyer(program)
    order, payment = buyer.payment()
    before = books(program)
    notice = provider.notification(payment)

    assert send(notice).status == 0
    site = program.parts["site"].process
    eventually(lambda: site.poll() is not None, "the server is dead")
    assert books(program) == before, "nothing was committed"

    program.start_site()
    assert timeline(buyer, order) == ["placed"]
    assert send(provider.again()).status == 204
    assert books(program)[1] - before[1] == amount(provider, payment)
    assert timeline(buyer, order) == ["placed", "paid"]


def amount(provider: Provider, payment: str) -> int:
    """What the provider took, in fen."""
    row = provider.app.till.find(payment)
    assert row is not None
    return int(row["amount_fen"])


def test_sixteen_copies_at_once_have_one_effect(program, provider):
    program.start_site()
    buyer = Buyer(program)
    order, payment = buyer.payment()
    _entries, clearing = books(program)
    notice = provider.notification(payment)
    start = threading.Barrier(COPIES)

    def deliver(_number: int) -> Answer:
        start.wait()
        return send(notice)

    with ThreadPoolExecutor(COPIES) as pool:
        answers = list(pool.map(deliver, range(COPIES)))

    # Who is too late to lock may be told to come again; nobody is told that it failed for good.
    assert {answer.status for answer in answers} <= {204, 500, 503}
    assert 204 in {answer.status for answer in answers}
    assert send(notice).status == 204
    assert books(program)[1] - clearing == amount(provider, payment)
    assert timeline(buyer, order) == ["placed", "paid"]


def test_copies_of_many_payments_in_any_order(program, provider):
    program.start_site()
    buyer = Buyer(program)
    made = [buyer.payment() for _ in range(4)]
    _entries, clearing = books(program)
    notices = [provider.notification(payment) for _order, payment in made] * 4

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, reversed(notices)))

    assert {answer.status for answer in answers} <= {204, 500, 503}
    for notice in notices[:4]:
        assert send(notice).status == 204
    total = sum(amount(provider, payment) for _order, payment in made)
    assert books(program)[1] - clearing == total
    for order, _payment in made:
        assert timeline(buyer, order) == ["placed", "paid"]
