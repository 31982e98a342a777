"""Another implementation of the merchant's side buys from the simulator over a real connection.

What it accepts from the simulator and what the simulator accepts from it shows that both read the
provider's documents alike; our own client then meets the same simulator.
"""

import json
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from waitress import create_server
from wechatpayv3 import WeChatPay, WeChatPayType

from suwen.hookspecs.common import NotSent, PluginContext
from suwen.hookspecs.payment import (
    AttemptRef,
    CreateRequest,
    GatewayUnavailable,
    NotifyRequest,
    PaymentFact,
    RefundRef,
)
from suwen.kernel.http import Outbound
from suwen_dev_simulator.app import SimulatorApp
from suwen_dev_simulator.delivery import Postman
from suwen_payment_wechat.gateway import WeChatPayGateway


class Live:
    """The simulator on a port of its own, and a shop that keeps what it is told."""

    def __init__(self, data):
        self.notices, self.arrived = [], threading.Event()
        self.shop = create_server(self._take, host="127.0.0.1", port=0, threads=2)
        self.notify_url = f"http://127.0.0.1:{self.shop.effective_port}/notify"
        # The port is known only once the server exists, and the simulator wants to know it.
        self.server = create_server(self._serve, host="127.0.0.1", port=0)
        self.base_url = f"http://127.0.0.1:{self.server.effective_port}"
        self.app = SimulatorApp(data, self.base_url)
        self.settings = json.loads((data / "wechat.json").read_text())
        self.postman = Postman(self.app.post, every_s=0.02)
        self.ends = threading.Event()
        self.threads = [
            threading.Thread(target=self._run, args=(server,), daemon=True)
            for server in (self.server, self.shop)
        ]
        for thread in (*self.threads, self.postman):
            thread.start()

    def _run(self, server):
        # A socket that another thread closes is a bad descriptor to a loop that waits for it.
        while not self.ends.is_set():
            server.asyncore.loop(timeout=0.1, map=server._map, count=1)
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(server._map)

    def _serve(self, environ, start_response):
        return self.app(environ, start_response)

    def _take(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        names = [name for name in environ if name.startswith("HTTP_WECHATPAY")]
        headers = {name[5:].replace("_", "-").lower(): environ[name] for name in names}
        self.notices.append((headers, body))
        self.arrived.set()
        start_response("204 No Content", [])
        return []

    def wait_for(self, count):
        deadline = time.monotonic() + 10
        while len(self.notices) < count:
            assert time.monotonic() < deadline, "no notification came"
            self.arrived.wait(0.5)
            self.arrived.clear()
        return self.notices[count - 1]

    def pay(self, number):
        self.app.till.act(self.app.till.find(number), "paid")

    def close(self):
        self.postman.stop()
        self.ends.set()
        for thread in self.threads:
            thread.join(5)
            assert not thread.is_alive()
        self.app.close()


@pytest.fixture
def live(wechat_data):
    live = Live(wechat_data)
    yield live
    live.close()


@pytest.fixture(params=["public key", "certificates"])
def theirs(request, live):
    """The other implementation, in both modes of the provider."""
    settings = live.settings
    by_key = request.param == "public key"
    client = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=settings["mchid"],
        private_key=settings["merchant_private_key"],
        cert_serial_no=settings["merchant_serial"],
        appid=settings["appid"],
        apiv3_key=settings["apiv3_key"],
        notify_url=live.notify_url,
        # It fetches certificates while it is made, from an address that cannot be given to it.
        public_key=settings["public_key"],
        public_key_id=settings["public_key_id"],
        timeout=(2, 5),
    )
    client._core._gate_way = live.base_url
    if not by_key:
        client._core._public_key = client._core._public_key_id = None
        client._core._update_certificates()
        assert client._core._certificates
    return client


