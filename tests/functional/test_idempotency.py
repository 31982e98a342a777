"""One key, one effect, the same answer; another body under the same key is refused."""

from __future__ import annotations

from tests.functional.shopping import wish


def test_order_is_placed_once_per_key(market):
    client = market.client()
    client.register(region_code="4306")
    body = wish(client, gateway="payment_wechat")
    first = client.call("POST", "/orders", body, key="order-1")
    again = client.call("POST", "/orders", body, key="order-1")
    assert (first.status_int, again.status_int) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    other = client.call("POST", "/orders", {**body, "gateway": "payment_offline"}, key="order-1")
    assert other.status_int == 422
    assert other.json["code"] == "idempotency_mismatch"
    second = client.call("POST", "/orders", body, key="order-2")
    assert second.json["number"] != first.json["number"]
    assert len(client.get("/orders")["items"]) == 2


def test_a_key_belongs_to_who_uses_it(market):
    one, other = market.client(), market.client()
    one.register(region_code="4306")
    other.register(region_code="4306")
    body = wish(one, gateway="payment_wechat")
    first = one.call("POST", "/orders", body, key="shared")
    second = other.call("POST", "/orders", body, key="shared")
    assert second.status_int == 201
    assert second.json["number"] != first.json["number"]


def test_a_refused_call_can_be_put_right_under_its_key(market):
    client = market.client()
    client.register(region_code="4306")
    wrong = wish(client, quantity=0, gateway="payment_wechat")
    assert client.call("POST", "/orders", wrong, key="k").status_int == 422
    right = wish(client, gateway="payment_wechat")
    assert client.call("POST", "/orders", right, key="k").status_int == 201


def test_a_key_must_be_one(market):
    client = market.client()
    client.register(region_code="4306")
    body = wish(client, gateway="payment_wechat")
    for key in ("", " ", "x" * 256, "a\tb"):
        answer = client.call("POST", "/orders", body, key=key)
        assert answer.status_int == 400, (key, answer.text)
        assert answer.json["code"] == "idempotency_key_invalid"
    assert client.get("/orders")["items"] == []


def test_refresh_tokens_rotate_and_a_replayed_one_ends_the_sign_in(market):
    client = market.client()
    client.register()
    old = client.refresh_token
    fresh = client.ok("POST", "/sessions/refresh", {"refresh_token": old}, status=201)
    assert fresh["refresh_token"] != old
    client.take(fresh)
    assert client.get("/me")
    client.access_token = ""
    assert client.call("POST", "/sessions/refresh", {"refresh_token": old}).status_int == 401
    client.take(fresh)
    assert client.call("GET", "/me").status_int == 401
    assert (
        client.call(
            "POST", "/sessions/refresh", {"refresh_token": fresh["refresh_token"]}
        ).status_int
        == 401
    )
