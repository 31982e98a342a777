"""Buying by the operations of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.functional.client import Client
    from tests.functional.conftest import Market

PRODUCT = "medication-safety"


def point_of(client: Client, region: str = "4306") -> str:
    """A collection point of the region."""
    points = client.get(f"/collection-points?region={region}")["items"]
    found = next(p for p in points if p["region_code"].startswith(region))
    assert set(found) >= {"id", "name", "region_code", "address", "location", "route_links"}
    assert set(found["location"]) == {"lon", "lat", "system"}
    return str(found["id"])


def cheapest(client: Client, slug: str = PRODUCT) -> dict[str, Any]:
    """The product's first SKU."""
    product = client.get(f"/products/{slug}")
    assert set(product) >= {"slug", "name", "price_fen", "skus", "collection_methods"}
    sku: dict[str, Any] = product["skus"][0]
    assert set(sku) >= {"id", "name", "price_fen", "stock"}
    return sku


def wish(
    client: Client, region: str = "4306", quantity: int = 1, slug: str = PRODUCT, **more: Any
) -> dict[str, Any]:
    """A purchase at a point of the region."""
    return {
        "items": [{"sku_id": cheapest(client, slug)["id"], "quantity": quantity}],
        "collection": {"method": "on_site", "point_id": point_of(client, region)},
        **more,
    }


def order_by_wechat(client: Client, **more: Any) -> Any:
    """A new order, not yet paid."""
    body = wish(client, gateway="payment_wechat", **more)
    return client.ok("POST", "/orders", body, status=201)


def start(client: Client, order: dict[str, Any], gateway: str = "payment_wechat") -> Any:
    """Start paying it."""
    path = f"/orders/{order['number']}/payments"
    return client.ok("POST", path, {"gateway": gateway}, status=201)


def buy(market: Market, client: Client, **more: Any) -> Any:
    """An order that is paid; the order as it stands then."""
    order = order_by_wechat(client, **more)
    assert market.pay(start(client, order)["number"]) == [(204, b"")]
    return client.get(f"/orders/{order['number']}")
