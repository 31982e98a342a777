"""The main job by the operations of the API, and the same rules at its edges."""

from __future__ import annotations

import re

import pytest

from tests.functional.client import PASSWORD
from tests.functional.shopping import PRODUCT, buy, cheapest, order_by_wechat, start, wish
from tests.functional.staff import StaffBrowser
from tests.reports import report

CONSENTS = ("testing", "sensitive_data", "specimen")
NAME, BIRTH = "慕容雪", "1990-05-06"
TYPES = 9
ITEMS = 60


def test_main_job(market):
    sponsor, grand = market.client(), market.client()
    sponsor.sign_in("member-b")
    grand.sign_in("member-a")
    link = sponsor.ok("POST", "/me/share-links", {"product_slug": PRODUCT}, status=201)
    assert set(link) >= {"code", "url", "qr_url", "poster_url"}
    before = {c: c.get("/me/account")["frozen_fen"] for c in (sponsor, grand)}

    client = market.client()
    regions = client.get("/regions")["items"]
    assert {"code": "4306", "name": "岳阳市", "is_default": False} in regions
    listed = client.get("/products?region=4306&limit=3")
    assert len(listed["items"]) == 3
    following = client.get(f"/products?region=4306&limit=3&cursor={listed['next_cursor']}")
    slugs = [row["slug"] for row in (*listed["items"], *following["items"])]
    assert len(set(slugs)) == len(slugs)

    member = client.register(referral_code=link["code"], region_code="4306")
    assert member["region_code"] == "4306"
    quote = client.ok("POST", "/order-quotes", wish(client))
    price = cheapest(client)["price_fen"]
    assert quote["total_fen"] == quote["payable_fen"] == price
    assert quote["service_region"] == "4306"
    creates = {m["gateway"]: m["creates"] for m in quote["payment_methods"]}
    assert creates == {"payment_wechat": "order", "payment_offline": "intent"}
    assert all(m["title"] for m in quote["payment_methods"])

    order = order_by_wechat(client)
    assert order["state"] == "pending_payment"
    assert order["payable_fen"] == price
    payment = start(client, order)
    assert payment["state"] in {"created", "pending"}
    assert payment["action"]["kind"] == "qr"
    assert re.fullmatch(r"[0-9A-Z]{8,32}", payment["number"])
    again = start(client, order)
    assert again["number"] == payment["number"]

    assert market.pay(payment["number"]) == [(204, b"")]
    assert client.get(f"/payments/{payment['number']}")["state"] == "captured"
    paid = client.get(f"/orders/{order['number']}")
    assert paid["state"] == "paid"
    assert [event["event"] for event in paid["timeline"]] == ["placed", "paid"]
    line = paid["lines"][0]
    assert set(line) >= {
        *("id", "sku_id", "quantity", "amount_fen", "refunded_fen", "voucher_state", "kit_barcode")
    }

    shares = {sponsor: price * 8 // 100, grand: price * 4 // 100}
    for who, level in ((sponsor, 1), (grand, 2)):
        account = who.get("/me/account")
        assert set(account) >= {"available_fen", "frozen_fen", "debt_fen"}
        assert account["frozen_fen"] - before[who] == shares[who]
        newest = who.get("/me/commissions")["items"][0]
        assert (newest["state"], newest["level"]) == ("frozen", level)
        assert newest["amount_fen"] == shares[who]
        assert newest["explanation"]
        # What was bought, by whom, and its price stay unknown to a sponsor.
        assert not {"order", "buyer", "base_fen", "product"} & set(newest)

    market.work()
    texts = sent_by_sms(market)
    assert any(order["number"] in text for text in texts)
    kinds = [item["kind"] for item in client.get("/me/messages")["items"]]
    assert "order_paid" in kinds

    read_report(market, client, paid)
    answer_questionnaire(client)


def sent_by_sms(market):
    """Texts that the SMS channel sent."""
    items = market.browser().get("/_dev/outbox.json").json["items"]
    return [item["text"] for item in items if item["channel"] == "push_sms"]


def read_report(market, client, order):
    """Import, release, and read with step-up; the log shows it."""
    client.ok("PATCH", "/me", {"real_name": NAME, "birth_date": BIRTH, "sex": "female"})
    staff = StaffBrowser(market, "laboratory")
    refused = staff.upload(order["number"], report(NAME, BIRTH), status=422)
    assert "授权" in refused.text
    standing = {item["purpose"]: item for item in client.get("/me/consents")["items"]}
    for purpose in CONSENTS:
        body = {"purpose": purpose, "version": standing[purpose]["version"]}
        client.ok("POST", "/me/consents", body, status=201)
    staff.upload(order["number"], report(NAME, BIRTH))
    assert client.get("/me/archive")["items"] == []
    staff.release()
    market.work()
    assert "report_ready" in [i["kind"] for i in client.get("/me/messages")["items"]]

    (record,) = client.get("/me/archive")["items"]
    assert set(record) >= {"id", "type", "title", "state"}
    client.refused(403, "step_up_required", "GET", f"/me/archive/{record['id']}")
    assert client.ok("POST", "/sessions/step-up", {"password": PASSWORD})["elevated_until"]
    opened = client.get(f"/me/archive/{record['id']}")
    document = opened["documents"][0]
    answer = client.call("GET", f"/me/archive/{record['id']}/documents/{document['id']}")
    assert answer.body.startswith(b"%PDF-")
    actions = [row["action"] for row in client.get("/me/archive/accesses")["items"]]
    assert {"record.read", "document.read", "report.released"} <= set(actions)

    stranger = market.client()
    stranger.register()
    stranger.step_up()
    stranger.refused(404, "not_found", "GET", f"/me/archive/{record['id']}")


def answer_questionnaire(client):
    """Nine scores, verdicts, and a status."""
    form = client.get("/questionnaires")["items"][0]
    detail = client.get(f"/questionnaires/{form['id']}")
    assert len(detail["items"]) == ITEMS
    path = f"/questionnaires/{form['id']}/responses"
    answers = {item["id"]: 1 + place % 5 for place, item in enumerate(detail["items"])}
    missing = {name: value for name, value in answers.items() if name != "7"}
    problem = client.refused(422, "sheet_invalid", "POST", path, {"answers": missing})
    assert [error["pointer"] for error in problem["errors"]] == ["/answers/7"]
    wrong = client.refused(422, "sheet_invalid", "POST", path, {"answers": {**answers, "8": 6}})
    assert [error["pointer"] for error in wrong["errors"]] == ["/answers/8"]
    result = client.ok("POST", path, {"answers": answers}, status=201)
    assert len(result["scores"]) == TYPES
    for score in result["scores"]:
        assert set(score) >= {"scale", "raw", "converted", "verdict"}
    assert result["status"] in {
        *("balanced", "mostly_balanced", "biased", "tendency_only", "undetermined")
    }
    assert {"types", "advice", "scorer", "standard", "version"} <= set(result)
    (listed,) = client.get("/me/results")["items"]
    read = client.get(f"/me/results/{listed['id']}")
    assert read["scores"] == result["scores"]


def test_offline_needs_yueyang_and_a_cashier(market):
    client = market.client()
    client.register(region_code="4306")
    elsewhere = client.ok("POST", "/order-quotes", wish(client, "4301"))
    assert elsewhere["service_region"] != "4306"
    assert [m["gateway"] for m in elsewhere["payment_methods"]] == ["payment_wechat"]
    body = wish(client, "4301", gateway="payment_offline")
    problem = client.refused(422, "gateway_refused", "POST", "/orders", body)
    assert problem["errors"][0]["pointer"] == "/gateway"

    placed = client.ok("POST", "/orders", wish(client, gateway="payment_offline"), status=202)
    intent = placed["intent"]
    assert set(intent) >= {"code", "expires_at", "instructions"}
    assert client.get(f"/intents/{intent['code']}")["state"] == "waiting"
    assert client.get("/orders")["items"] == []
    before, price = market.balances(), cheapest(client)["price_fen"]

    order = confirm(market, intent["code"], "R-0001")
    confirmed = client.get(f"/intents/{intent['code']}")
    assert (confirmed["state"], confirmed["order_number"]) == ("confirmed", order)
    assert client.get(f"/orders/{order}")["state"] == "paid"
    after = market.balances()
    assert after["clearing.payment_offline"] - before["clearing.payment_offline"] == price
    assert abs(after["revenue"] - before["revenue"]) == price

    assert confirm(market, intent["code"], "R-0001") == order
    assert market.balances() == after
    assert len(client.get("/orders")["items"]) == 1
    other = client.ok("POST", "/orders", wish(client, gateway="payment_offline"), status=202)
    confirm(market, other["intent"]["code"], "R-0001", status=1)
    assert market.balances() == after


def confirm(market, code, receipt, status=0):
    """The cashier's confirmation from the command line; the order's number."""
    who = market.account("cashier")["address"]
    words = ("intent", "confirm", code, "--receipt", receipt, "--as", who)
    answer = market.command(*words, status=status)
    return answer and answer["order_number"]


def test_offline_gateway_cannot_be_started_for_an_order(market):
    client = market.client()
    client.register(region_code="4306")
    order = order_by_wechat(client)
    path = f"/orders/{order['number']}/payments"
    client.refused(409, "needs_intent", "POST", path, {"gateway": "payment_offline"})


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": [{"sku_id": "1", "quantity": 1}]}, "/items/0/sku_id"),
        ({"items": [{"sku_id": "SKU", "quantity": 0}]}, "/items/0/quantity"),
        ({"items": [{"sku_id": "SKU", "quantity": 10**9}]}, "/items/0/quantity"),
        ({"items": [{"sku_id": "SKU", "quantity": True}]}, "/items/0/quantity"),
        ({"items": []}, "/items"),
        ({"collection": {"method": "on_site", "point_id": "1"}}, "/collection/point_id"),
        ({"collection": {"method": "mail", "address_id": "1"}}, "/collection/address_id"),
        ({"collection": {"method": "by_pigeon"}}, "/collection/method"),
        ({"gateway": "payment_nobody"}, "/gateway"),
    ],
)
@pytest.mark.sqlite
def test_bad_order_is_refused_at_its_field(market, change, pointer):
    client = market.client()
    client.register(region_code="4306")
    body = {**wish(client, gateway="payment_wechat"), **change}
    for item in body["items"]:
        if item["sku_id"] == "SKU":
            item["sku_id"] = cheapest(client)["id"]
    answer = client.call("POST", "/orders", body)
    assert answer.status_int == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json["errors"]], answer.json
    assert client.get("/orders")["items"] == []


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no-pdf.pdf", b"<html><script>alert(1)</script></html>"),
        ("empty.pdf", b""),
        ("cut.pdf", report(NAME, BIRTH)[:300]),
    ],
)
def test_what_is_no_report_is_refused_beside_its_field(market, name, content):
    client = market.client()
    client.register(region_code="4306")
    order = buy(market, client)
    for item in client.get("/me/consents")["items"]:
        if item["purpose"] in CONSENTS:
            body = {"purpose": item["purpose"], "version": item["version"]}
            client.ok("POST", "/me/consents", body, status=201)
    page = StaffBrowser(market, "laboratory").upload(order["number"], content, status=422)
    assert 'id="f-file-error"' in page.text
    assert f'value="{order["number"]}"' in page.text
    assert client.get("/me/archive")["items"] == []


def test_unknown_region_is_refused(market):
    for code in ("x", "43060212", "%E5%B2%B3"):
        market.client().refused(422, "unknown_region", "GET", f"/products?region={code}")


def test_wrong_and_used_codes_are_refused(market):
    client = market.client()
    phone = "13900004321"
    code = client.code(phone)
    body = {"kind": "individual", "address": phone, "code": code, "password": PASSWORD}
    wrong = {**body, "code": f"{(int(code) + 1) % 10**6:06d}"}
    client.refused(422, "wrong_code", "POST", "/registrations", wrong)
    client.take(client.ok("POST", "/registrations", body, status=201))
    again = client.call("POST", "/registrations", body)
    assert 400 <= again.status_int < 500
