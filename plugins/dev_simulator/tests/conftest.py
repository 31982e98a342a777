"""The simulator in this process, with a clock that a test moves and a shop that keeps its post."""

import json
import shutil
import time
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from webtest import TestApp

from suwen_dev_simulator.app import SimulatorApp
from suwen_dev_simulator.keyfiles import KeyFolder

BASE_URL = "http://127.0.0.1:8089"
SHOP = "http://127.0.0.1:6543/notify/payment_wechat/1"


class Desk:
    """The simulator, its clock, and a merchant who can sign."""

    def __init__(self, data):
        self.started, self.passed = time.time(), 0.0
        self.data = data
        self.received, self.shop_status = [], 204
        self.app = SimulatorApp(data, BASE_URL, send=self._receive, read_clock=self.now)
        self.web = TestApp(self.app, extra_environ={"HTTP_HOST": "127.0.0.1:8089"})
        self.identity = self.app.wechat.identity

    def now(self):
        return self.started + self.passed

    def _receive(self, url, headers, body):
        self.received.append((url, headers, json.loads(body)))
        return self.shop_status, b""

    def advance(self, seconds):
        self.passed += seconds
        return self.app.deliver_due()

    def call(self, method, target, body=None, *, by_certificate=False, **changes):
        """A signed call; ``changes`` replace fields of the Authorization header."""
        content = b"" if body is None else body if isinstance(body, bytes) else dumps(body)
        stamp, nonce = str(int(self.now())), "593BEC0C930BF1AFEB40B4A08C8FB242"
        message = f"{method}\n{target}\n{stamp}\n{nonce}\n".encode() + content + b"\n"
        signature = self.identity.merchant_key.sign(message, PKCS1v15(), SHA256())
        fields = {
            "mchid": self.identity.mchid,
            "nonce_str": nonce,
            "signature": b64encode(signature).decode(),
            "timestamp": stamp,
            "serial_no": self.identity.merchant_serial,
            **changes,
        }
        listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
        headers = {"Authorization": f"WECHATPAY2-SHA256-RSA2048 {listed}"}
        if not by_certificate:
            headers["Wechatpay-Serial"] = self.identity.public_key_id
        environ = {"REQUEST_URI": target}
        return self.web.request(
            target, method=method, body=content, headers=headers, environ=environ, status="*"
        )

    def order(self, number="SW20261122000001", total=129_900, **changes):
        body = {
            "appid": self.identity.appid,
            "mchid": self.identity.mchid,
            "description": "素问健康服务",
            "out_trade_no": number,
            "notify_url": SHOP,
            "amount": {"total": total, "currency": "CNY"},
            **changes,
        }
        return {name: value for name, value in body.items() if value is not ...}

    def create(self, number="SW20261122000001", **changes):
        return self.call("POST", "/v3/pay/transactions/native", self.order(number, **changes))

    def sim(self, name, body, status=200):
        return self.web.post_json(f"/_sim/{name}", body, status=status).json

    def pay(self, number="SW20261122000001", outcome="paid"):
        return self.sim("pay", {"payment": number, "outcome": outcome})

    def refund(self, number="RF20261122000001", refund=900, **changes):
        body = {
            "out_trade_no": "SW20261122000001",
            "out_refund_no": number,
            "notify_url": SHOP,
            "amount": {"refund": refund, "total": 129_900, "currency": "CNY"},
            **changes,
        }
        return self.call("POST", "/v3/refund/domestic/refunds", body)

    def books(self):
        return self.web.get("/_sim/books").json["payments"]


def dumps(value):
    return json.dumps(value, ensure_ascii=False).encode()


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    data = tmp_path_factory.mktemp("simulator")
    SimulatorApp(data, BASE_URL).close()
    KeyFolder(data / "keys").private_key("wechat-platform-2")
    return data / "keys"


@pytest.fixture
def desk(tmp_path, keys):
    shutil.copytree(keys, tmp_path / "keys")
    desk = Desk(tmp_path)
    yield desk
    desk.app.close()