def test_the_other_client_buys_and_gives_back(theirs, live):
    number = "SW20261122000001"
    amount = {"total": 129_900, "currency": "CNY"}

    status, text = theirs.pay(description="素问健康服务", out_trade_no=number, amount=amount)
    assert (status, json.loads(text)["code_url"]) == (200, f"{live.base_url}/pay/wechat/{number}")
    status, text = theirs.query(out_trade_no=number)
    assert (status, json.loads(text)["trade_state"]) == (200, "NOTPAY")

    live.pay(number)
    headers, body = live.wait_for(1)
    told = theirs.callback(headers, body)["resource"]
    assert (told["out_trade_no"], told["trade_state"]) == (number, "SUCCESS")
    assert told["amount"]["total"] == 129_900
    status, text = theirs.query(transaction_id=told["transaction_id"])
    assert (status, json.loads(text)["trade_state"]) == (200, "SUCCESS")

    status, text = theirs.refund(
        out_refund_no="RF20261122000001",
        amount={"refund": 900, "total": 129_900, "currency": "CNY"},
        out_trade_no=number,
        notify_url=live.notify_url,
    )
    assert (status, json.loads(text)["status"]) == (200, "PROCESSING")
    headers, body = live.wait_for(2)
    assert theirs.callback(headers, body)["resource"]["refund_status"] == "SUCCESS"
    status, text = theirs.query_refund("RF20261122000001")
    assert (status, json.loads(text)["status"]) == (200, "SUCCESS")


def test_the_other_client_closes_and_verifies_the_empty_answer(theirs):
    number = "SW20261122000002"
    theirs.pay(
        description="素问健康服务", out_trade_no=number, amount={"total": 1, "currency": "CNY"}
    )

    assert theirs.close(number)[0] == 204
    assert json.loads(theirs.query(out_trade_no=number)[1])["trade_state"] == "CLOSED"


def test_our_client_buys_over_the_same_wire(live):
    gateway = WeChatPayGateway()
    transport = Outbound(development=True).allowing(live.settings)
    ctx = PluginContext(
        region="4306",
        settings=gateway.settings_schema().deserialize(live.settings),
        now=lambda: datetime.now(UTC),
        transport=transport,
        environment="development",
    )
    number, now = "SW20261122000003", ctx.now()
    request = CreateRequest(
        number, 129_900, "素问健康服务", live.notify_url, "", now, now + timedelta(minutes=30)
    )

    created = gateway.create(ctx, request)
    live.pay(number)
    headers, body = live.wait_for(1)
    notice = NotifyRequest(headers, body, "", "127.0.0.1", ctx.now())
    (event,) = gateway.parse_notification(ctx, notice)
    attempt = AttemptRef(number, 129_900, now, provider_state=created.provider_state)
    refund = gateway.refund(ctx, RefundRef("RF20261122000003", 100, attempt))
    transport.close()

    assert created.action.text == f"{live.base_url}/pay/wechat/{number}"
    assert (event.fact, event.amount_fen) == (PaymentFact.CAPTURED, 129_900)
    assert refund.fact is PaymentFact.REFUND_PROCESSING


def test_what_our_client_signs_is_what_the_other_would(live):
    """The header is taken apart by the oracle's own rules and its signature made again."""
    gateway, sent = WeChatPayGateway(), []

    class Catch:
        def request(self, method, url, *, headers=None, content=None, timeout_s=8.0):
            sent.append((method, url, headers, content, timeout_s))
            raise NotSent("caught")

    settings = gateway.settings_schema().deserialize(live.settings)
    ctx = PluginContext(
        "4306", settings, lambda: datetime.now(UTC), Catch(), environment="development"
    )
    with pytest.raises(GatewayUnavailable):
        gateway.query(ctx, AttemptRef("SW20261122000009", 1, ctx.now()))

    method, url, headers, content, timeout_s = sent[0]
    scheme, _, listed = headers["Authorization"].partition(" ")
    fields = dict(item.split("=", 1) for item in listed.split(","))
    values = {name: value.strip('"') for name, value in fields.items()}
    other = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=settings["mchid"],
        private_key=settings["merchant_private_key"],
        cert_serial_no=settings["merchant_serial"],
        appid=settings["appid"],
        apiv3_key=settings["apiv3_key"],
        public_key=settings["public_key"],
        public_key_id=settings["public_key_id"],
    )
    target = url.removeprefix(live.base_url)
    again = other.sign([method, target, values["timestamp"], values["nonce_str"], ""])

    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert values["signature"] == again
    assert (values["mchid"], values["serial_no"]) == (
        settings["mchid"],
        settings["merchant_serial"],
    )
    assert headers["Wechatpay-Serial"] == settings["public_key_id"]
    assert (content, timeout_s) == (None, 8.0)
