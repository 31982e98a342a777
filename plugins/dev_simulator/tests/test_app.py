"""The application around the providers: files, pages, and the command."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from suwen_dev_simulator.app import SimulatorApp
from suwen_dev_simulator.loopback import is_loopback

BASE_URL = "http://127.0.0.1:8089"
NUMBER = "SW20261122000001"
PAGE = f"/pay/wechat/{NUMBER}"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


class TestFiles:
    def test_keys_are_for_their_owner_only(self, desk):
        folder = desk.data / "keys"

        assert mode(folder) == 0o700
        assert {mode(path) for path in folder.iterdir()} == {0o600}
        assert mode(desk.data / "wechat.json") == 0o600

    def test_the_shops_settings_are_complete(self, desk):
        values = json.loads((desk.data / "wechat.json").read_text())

        assert values.keys() == {
            "mchid",
            "appid",
            "merchant_serial",
            "merchant_private_key",
            "apiv3_key",
            "public_key_id",
            "public_key",
            "platform_certificates",
            "base_url",
        }
        assert len(values["apiv3_key"]) == 32
        assert values["public_key_id"].startswith("PUB_KEY_ID_SIMULATOR")
        assert values["base_url"] == BASE_URL

    def test_a_second_start_finds_the_same_keys_and_books(self, desk):
        desk.create()
        before = (desk.data / "wechat.json").read_text()
        again = SimulatorApp(desk.data, "http://127.0.0.1:9999")

        after = (desk.data / "wechat.json").read_text()
        assert after == before.replace(":8089", ":9999")
        assert [line["payment"] for line in again.till.books()["payments"]] == [NUMBER]
        again.close()

    def test_what_a_crash_left_half_sent_is_sent_again(self, desk):
        desk.create()
        desk.pay()
        desk.app.store.run("update delivery set state = 'sending'")
        assert desk.app.deliver_due() == 0
        desk.app.close()

        again = type(desk)(desk.data)
        assert again.app.deliver_due() == 1
        again.app.close()


class TestPages:
    @pytest.fixture(autouse=True)
    def order(self, desk):
        desk.create(description="素问健康服务 <b>")

    def test_the_cashier_shows_what_is_paid_and_says_that_it_is_play(self, desk):
        page = desk.web.get(PAGE)

        assert "模拟收银台" in page
        assert "1,299.00" in page
        assert "素问健康服务 &lt;b&gt;" in page
        assert page.html.find("html")["lang"] == "zh-CN"
        assert [button.text for button in page.html.find_all("button")] == [
            "支付",
            "余额不足",
            "取消",
        ]

    def test_nothing_is_inline_and_nothing_comes_from_elsewhere(self, desk):
        page = desk.web.get(PAGE)

        assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
        assert page.html.find_all(["script", "style", "img"]) == []
        assert page.html.find_all(style=True) == []
        style = desk.web.get(page.html.find("link", rel="stylesheet")["href"])
        assert style.content_type == "text/css"
        assert b"url(" not in style.body

    @pytest.mark.parametrize(
        ("outcome", "text", "state"),
        [
            ("paid", "支付成功", "paid"),
            ("failed", "余额不足，支付失败", "failed"),
            ("cancelled", "您已取消支付", "pending"),
        ],
    )
    def test_buttons(self, desk, outcome, text, state):
        page = desk.web.get(PAGE).form.submit("outcome", value=outcome)

        assert page.status_int == 303
        assert text in page.follow(headers={"Host": "127.0.0.1:8089"})
        assert desk.books()[0]["state"] == state

    def test_a_paid_order_has_no_buttons_and_an_old_page_pays_nothing(self, desk):
        old = desk.web.get(PAGE)
        desk.pay()

        assert desk.web.get(PAGE).html.find_all("button") == []
        assert old.form.submit("outcome", value="failed").status_int == 303
        assert desk.books()[0]["state"] == "paid"

    def test_an_expired_order_says_so(self, desk):
        old = desk.web.get(PAGE)
        desk.advance(8 * 86_400)

        assert "已过期" in desk.web.get(PAGE)
        assert "已过期" in old.form.submit("outcome", value="paid", status=409)

    def test_what_does_not_exist(self, desk):
        for path in ("/pay/wechat/SW0", "/pay/alipay/" + NUMBER):
            assert "订单不存在" in desk.web.get(path, status=404)
            desk.web.post(path, {"outcome": "paid"}, status=404)
        desk.web.post(PAGE, {"outcome": "stolen"}, status=400)
        desk.web.get("/nowhere", status=404)
        desk.web.get("/_sim/pay", status=405)

    def test_the_overview_lists_orders_and_faults(self, desk):
        assert "没有设置故障" in desk.web.get("/")
        desk.sim("faults", {"drop": 1})

        page = desk.web.get("/")

        assert "已设置故障" in page
        assert page.click(NUMBER).status_int == 200

    def test_the_overview_without_orders(self, desk):
        desk.app.store.run("delete from payment")

        assert "还没有订单" in desk.web.get("/")

    def test_head_is_answered(self, desk):
        assert desk.web.head(PAGE).status_int == 200


def test_only_this_machine_is_answered(desk):
    for host in ("evil.example", "[::1", "evil.example:8089", "10.0.0.1"):
        desk.web.get("/healthz", headers={"Host": host}, status=403)
    for host in ("localhost:8089", "127.0.0.1", "[::1]:8089"):
        desk.web.get("/healthz", headers={"Host": host})


def test_huge_bodies_are_refused(desk):
    desk.web.post("/_sim/pay", b"x" * 70_000, status=413)


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),  # noqa: S104 - not loopback
        ("::", False),
        ("192.168.1.1", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_loopback(host, answer):
    assert is_loopback(host) is answer


class TestCommand:
    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "suwen_dev_simulator", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @pytest.fixture
    def data(self, tmp_path, keys):
        shutil.copytree(keys, tmp_path / "keys")
        return tmp_path

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "shop.example", "::"])  # noqa: S104
    def test_it_refuses_other_hosts_before_it_makes_anything(self, tmp_path, host):
        process = self.start("--host", host, "--port", 1, "--data", tmp_path / "new")
        _out, err = process.communicate(timeout=30)

        assert process.returncode == 2
        assert "loopback" in err
        assert not (tmp_path / "new").exists()

    def test_keys_only(self, data):
        process = self.start("--port", 8089, "--data", data, "--keys-only")
        process.communicate(timeout=30)

        assert process.returncode == 0
        assert json.loads((data / "wechat.json").read_text())["base_url"] == BASE_URL

    def test_it_serves_until_it_is_told_to_end(self, data):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = self.start("--port", port, "--data", data)
        try:
            assert wait_for(f"http://127.0.0.1:{port}/healthz") == {"status": "ok"}
        finally:
            os.kill(process.pid, signal.SIGTERM)
            out, err = process.communicate(timeout=30)

        assert (process.returncode, err) == (0, "")
        assert f"http://127.0.0.1:{port}/" in out


def wait_for(url):
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
