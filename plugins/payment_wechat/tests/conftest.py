"""The provider for the tests: the simulator, in this process, with a clock of its own."""

import json
import shutil
import time
from datetime import UTC, datetime

import pytest

from suwen.hookspecs.common import HttpResponse, PluginContext
from suwen.hookspecs.payment import NotifyRequest
from suwen.testing.http import WsgiTransport
from suwen.testing.payment import Breakage, Flaw
from suwen_dev_simulator.app import SimulatorApp
from suwen_dev_simulator.faults import Faults
from suwen_dev_simulator.keyfiles import KeyFolder
from suwen_dev_simulator.wechat import seal, views
from suwen_payment_wechat.gateway import WeChatPayGateway

BASE_URL = "http://127.0.0.1:8089"


class WeChatWorld:
    """Implements ``PaymentWorld`` with the simulator."""

    def __init__(self, data_dir, base_url=BASE_URL):
        self.started, self.passed = time.time(), 0.0
        self.simulator = SimulatorApp(data_dir, base_url, send=self._receive, read_clock=self.clock)
        self.wechat = self.simulator.wechat
        self.identity = self.wechat.identity
        self.transport = WsgiTransport({base_url: self.simulator})
        self.received = []
        raw = json.loads((data_dir / "wechat.json").read_text())
        self.settings = WeChatPayGateway.settings_schema().deserialize(raw)
        self.secrets = [
            self.settings["merchant_private_key"],
            self.settings["merchant_private_key"].splitlines()[3],
            self.settings["apiv3_key"],
            views.BUYER,
        ]

    def clock(self):
        return self.started + self.passed

    def now(self):
        return datetime.fromtimestamp(self.clock(), UTC)

    def context(self, **changes):
        values = {
            "region": "4306",
            "settings": self.settings,
            "now": self.now,
            "transport": self.transport,
            "environment": "development",
        }
        return PluginContext(**{**values, **changes})

    def _receive(self, url, headers, body):
        self.received.append(self._request(headers, body))
        return 204, b""

    def _request(self, headers, body):
        lower = {name.lower(): value for name, value in headers.items()}
        return NotifyRequest(lower, body, "", "127.0.0.1", self.now())

    @property
    def calls(self):
        return len(self.transport.sent)

    def pay(self, number):
        self.simulator.till.act(self.simulator.till.find(number), "paid")

    def fail(self, number):
        self.simulator.till.act(self.simulator.till.find(number), "failed")

    def _queued(self, number):
        row = self.simulator.store.one(
            "select * from delivery where number = ? order by id desc", number
        )
        return dict(row)

    def notification(self, number, flaw=Flaw.NONE, *, delta_fen=0):
        queued = self._queued(number)
        plain = json.loads(queued["payload"])
        if flaw is Flaw.FOREIGN_MERCHANT:
            plain["mchid"] = "1600000002"
        if flaw is Flaw.FRACTION:
            plain["amount"]["total"] += 0.5
        faults = Faults(
            forge=flaw is Flaw.FORGED,
            stale_s={Flaw.STALE: 301, Flaw.FUTURE: -301}.get(flaw, 0),
            amount_delta_fen=delta_fen,
        )
        envelope = self.wechat.envelope({**queued, "payload": json.dumps(plain)}, faults)
        headers, body = dict(envelope.headers), envelope.body
        if flaw is Flaw.FOREIGN_SEAL:
            return self.sealed(json.dumps(plain).encode(), key=b"x" * 32)
        if flaw is Flaw.NOT_JSON:
            return self.sealed(b"\xff\x00 not JSON")
        if flaw is Flaw.UNKNOWN_KEY:
            serial, key = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1", self.identity.stranger_key
            headers |= seal.signature_headers(serial, key, body, self.clock())
        if flaw is Flaw.ALTERED:
            body = body.replace(b'"encrypt-resource"', b'"encrypt_resource"')
        if flaw is Flaw.PROBE:
            headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + "x" * 325
        return self._request(headers, body)

    def sealed(self, plain, *, key=None, event_type="TRANSACTION.SUCCESS", **changes):
        """A genuinely signed notification with any content."""
        body = {
            "id": "8a6a1d1c-7d0c-4a5a-9c52-000000000001",
            "event_type": event_type,
            "resource_type": "encrypt-resource",
            "resource": seal.seal(plain, key or self.identity.apiv3_key, "transaction"),
        }
        return self.signed(json.dumps({**body, **changes}).encode())

    def signed(self, body, *, by_certificate=False):
        """Any body under a genuine signature."""
        serial, key = self.identity.signer(by_certificate=by_certificate)
        return self._request(seal.signature_headers(serial, key, body, self.clock()), body)

    def signed_answer(self, status, content, *, by_certificate=False):
        """Any answer under a genuine signature."""
        notice = self.signed(content, by_certificate=by_certificate)
        return HttpResponse(status, notice.headers, content)

    def refund_notification(self, refund_number):
        self.wechat.finish_refund(refund_number, "SUCCESS")
        return self._request_of(self._queued(refund_number))

    def _request_of(self, queued):
        envelope = self.wechat.envelope(queued, Faults())
        return self._request(envelope.headers, envelope.body)

    def break_next(self, how):
        if how is Breakage.UNSENT:
            self.transport.refuse()
        elif how is Breakage.LOST:
            self.transport.lose_answer()
        elif how is Breakage.SERVER_ERROR:
            self.simulator.faults.set(Faults(http_error=1))
        elif how is Breakage.BUSY:
            self.transport.answer(429, b'{"code":"FREQUENCY_LIMITED","message":"x"}')
        elif how is Breakage.GARBAGE:
            self.transport.answer(200, b"<html>Welcome to the hotel's network</html>")
        elif how is Breakage.FORGED:
            self.transport.alter_answer(self._forged)

    def _forged(self, answer):
        serial = answer.headers["wechatpay-serial"]
        forged = seal.signature_headers(
            serial, self.identity.stranger_key, answer.content, self.clock()
        )
        lower = {name.lower(): value for name, value in forged.items()}
        return HttpResponse(answer.status, {**answer.headers, **lower}, answer.content)

    def advance(self, seconds):
        self.passed += seconds


@pytest.fixture(scope="session")
def wechat_keys(tmp_path_factory):
    """Keys take long to make: once is enough."""
    data = tmp_path_factory.mktemp("simulator")
    SimulatorApp(data, BASE_URL).close()
    KeyFolder(data / "keys").private_key("wechat-platform-2")
    return data / "keys"


@pytest.fixture
def wechat_data(tmp_path, wechat_keys):
    shutil.copytree(wechat_keys, tmp_path / "keys")
    return tmp_path


@pytest.fixture
def wechat(wechat_data):
    world = WeChatWorld(wechat_data)
    yield world
    world.simulator.close()
