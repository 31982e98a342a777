"""Generated data: repeatable, resumable, with books that can be proven."""

import dataclasses

import pytest
from sqlalchemy import func, select

from suwen.accounts.services import accounts
from suwen.catalog.models import Product
from suwen.catalog.services import Filters, catalog
from suwen.demo import NotDevelopment
from suwen.demo.market import YUEYANG
from suwen.demo.volume import Volume, generate
from suwen.distribution.models import Binding, CommissionLine
from suwen.ledger.models import LedgerEntry
from suwen.ledger.services import ledger
from suwen.orders.models import Intent, Order, OrderLine
from suwen.payments.models import PaymentAttempt, PaymentEvent

SMALL = Volume(products=12, categories=4, members=40, orders=60)


def purchases(house):
    """Who bought what for how much, in words that no id and no clock is part of."""
    query = (
        select(Order.number, OrderLine.product_name, OrderLine.sku_name, OrderLine.amount_fen)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.number.startswith("SWG"))
        .order_by(Order.number, OrderLine.position)
    )
    with house.database.snapshot() as db:
        return db.execute(query).all()


def test_the_books_of_generated_orders_are_proven(loaded):
    made = generate(loaded, SMALL)

    assert made == {"categories": 4, "products": 12, "members": 40, "orders": 60}
    with loaded.database.snapshot() as db:
        proof = ledger(loaded, db).verify()
        assert proof.ok, proof.fault
        paid = db.scalar(select(func.sum(Order.payable_fen)).where(Order.state == "paid"))
        clearing = ledger(loaded, db).balance("clearing.payment_offline")
        commissions = db.scalar(select(func.sum(CommissionLine.amount_fen)))
        expense = ledger(loaded, db).balance("commission_expense")
    assert clearing == paid
    assert expense == commissions + 50_000  # the opening balance of the demonstration
    assert commissions > 0


def test_every_generated_order_has_what_a_confirmed_one_has(loaded):
    generate(loaded, SMALL)

    with loaded.database.snapshot() as db:
        for model in (Order, Intent, PaymentAttempt, PaymentEvent):
            state = getattr(model, "state", None)
            query = select(func.count()).select_from(model)
            if model is Intent:
                query = query.where(state == "confirmed")
            assert db.scalar(query) == 65, model
        kinds = dict(
            db.execute(select(LedgerEntry.kind, func.count()).group_by(LedgerEntry.kind)).all()
        )
        assert kinds["payment_captured"] == kinds["order_paid"] == 65


@pytest.mark.sqlite
def test_asking_again_makes_nothing_and_asking_for_more_makes_the_rest(loaded):
    generate(loaded, dataclasses.replace(SMALL, orders=25, products=5))

    more = generate(loaded, SMALL)
    again = generate(loaded, SMALL)

    assert (more["orders"], more["products"], more["members"]) == (35, 7, 0)
    assert set(again.values()) == {0}


@pytest.mark.sqlite
def test_another_seed_is_other_data_beside_it(loaded):
    generate(loaded, SMALL)
    made = generate(loaded, dataclasses.replace(SMALL, seed=2))

    assert made["orders"] == 60
    names = [(row.product_name, row.amount_fen) for row in purchases(loaded)]
    half = len(names) // 2
    assert names[:half] != names[half:]


def test_the_same_seed_buys_the_same(loaded, request):
    generate(loaded, dataclasses.replace(SMALL, orders=10))

    bought = [tuple(row)[1:] for row in purchases(loaded)]
    known = request.config.stash.setdefault(_BOUGHT, bought)
    assert bought == known


_BOUGHT = pytest.StashKey()


@pytest.mark.sqlite
def test_generated_members_can_be_found_and_are_bound_to_earlier_ones(loaded):
    generate(loaded, SMALL)

    with loaded.database.snapshot() as db:
        service = accounts(loaded, db)
        found = service.find("g1-0000007@generated.suwen.example")
        assert [contact.value for contact in service.logins.of(found)] == [
            "g1-0000007@generated.suwen.example"
        ]
        pairs = db.execute(select(Binding.member_id, Binding.sponsor_id)).all()
    assert len(pairs) > 20
    assert all(sponsor < member for member, sponsor in pairs)


@pytest.mark.sqlite
def test_generated_products_stand_behind_and_in_their_categories(loaded):
    generate(loaded, SMALL)

    with loaded.database.snapshot() as db:
        shop = catalog(loaded, db)
        slugs = [item["slug"] for item in shop.list_products(YUEYANG, Filters(), limit=50).items]
        inside = shop.list_products(YUEYANG, Filters(category="generated-kind-1-000001")).items
        count = db.scalar(select(func.count()).where(Product.slug.startswith("generated-")))
    assert slugs[0] == "medication-safety"
    assert all(slug.startswith("generated-") for slug in slugs[16:])
    assert count == 12
    assert inside


@pytest.mark.sqlite
def test_orders_bring_the_members_they_need(loaded):
    assert generate(loaded, Volume(orders=41))["members"] == 3


@pytest.mark.sqlite
def test_production_is_refused(site):
    production = dataclasses.replace(site.settings, environment="production")

    with pytest.raises(NotDevelopment):
        generate(dataclasses.replace(site, settings=production), SMALL)
