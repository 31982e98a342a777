"""A small shop on a fresh database: regions, a product, points, members, a provider in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from suwen import accounts as accounts_domain
from suwen import distribution as distribution_domain
from suwen import messaging as messaging_domain
from suwen import orders as orders_domain
from suwen.accounts.contacts import parse
from suwen.accounts.services import Registration, accounts
from suwen.app import make_app
from suwen.catalog.models import Product, Sku
from suwen.catalog.services import catalog
from suwen.distribution.services import TERMS_VERSION, distribution
from suwen.kernel import crypto, ids
from suwen.kernel import house as kernel_house
from suwen.kernel.audit import Actor
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import Device
from suwen.ledger.services import ledger
from suwen.orders.models import Intent, Order
from suwen.orders.placing import Checkout
from suwen.orders.quoting import Wish
from suwen.orders.refunds import LineWish
from suwen.orders.services import orders
from suwen.payments import tasks as payment_tasks
from suwen.payments.services import payments
from suwen.places.models import CollectionPoint
from tests.fixtures_app import development_settings
from tests.unit.payments import fakes

PRICE = 129_900
YUEYANG, CHANGSHA = 11, 12
OFFLINE = "payment_offline"


@dataclass
class Shop:
    """The house with what a test needs to buy something in it."""

    house: Any
    sku: int = 0
    limited_sku: int = 0
    product: int = 0

    def run(self, what: Any) -> Any:
        """``what(db)`` in a transaction of its own."""
        with self.house.database.transaction() as db:
            return what(db)

    def member(self, phone: str, referral_code: str | None = None) -> int:
        """A new member."""

        def make(db: Any) -> int:
            wanted = Registration(phone, "", "", DEFAULT_CODE, referral_code=referral_code)
            return accounts(self.house, db).create(parse(phone), wanted, None).id

        return int(self.run(make))

    def join(self, member_id: int) -> None:
        """Make the member a distributor."""
        self.run(lambda db: distribution(self.house, db).join(member_id, TERMS_VERSION))

    def share(self, member_id: int) -> str:
        """The member's share code."""
        return str(
            self.run(lambda db: distribution(self.house, db).share(member_id, "nutrition").code)
        )

    def wish(
        self, member_id: int, *, point: int = YUEYANG, quantity: int = 1, sku: int = 0
    ) -> Wish:
        """A wish for collection at a point."""
        return Wish(member_id, ((sku or self.sku, quantity),), "on_site", point_id=point)

    def place(
        self,
        member_id: int,
        gateway: str = fakes.FAKE,
        *,
        referral_code: str | None = None,
        submission: str | None = None,
        **wish: Any,
    ) -> Order | Intent:
        """Place an order or make an intent."""

        def act(db: Any) -> Any:
            service = orders(self.house, db)
            quote = service.quoting.quote(self.wish(member_id, **wish))
            checkout = Checkout(gateway, submission or ids.token(), referral_code)
            return service.placing.place(quote, checkout, Actor("member", member_id))

        placed: Order | Intent = self.run(act)
        return placed

    def start(self, order: Order) -> Any:
        """Start a payment of an order."""

        def act(db: Any) -> Any:
            payable = orders(self.house, db).payable(order)
            return payments(self.house, db).start(payable, fakes.FAKE, "10.0.0.1")

        return self.run(act)

    def pay(self, order: Order, event_id: str = "e1") -> Any:
        """Pay an order as the provider would tell it."""
        attempt = self.start(order)
        told = fakes.event(
            attempt.number, attempt.amount_fen, event_id=f"{attempt.number}:{event_id}"
        )
        self.run(lambda db: payments(self.house, db).apply_event(told))
        return attempt

    def buy(self, member_id: int, **options: Any) -> Order:
        """Place and pay; the order as it stands now."""
        order = self.place(member_id, **options)
        self.pay(order)
        return self.order(order.number)

    def refund(self, order: Order, *wishes: LineWish, reason: str = "不需要了") -> Any:
        """Ask for a refund."""
        return self.run(
            lambda db: orders(self.house, db).refunds.request(
                orders(self.house, db).get(order.number),
                reason,
                wishes,
                Actor("member", order.member_id),
            )
        )

    def give_back(self, order: Order, *wishes: LineWish) -> None:
        """A refund from request to end: asked, approved, carried out."""
        refund = self.refund(order, *wishes)
        finance = Actor("staff", 900)
        self.run(lambda db: payments(self.house, db).approve_refund(refund.number, finance))
        self.house.outbox.drain()

    def order(self, number: str) -> Order:
        """The order as it stands now."""
        found: Order = self.run(lambda db: orders(self.house, db).get(number))
        return found


