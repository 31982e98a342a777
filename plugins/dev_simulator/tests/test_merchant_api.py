"""The provider's rules for merchants."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

NUMBER = "SW20261122000001"
BY_NUMBER = f"/v3/pay/transactions/out-trade-no/{NUMBER}?mchid=1600000001"
CLOSE = f"/v3/pay/transactions/out-trade-no/{NUMBER}/close"


def refusal(answer):
    return answer.status_int, answer.json["code"]


def verify(answer, key):
    stamp, nonce, signature = (
        answer.headers[f"Wechatpay-{name}"] for name in ("Timestamp", "Nonce", "Signature")
    )
    message = f"{stamp}\n{nonce}\n".encode() + answer.body + b"\n"
    key.verify(b64decode(signature), message, PKCS1v15(), SHA256())


class TestSignature:
    @pytest.mark.parametrize(
        "changes",
        [
            {"mchid": "1600000002"},
            {"serial_no": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"},
            {"timestamp": "1795305600"},
            {"timestamp": "now"},
            {"timestamp": "１７９５３０５６００"},
            {"nonce_str": "OTHER"},
            {"signature": "AAAA"},
            {"signature": "not base64!"},
            {"extra": "x"},
        ],
    )
    def test_what_the_merchant_did_not_sign_is_refused(self, desk, changes):
        answer = desk.call("GET", BY_NUMBER, **changes)

        assert refusal(answer) == (401, "SIGN_ERROR")
        assert "Wechatpay-Signature" not in answer.headers

    def test_without_a_header_nothing_works(self, desk):
        for header in (None, "", "Basic x", 'WECHATPAY2-SHA256-RSA2048 mchid="1"', "x" * 300):
            headers = {} if header is None else {"Authorization": header}
            answer = desk.web.get(BY_NUMBER, headers=headers, status="*")
            assert refusal(answer) == (401, "SIGN_ERROR")

    def test_body_and_query_are_part_of_it(self, desk):
        good = desk.call("GET", BY_NUMBER).request
        desk.create()
        for target in (BY_NUMBER + "&x=1", BY_NUMBER.replace("?", "/?")):
            environ = {"REQUEST_URI": target}
            answer = desk.web.get(target, headers=good.headers, extra_environ=environ, status="*")
            assert answer.status_int in {401, 404}

    def test_the_target_is_taken_as_it_came_over_the_wire(self, desk):
        target = BY_NUMBER.replace("SW2026", "SW%32026")

        assert refusal(desk.call("GET", target)) == (404, "ORDER_NOT_EXIST")

    def test_every_answer_to_a_merchant_is_signed(self, desk):
        key = desk.identity.public_key.public_key()
        for answer in (
            desk.create(),
            desk.call("GET", BY_NUMBER),
            desk.call("GET", "/v3/certificates"),
            desk.call("GET", BY_NUMBER.replace("0001?", "0009?")),
            desk.call("POST", CLOSE, {"mchid": "1600000001"}),
        ):
            verify(answer, key)
            assert answer.headers["Wechatpay-Serial"] == desk.identity.public_key_id
            assert answer.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"

    def test_who_does_not_ask_for_the_public_key_gets_the_certificate(self, desk):
        serial = desk.identity.rotate_certificate()
        answer = desk.call("GET", "/v3/certificates", by_certificate=True)

        key, certificate = desk.identity.certificates()[-1]
        verify(answer, key.public_key())
        assert answer.headers["Wechatpay-Serial"] == serial == f"{certificate.serial_number:040X}"


def test_certificates_are_sealed_with_the_merchants_secret(desk):
    desk.identity.rotate_certificate()
    listed = desk.call("GET", "/v3/certificates").json["data"]

    for item, (_key, certificate) in zip(listed, desk.identity.certificates(), strict=True):
        sealed = item["encrypt_certificate"]
        plain = AESGCM(desk.identity.apiv3_key).decrypt(
            sealed["nonce"].encode(),
            b64decode(sealed["ciphertext"]),
            sealed["associated_data"].encode(),
        )
        assert load_pem_x509_certificate(plain) == certificate
        assert item["serial_no"] == f"{certificate.serial_number:040X}"


class TestCreate:
    def test_the_code_leads_to_the_cashier(self, desk):
        assert desk.create().json == {"code_url": f"http://127.0.0.1:8089/pay/wechat/{NUMBER}"}

    def test_the_same_order_gives_the_same_code_in_any_order_of_fields(self, desk):
        body = desk.order()
        first = desk.call("POST", "/v3/pay/transactions/native", body)
        turned = dict(reversed(body.items()))

        assert desk.call("POST", "/v3/pay/transactions/native", turned).json == first.json
        assert len(desk.books()) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount": {"total": 1, "currency": "CNY"}},
            {"description": "别的"},
            {"attach": "x"},
            {"notify_url": "https://shop.example/n"},
        ],
    )
    def test_a_used_number_with_other_parameters(self, desk, changes):
        desk.create()

        assert refusal(desk.create(**changes)) == (403, "OUT_TRADE_NO_USED")

    def test_a_number_belongs_to_one_product(self, desk):
        desk.create()
        body = desk.order(payer={"openid": "o1"})

        answer = desk.call("POST", "/v3/pay/transactions/jsapi", body)

        assert refusal(answer) == (403, "OUT_TRADE_NO_USED")

    def test_a_paid_and_a_closed_order(self, desk):
        desk.create()
        desk.create("SW20261122000002")
        desk.pay()
        desk.call("POST", CLOSE.replace("0001/", "0002/"), {"mchid": "1600000001"})

        assert refusal(desk.create()) == (400, "ORDERPAID")
        assert refusal(desk.create("SW20261122000002")) == (400, "ORDER_CLOSED")

    @pytest.mark.parametrize(
        "changes",
        [
            {"out_trade_no": "SHORT"},
            {"out_trade_no": "S" * 33},
            {"out_trade_no": "SW2026 112200"},
            {"out_trade_no": 20261122000001},
            {"description": ""},
            {"description": "长" * 128},
            {"description": ...},
            {"attach": "长" * 129},
            {"notify_url": "http://shop.example/n"},
            {"notify_url": "http://127.0.0.1/n?x=1"},
            {"notify_url": "https://shop.example/" + "x" * 250},
            {"notify_url": "ftp://shop.example/"},
            {"notify_url": "https://[::1/"},
            {"notify_url": "https:///notify"},
            {"notify_url": ...},
            {"amount": {"total": 1.0}},
            {"amount": {"total": "1"}},
            {"amount": {"total": True}},
            {"amount": {"total": 0}},
            {"amount": {"total": 10**12}},
            {"amount": {"total": 1, "currency": "USD"}},
            {"amount": 1},
            {"mchid": "1600000002"},
            {"time_expire": "tomorrow"},
            {"time_expire": "2026-11-22T10:00:00"},
            {"time_expire": 1795305600},
        ],
    )
    def test_what_breaks_a_rule(self, desk, changes):
        assert refusal(desk.create(**changes)) == (400, "PARAM_ERROR")
        assert desk.books() == []

    def test_a_foreign_appid(self, desk):
        answer = desk.create(appid="wx0000000000000000")

        assert refusal(answer) == (400, "APPID_MCHID_NOT_MATCH")

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
    def test_what_is_no_object(self, desk, body):
        answer = desk.call("POST", "/v3/pay/transactions/native", body)

        assert refusal(answer) == (400, "PARAM_ERROR")

    @pytest.mark.parametrize(("seconds", "status"), [(59, 400), (61, 200), (91 * 86_400, 400)])
    def test_the_time_to_pay_is_asked_at_the_first_call_only(self, desk, seconds, status):
        moment = datetime.fromtimestamp(desk.now() + seconds, UTC).isoformat()
        assert desk.create(time_expire=moment).status_int == status

        if status == 200:
            desk.advance(30)
            assert desk.create(time_expire=moment).status_int == 200

    @pytest.mark.parametrize(
        ("product", "extra", "name"),
        [
            ("jsapi", {"payer": {"openid": "o1"}}, "prepay_id"),
            (
                "h5",
                {"scene_info": {"payer_client_ip": "1.1.1.1", "h5_info": {"type": "Wap"}}},
                "h5_url",
            ),
        ],
    )
    def test_other_products(self, desk, product, extra, name):
        path = f"/v3/pay/transactions/{product}"

        assert refusal(desk.call("POST", path, desk.order())) == (400, "PARAM_ERROR")
        assert name in desk.call("POST", path, desk.order(**extra)).json


class TestQueryAndClose:
    def test_by_both_numbers(self, desk):
        desk.create()
        assert desk.call("GET", BY_NUMBER).json["trade_state"] == "NOTPAY"
        desk.pay()

        paid = desk.call("GET", BY_NUMBER).json
        path = f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid=1600000001"

        assert desk.call("GET", path).json == paid
        assert paid["amount"]["total"] == paid["amount"]["payer_total"] == 129_900

    def test_the_merchant_must_be_named(self, desk):
        desk.create()

        assert refusal(desk.call("GET", BY_NUMBER.partition("?")[0])) == (400, "PARAM_ERROR")

    def test_unknown_numbers(self, desk):
        for path in (BY_NUMBER, "/v3/pay/transactions/id/42?mchid=1600000001"):
            assert refusal(desk.call("GET", path)) == (404, "ORDER_NOT_EXIST")

    def test_closing(self, desk):
        body = {"mchid": "1600000001"}
        assert refusal(desk.call("POST", CLOSE, body)) == (404, "ORDER_NOT_EXIST")
        desk.create()

        answer = desk.call("POST", CLOSE, body)

        assert (answer.status_int, answer.body) == (204, b"")
        assert desk.call("GET", BY_NUMBER).json["trade_state"] == "CLOSED"
        assert refusal(desk.call("POST", CLOSE, body)) == (400, "ORDER_CLOSED")
        assert desk.sim("pay", {"payment": NUMBER}, status=409)["state"] == "closed"

    def test_a_paid_order_is_not_closed(self, desk):
        desk.create()
        desk.pay()

        answer = desk.call("POST", CLOSE, {"mchid": "1600000001"})

        assert refusal(answer) == (400, "ORDERPAID")


class TestRefunds:
    @pytest.fixture(autouse=True)
    def paid(self, desk):
        desk.create()
        desk.pay()

    def test_accepted_at_once_and_done_after_a_second(self, desk):
        accepted = desk.refund()
        desk.advance(2)
        done = desk.call("GET", "/v3/refund/domestic/refunds/RF20261122000001")

        assert (accepted.json["status"], done.json["status"]) == ("PROCESSING", "SUCCESS")
        assert desk.call("GET", BY_NUMBER).json["trade_state"] == "REFUND"
        assert desk.books()[0]["refunded_fen"] == 900

    def test_the_same_number_is_the_same_refund(self, desk):
        first, second = desk.refund(), desk.refund()

        assert first.json["refund_id"] == second.json["refund_id"]
        assert refusal(desk.refund(refund=901)) == (400, "INVALID_REQUEST")

    def test_a_closed_refund_is_tried_again_under_its_number(self, desk):
        desk.refund()
        desk.app.wechat.finish_refund("RF20261122000001", "CLOSED")

        assert desk.refund().json["status"] == "PROCESSING"
        desk.advance(2)
        assert desk.books()[0]["refunded_fen"] == 900

    def test_a_minute_must_pass_in_between(self, desk):
        desk.refund()
        assert refusal(desk.refund("RF20261122000002")) == (429, "FREQUENCY_LIMITED")

        desk.sim("clock", {"speed": 60})
        desk.advance(1.1)
        assert desk.refund("RF20261122000002").status_int == 200

    def test_no_more_than_was_paid(self, desk):
        desk.refund(refund=129_000)
        desk.advance(61)
        assert refusal(desk.refund("RF20261122000002", 901)) == (400, "INVALID_REQUEST")
        assert desk.refund("RF20261122000003", 900).status_int == 200
        desk.advance(61)

        assert desk.books()[0]["state"] == "refunded"

    def test_at_most_fifty(self, desk):
        for count in range(50):
            desk.refund(f"RF{count:010d}", 1)
            desk.advance(61)

        assert refusal(desk.refund("RF9999999999", 1)) == (400, "INVALID_REQUEST")

    def test_at_most_a_year_later(self, desk):
        desk.advance(366 * 86_400)

        assert refusal(desk.refund()) == (400, "INVALID_REQUEST")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"amount": {"refund": 1, "total": 129_901}}, (400, "INVALID_REQUEST")),
            ({"amount": {"refund": 0, "total": 129_900}}, (400, "PARAM_ERROR")),
            ({"amount": {"refund": 1.0, "total": 129_900}}, (400, "PARAM_ERROR")),
            ({"out_trade_no": "SW20261122000009"}, (404, "RESOURCE_NOT_EXISTS")),
            ({"out_trade_no": ""}, (400, "PARAM_ERROR")),
            ({"out_trade_no": 5}, (400, "PARAM_ERROR")),
            ({"reason": "长" * 81}, (400, "PARAM_ERROR")),
            ({"out_refund_no": "RF 1"}, (400, "PARAM_ERROR")),
        ],
    )
    def test_what_breaks_a_rule(self, desk, changes, expected):
        assert refusal(desk.refund(**changes)) == expected

    def test_by_the_providers_number(self, desk):
        trade_no = desk.call("GET", BY_NUMBER).json["transaction_id"]

        answer = desk.refund(out_trade_no=None, transaction_id=trade_no)

        assert answer.json["out_trade_no"] == NUMBER

    def test_unpaid_and_unknown(self, desk):
        desk.create("SW20261122000002")

        assert refusal(desk.refund(out_trade_no="SW20261122000002")) == (400, "INVALID_REQUEST")
        unknown = desk.call("GET", "/v3/refund/domestic/refunds/RF1")
        assert refusal(unknown) == (404, "RESOURCE_NOT_EXISTS")


def test_answers_are_json_in_utf8(desk):
    answer = desk.create(description="")

    assert json.loads(answer.body.decode())["message"].startswith("description")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
