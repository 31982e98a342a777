"""What staff do is in the log, and in that of the region it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from suwen.accounts.services import accounts
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.regions import DEFAULT_CODE
from suwen.orders.intents import Takings
from suwen.orders.services import orders
from suwen.payments.services import payments
from tests.fixtures_shop import OFFLINE, PRICE

if TYPE_CHECKING:
    from tests.fixtures_shop import Shop, Site

STAFF = Actor("staff", 900, region=DEFAULT_CODE)
"""Browses the shop of the whole country and works for 岳阳."""


def logged(shop: Shop, action: str) -> list[str | None]:
    """Regions of the events of this kind."""
    query = select(AuditEvent.region).where(AuditEvent.action == action)
    return list(shop.run(lambda db: db.scalars(query).all()))


@pytest.mark.sqlite
def test_a_confirmed_intent_is_in_the_log_of_its_region(shop: Shop) -> None:
    """Or whoever reads the log of one region could be avoided by choosing another city."""
    intent: Any = shop.place(shop.member("13900000001"), OFFLINE)
    takings = Takings(PRICE, "R-1")
    shop.run(lambda db: orders(shop.house, db).intents.confirm(intent.code, takings, STAFF))
    assert logged(shop, "intent.confirmed") == ["4306"]


@pytest.mark.sqlite
def test_an_approved_refund_is_in_the_log_of_its_region(shop: Shop) -> None:
    """As for intents."""
    refund = shop.refund(shop.buy(shop.member("13900000001")))
    shop.run(lambda db: payments(shop.house, db).approve_refund(refund.number, STAFF))
    assert logged(shop, "refund.approved") == ["4306"]


@pytest.mark.sqlite
def test_signing_in_is_logged_whatever_the_way(site: Site) -> None:
    """The APP's sign-in no less than a browser's."""
    member = site.member("13900000001")
    password = "a long enough phrase"
    site.run(lambda db: accounts(site.house, db).signing.change_password(member, password, 0))
    site.app.post_json(
        "/api/v1/sessions", {"address": "13900000001", "password": password}, status=201
    )
    assert len(logged(site, "session.open")) == 1
