"""The control surface, and what becomes of notifications under each fault."""

import json
from base64 import b64decode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from suwen_dev_simulator.delivery import LoopbackSender
from suwen_dev_simulator.wechat.provider import WeChatProvider

NUMBER = "SW20261122000001"


@pytest.fixture(autouse=True)
def order(desk):
    desk.create()


def opened(desk, notice):
    sealed = notice["resource"]
    plain = AESGCM(desk.identity.apiv3_key).decrypt(
        sealed["nonce"].encode(),
        b64decode(sealed["ciphertext"]),
        sealed["associated_data"].encode(),
    )
    return json.loads(plain)


class TestPay:
    def test_paid(self, desk):
        assert desk.pay() == {"payment": NUMBER, "state": "paid"}
        assert desk.app.deliver_due() == 1

        url, headers, notice = desk.received[0]
        assert url == "http://127.0.0.1:6543/notify/payment_wechat/1"
        assert headers["Wechatpay-Serial"] == desk.identity.public_key_id
        assert notice["event_type"] == "TRANSACTION.SUCCESS"
        assert opened(desk, notice)["amount"]["total"] == 129_900

    def test_paid_twice_is_paid_once(self, desk):
        assert [desk.pay()["state"] for _ in range(2)] == ["paid", "paid"]
        assert desk.advance(10) == 1

    @pytest.mark.parametrize(("outcome", "state"), [("failed", "failed"), ("cancelled", "pending")])
    def test_not_paid_is_not_notified(self, desk, outcome, state):
        assert desk.pay(outcome=outcome)["state"] == state
        assert desk.app.deliver_due() == 0
        assert desk.books()[0]["state"] == state

    def test_after_a_failure_the_buyer_may_try_again(self, desk):
        desk.pay(outcome="failed")

        assert desk.pay()["state"] == "paid"

    def test_an_expired_order_cannot_be_paid(self, desk):
        desk.advance(7 * 86_400 + 1)

        assert desk.sim("pay", {"payment": NUMBER}, status=409)["state"] == "pending"

    def test_unknown_numbers_and_outcomes(self, desk):
        desk.sim("pay", {"payment": "SW0", "outcome": "paid"}, status=404)
        for body in ({}, {"payment": 5}, {"payment": NUMBER, "outcome": "stolen"}):
            desk.sim("pay", body, status=400)
        for raw in (b"[]", b"{", b"\xff"):
            desk.web.post("/_sim/pay", raw, status=400)


def test_books(desk):
    assert desk.web.get("/_sim/books").json == {
        "payments": [
            {
                "payment": NUMBER,
                "gateway": "payment_wechat",
                "amount_fen": 129_900,
                "refunded_fen": 0,
                "state": "pending",
            }
        ],
        "transfers": [],
    }


def test_health(desk):
    assert desk.web.get("/healthz").json == {"status": "ok"}


class TestRepetition:
    def test_for_a_day_and_no_longer(self, desk):
        desk.shop_status = 500
        desk.pay()
        begun, moments = desk.now(), []
        while True:
            if desk.app.deliver_due():
                moments.append(round(desk.now() - begun))
            row = desk.app.store.one("select * from delivery")
            if row["state"] == "given_up":
                break
            desk.passed += max(row["due_at"] - desk.now(), 0.001)

        assert moments[:5] == [0, 15, 30, 60, 240]
        assert moments[-1] == 24 * 3600 + 4 * 60
        assert len({notice["id"] for _url, _headers, notice in desk.received}) == 1

    @pytest.mark.parametrize(
        ("status", "repeated"),
        [(200, False), (204, False), (202, True), (0, True), (302, True), (401, True)],
    )
    def test_only_200_and_204_end_it(self, desk, status, repeated):
        desk.shop_status = status
        desk.pay()
        desk.app.deliver_due()

        assert bool(desk.advance(16)) is repeated

    def test_speed_shortens_waits_that_have_begun(self, desk):
        desk.shop_status = 500
        desk.pay()
        desk.app.deliver_due()

        assert desk.sim("clock", {"speed": 15}) == {"speed": 15.0}
        assert desk.advance(0.9) == 0
        assert desk.advance(0.2) == 1

    def test_signed_times_stay_real(self, desk):
        desk.sim("clock", {"speed": 1000})
        desk.pay()
        desk.advance(5)

        stamp = int(desk.received[0][1]["Wechatpay-Timestamp"])
        assert abs(stamp - desk.now()) < 2

    @pytest.mark.parametrize("speed", [0, -1, True, "2", None, 1e9])
    def test_impossible_speeds(self, desk, speed):
        desk.sim("clock", {"speed": speed}, status=400)

    def test_the_schedule_is_the_documented_one(self):
        assert sum(WeChatProvider.schedule) == 24 * 3600 + 4 * 60
        assert len(WeChatProvider.schedule) == 15