def stock_shelf(shop: Shop, db: Any) -> None:
    """One product with an unlimited and a limited SKU, a point in each of two cities."""
    product = Product(
        id=ids.new_id(), slug="nutrition", name="营养代谢基因检测", test_type="nutrition", rank=1
    )
    service = catalog(shop.house, db)
    service.save(product, "<p>了解身体如何利用营养素</p><script>alert(1)</script>")
    skus = [
        Sku(id=ids.new_id(), product_id=product.id, name="单人", price_fen=PRICE),
        Sku(id=ids.new_id(), product_id=product.id, name="限量", price_fen=3333, stock=3),
    ]
    db.add_all(skus)
    for key, code, name in (
        (YUEYANG, "430602", "岳阳楼采集点"),
        (CHANGSHA, "430102", "芙蓉采集点"),
    ):
        db.add(
            CollectionPoint(
                id=key, name=name, region_code=code, address="某路 1 号", phone="0730-1"
            )
        )
    service.publish(product)
    shop.product, shop.sku, shop.limited_sku = product.id, skus[0].id, skus[1].id


def open_house(url: str, folder: Path) -> Any:
    """A house with all installed plugins and a gateway in memory, not wired yet."""
    host = PluginHost(strict=True)
    host.load()
    fakes.register(host, fakes.FAKE, fakes.FakeGateway())
    house = kernel_house.build(development_settings(url, folder), host=host)
    crypto.KeyBase.metadata.create_all(house.vault.store.engine)
    return house


def open_shop(house: Any) -> Shop:
    """Regions, switches and goods."""
    made = Shop(house)
    with house.database.transaction() as db:
        house.regions.add(db, DEFAULT_CODE, "全国", [""])
        house.regions.add(db, "4306", "岳阳市", ["4306"])
        for region in (DEFAULT_CODE, "4306"):
            house.switch.store_settings(
                db, region, house.host.gateways.get(fakes.FAKE), {"mchid": "1900", "key": "k1"}
            )
            for plugin in (fakes.FAKE, "reward_tiered", "archive_gene_report"):
                house.switch.set_state(db, region, plugin, "enabled")
        house.switch.set_state(db, "4306", OFFLINE, "enabled")
        stock_shelf(made, db)
    return made


def prove_books(house: Any) -> None:
    """Ledger and audit log must be right whatever a test did."""
    with house.database.snapshot() as db:
        verdict = ledger(house, db).verify()
        assert verdict.ok, verdict
        assert house.audit.verify(db).ok


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """The shop without its web pages, its books proved right at the end."""
    house = open_house(database_url, tmp_path)
    for domain in (messaging_domain, accounts_domain):
        domain.install(house)
    for upper in (orders_domain, distribution_domain):
        upper.subscribe(house)
    for kind, handler in payment_tasks.HANDLERS.items():
        house.outbox.handler(kind, partial(handler, house))
    yield open_shop(house)
    prove_books(house)
    house.close()


@dataclass
class Site(Shop):
    """The shop with its pages and operations."""

    app: Any = None

    def token(self, member_id: int) -> dict[str, str]:
        """Headers that sign the member in to the API."""

        def act(db: Any) -> str:
            return str(accounts(self.house, db).tokens.sign_in(member_id, Device()).access_token)

        return {"Authorization": f"Bearer {self.run(act)}"}


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """The whole program, its books proved right at the end."""
    house = open_house(database_url, tmp_path)
    app = TestApp(make_app(house), extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    made = open_shop(house)
    yield Site(house, made.sku, made.limited_sku, made.product, app)
    prove_books(house)
    house.close()