class TestFaults:
    def faults(self, desk, **values):
        return desk.sim("faults", values)

    def test_duplicates(self, desk):
        self.faults(desk, duplicate=2)
        desk.pay()
        desk.app.deliver_due()

        assert len(desk.received) == 3
        assert len({notice["id"] for *_rest, notice in desk.received}) == 1
        assert desk.advance(86_400) == 0

    def test_what_is_dropped_comes_again(self, desk):
        self.faults(desk, drop=1)
        desk.pay()
        desk.app.deliver_due()
        assert desk.received == []

        desk.advance(16)
        assert len(desk.received) == 1
        assert desk.web.get("/_sim/faults").json["drop"] == 0

    def test_delay(self, desk):
        self.faults(desk, delay_s=5)
        desk.pay()

        assert [desk.app.deliver_due(), desk.advance(4), desk.advance(2)] == [0, 0, 1]

    def test_reorder(self, desk):
        self.faults(desk, reorder=True)
        desk.create("SW20261122000002")
        desk.pay()
        desk.pay("SW20261122000002")
        desk.advance(3)

        told = [opened(desk, notice)["out_trade_no"] for *_rest, notice in desk.received]
        assert told == ["SW20261122000002", NUMBER]

    def test_forge(self, desk):
        self.faults(desk, forge=True)
        desk.pay()
        desk.app.deliver_due()

        _url, headers, notice = desk.received[0]
        body = json.dumps(notice, ensure_ascii=False).encode()
        stamp, nonce = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"]
        signature = b64decode(headers["Wechatpay-Signature"])
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        stranger = desk.identity.stranger_key.public_key()
        stranger.verify(signature, message, PKCS1v15(), SHA256())
        assert headers["Wechatpay-Serial"] == desk.identity.public_key_id
        genuine = desk.identity.public_key.public_key()
        with pytest.raises(InvalidSignature):
            genuine.verify(signature, message, PKCS1v15(), SHA256())

    def test_stale(self, desk):
        self.faults(desk, stale_s=600)
        desk.pay()
        desk.app.deliver_due()

        assert desk.now() - int(desk.received[0][1]["Wechatpay-Timestamp"]) >= 600

    def test_another_amount(self, desk):
        self.faults(desk, amount_delta_fen=-1)
        desk.pay()
        desk.app.deliver_due()

        assert opened(desk, desk.received[0][2])["amount"]["total"] == 129_899
        assert desk.books()[0]["amount_fen"] == 129_900

    def test_errors_after_the_work_is_done(self, desk):
        self.faults(desk, http_error=1)

        spoilt = desk.create("SW20261122000002")

        assert (spoilt.status_int, spoilt.json["code"]) == (500, "SYSTEM_ERROR")
        assert len(desk.books()) == 2
        assert desk.create("SW20261122000002").status_int == 200

    @pytest.mark.parametrize(
        ("status", "code"), [(503, "SYSTEM_ERROR"), (429, "FREQUENCY_LIMITED")]
    )
    def test_a_status_lasts_until_it_is_reset(self, desk, status, code):
        self.faults(desk, http_error=status)
        for _ in range(3):
            answer = desk.create()
            assert (answer.status_int, answer.json["code"]) == (status, code)

        self.faults(desk)
        assert desk.create().status_int == 200

    def test_an_empty_object_resets_all(self, desk):
        before = desk.web.get("/_sim/faults").json
        self.faults(
            desk,
            duplicate=1,
            drop=1,
            delay_s=0.5,
            reorder=True,
            forge=True,
            stale_s=1,
            amount_delta_fen=1,
            http_error=1,
        )

        assert self.faults(desk) == before
        assert not any(before.values())

    @pytest.mark.parametrize(
        "values",
        [
            {"unknown": 1},
            {"drop": -1},
            {"drop": "1"},
            {"drop": True},
            {"drop": 1.5},
            {"reorder": 1},
            {"duplicate": 1000},
            {"delay_s": None},
            [],
        ],
    )
    def test_what_is_no_fault(self, desk, values):
        desk.sim("faults", values, status=400)

    def test_faults_of_the_sending_moment_count_for_repetitions_too(self, desk):
        self.faults(desk, forge=True)
        desk.shop_status = 401
        desk.pay()
        desk.app.deliver_due()
        desk.shop_status = 204
        self.faults(desk)
        desk.advance(16)

        signers = {headers["Wechatpay-Signature"] for _url, headers, _notice in desk.received}
        assert len(signers) == 2
        assert desk.advance(86_400) == 0


def test_refunds_are_notified_where_the_merchant_wishes(desk):
    desk.pay()
    desk.app.deliver_due()
    desk.refund()
    desk.advance(2)
    desk.advance(60)
    desk.call(
        "POST",
        "/v3/refund/domestic/refunds",
        {
            "out_trade_no": NUMBER,
            "out_refund_no": "RF20261122000002",
            "amount": {"refund": 1, "total": 129_900},
        },
    )
    desk.advance(2)

    assert [notice["event_type"] for *_rest, notice in desk.received] == [
        "TRANSACTION.SUCCESS",
        "REFUND.SUCCESS",
    ]
    assert opened(desk, desk.received[1][2])["refund_status"] == "SUCCESS"


def test_a_merchant_with_certificates_is_notified_with_one(desk):
    desk.call("GET", "/v3/certificates", by_certificate=True)
    desk.pay()
    desk.app.deliver_due()

    serial = f"{desk.identity.certificates()[-1][1].serial_number:040X}"
    assert desk.received[0][1]["Wechatpay-Serial"] == serial


def test_nothing_is_sent_to_other_machines():
    sender = LoopbackSender()
    for url in (
        "https://shop.example/notify",
        "http://10.0.0.1/",
        "http://0x7f.1/",
        "nonsense",
        "http://[::1",
    ):
        assert sender(url, {}, b"")[0] == 0
    sender.close()
