"""The demonstration: complete, consistent, and the same however often it is loaded."""

import dataclasses
import json
import stat

import pyotp
import pytest
from sqlalchemy import func, select, text

from suwen.accounts.models import Member
from suwen.accounts.roles import ROLES
from suwen.accounts.services import accounts
from suwen.accounts.staffing.models import Branch, Role, StaffGrant, StaffMember
from suwen.archives.models import ArchiveRecord
from suwen.catalog.models import Sku
from suwen.catalog.services import Filters, catalog
from suwen.demo import NotDevelopment, load
from suwen.demo.market import PLANS, YUEYANG
from suwen.demo.people import CHAIN, FILE
from suwen.distribution.models import Binding, CommissionLine
from suwen.kernel.audit import Actor
from suwen.kernel.db import metadata
from suwen.kernel.plugins.models import RegionPlugin
from suwen.kernel.regions import DEFAULT_CODE
from suwen.ledger.services import ledger
from suwen.orders.intents import Takings
from suwen.orders.models import Intent, Order
from suwen.orders.services import orders
from suwen.places.models import CollectionPoint
from suwen.places.services import places


def roll(house):
    return json.loads(house.settings.path(FILE).read_text(encoding="utf-8"))


def counts(house):
    with house.database.snapshot() as db:
        return {
            name: db.scalar(select(func.count()).select_from(table))
            for name, table in metadata.tables.items()
        }


def member_id(house, key):
    person = next(person for person in CHAIN if person.key == key)
    with house.database.snapshot() as db:
        return accounts(house, db).find(person.address)


def test_loading_twice_changes_nothing_and_the_books_are_proven(loaded):
    before, written = counts(loaded), roll(loaded)

    load(loaded)

    assert counts(loaded) == before
    assert roll(loaded) == written
    with loaded.database.snapshot() as db:
        proof = ledger(loaded, db).verify()
        assert (proof.ok, proof.trial_balance_fen) == (True, 0), proof.fault
        assert loaded.audit.verify(db).ok


def test_accounts_file_is_complete_and_for_its_owner_only(shown):
    items = roll(shown)

    assert stat.S_IMODE(shown.settings.path(FILE).stat().st_mode) == 0o600
    assert {item["role"] for item in items} >= {*ROLES, "member"}
    assert len({item["password"] for item in items}) == len(items)
    staff = [item for item in items if item["role"] not in {"member", "group"}]
    assert all(item["totp_secret"] for item in staff)
    chain = [bool(item["totp_secret"]) for item in items if item["role"] == "member"]
    assert chain == [True, True, False]


def test_the_written_passwords_and_secrets_sign_in(shown):
    cashier = next(item for item in roll(shown) if item["role"] == "cashier")
    code = pyotp.TOTP(cashier["totp_secret"]).now()

    with shown.database.transaction() as db:
        service = accounts(shown, db)
        account = service.logins.account_of(service.find(cashier["address"]))
        assert account.has_totp
        service.totp.check(account.member_id, code)
        assert service._passwords.verify(account.password_hash, cashier["password"])


@pytest.mark.sqlite
def test_a_lost_accounts_file_is_written_anew_with_passwords_that_work(loaded):
    lost = roll(loaded)[-1]
    loaded.settings.path(FILE).unlink()

    load(loaded)

    anew = roll(loaded)[-1]
    assert anew["password"] != lost["password"]
    with loaded.database.snapshot() as db:
        service = accounts(loaded, db)
        stored = service.logins.account_of(service.find(anew["address"])).password_hash
        assert service._passwords.verify(stored, anew["password"])
        assert not service._passwords.verify(stored, lost["password"])


def test_the_chain_has_bought_earned_and_a_balance(loaded):
    a, b, c = (member_id(loaded, person.key) for person in CHAIN)
    with loaded.database.snapshot() as db:
        bound = dict(db.execute(select(Binding.member_id, Binding.sponsor_id)).all())
        earned = db.execute(
            select(CommissionLine.beneficiary_id, CommissionLine.level, CommissionLine.state)
        )
        balance = ledger(loaded, db).member(c)
        paid = db.scalar(select(func.count()).where(Order.state == "paid"))

        assert bound == {b: a, c: b}
        assert {(b, 1, "frozen"), (a, 2, "frozen"), (a, 1, "frozen")} == set(earned)
        assert balance.available_fen == 50_000
        assert paid == 5, "four of the chain, one of the company"


def test_c_has_a_readable_report_and_a_result(shown):
    c = member_id(shown, "c")
    with shown.database.transaction() as db:
        states = db.scalars(select(ArchiveRecord.state).where(ArchiveRecord.member_id == c))
        assert states.all() == ["released"]
        results = db.scalar(
            text("SELECT count(*) FROM questionnaire_result WHERE member_id = :member"),
            {"member": c},
        )
        assert results == 1


def test_shelves_points_and_stock(shown):
    with shown.database.snapshot() as db:
        shop = catalog(shown, db)
        page = shop.list_products(YUEYANG, Filters(), limit=100)
        facets = shop.categories()
        point_regions = {point.region_code[:4] for point in places(shown, db).points()}
        few = db.scalars(select(Sku.stock).where(Sku.stock.is_not(None))).all()

    assert len(page.items) == 16
    assert all(facets[name] for name in ("series", "purpose", "audience"))
    assert all(199_00 <= item["price_fen"] <= 4999_00 for item in page.items)
    assert {"4306", "4301", "1101", "3101", "4401"} <= point_regions
    assert few
    assert max(few) < 50


def test_every_category_leads_to_a_product(shown):
    with shown.database.snapshot() as db:
        shop = catalog(shown, db)
        slugs = [row["slug"] for rows in shop.categories().values() for row in rows]
        empty = [s for s in slugs if not shop.list_products(YUEYANG, Filters(category=s)).items]

    assert empty == []


def test_descriptions_come_through_the_cleaning_unharmed(shown):
    with shown.database.snapshot() as db:
        html = catalog(shown, db).get_product(YUEYANG, "whole-exome")["description_html"]

    assert html.count("<li>") >= 6
    assert html.count("<p>") >= 3


def test_plugins_are_on_where_they_belong(shown):
    with shown.database.snapshot() as db:
        rows = db.execute(select(RegionPlugin.plugin, RegionPlugin.region, RegionPlugin.state))
        enabled = {(row.plugin, row.region) for row in rows if row.state == "enabled"}

    wanted = {
        (plan.plugin, region)
        for plan in PLANS
        for region in plan.regions
        if plan.plugin != "payment_wechat"  # no simulator ran, so nothing can be paid there
    }
    assert enabled == wanted


@pytest.mark.sqlite
def test_a_switch_that_somebody_moved_stays(loaded):
    with loaded.database.transaction() as db:
        loaded.switch.set_state(db, YUEYANG, "payment_offline", "disabled")

    notes = load(loaded)

    with loaded.database.snapshot() as db:
        assert loaded.switch.offering(db, YUEYANG).state("payment_offline") == "disabled"
    assert any("payment_offline" in note for note in notes)


@pytest.mark.sqlite
def test_wechat_follows_the_simulators_settings(loaded, wechat_settings):
    assert load(loaded) == []
    with loaded.database.snapshot() as db:
        offering = loaded.switch.offering(db, DEFAULT_CODE)
        assert offering.enabled("payment_wechat")

    wechat_settings({"base_url": "http://127.0.0.1:7999"})
    load(loaded)

    with loaded.database.snapshot() as db:
        stored = loaded.switch.offering(db, DEFAULT_CODE)
        stored = stored.raw_settings("payment_wechat", "payment_wechat")
        assert stored["base_url"] == "http://127.0.0.1:7999"


@pytest.mark.sqlite
def test_another_merchants_settings_stay(loaded, wechat_settings):
    load(loaded)
    item = loaded.host.gateways.get("payment_wechat")
    with loaded.database.transaction() as db:
        mine = loaded.switch.offering(db, YUEYANG).raw_settings(item.plugin, item.code)
        other = {**mine, "mchid": "1900000109"}
        loaded.switch.store_settings(db, YUEYANG, item, other)

    wechat_settings({"base_url": "http://127.0.0.1:7999"})
    load(loaded)

    with loaded.database.snapshot() as db:
        stored = loaded.switch.offering(db, YUEYANG).raw_settings(item.plugin, item.code)
        assert (stored["mchid"], stored["base_url"]) == ("1900000109", mine["base_url"])


@pytest.mark.sqlite
def test_waiting_intent_can_be_confirmed_at_the_counter(loaded):
    with loaded.database.transaction() as db:
        waiting = db.scalars(select(Intent).where(Intent.state == "waiting")).one()
        service = orders(loaded, db).intents
        order = service.confirm(waiting.code, Takings(waiting.payable_fen, "T-1"), _cashier(loaded))
        assert order.state == "paid"


def _cashier(house):
    with house.database.snapshot() as db:
        found = accounts(house, db).find("cashier@staff.suwen.example")
    return Actor("staff", found, region=YUEYANG)


@pytest.mark.sqlite
def test_production_is_refused(site):
    production = dataclasses.replace(site.settings, environment="production")

    with pytest.raises(NotDevelopment):
        load(dataclasses.replace(site, settings=production))
    assert not site.settings.path(FILE).exists()


def test_branches_have_staff_points_and_a_member(loaded):
    with loaded.database.snapshot() as db:
        branches = {row.code: row.id for row in db.execute(select(Branch.code, Branch.id))}
        columns = CollectionPoint.branch_id, CollectionPoint.name
        points = {row.branch_id: row.name for row in db.execute(select(*columns))}
        query = select(StaffGrant.role, StaffGrant.branch_id)
        held = {(row.role, row.branch_id) for row in db.execute(query)}
        made = db.scalars(select(Role)).one()
        top = db.scalar(select(Member.id).join(StaffMember).where(StaffMember.title.like("周明%")))
        below = db.scalar(
            select(func.count()).select_from(StaffMember).where(StaffMember.parent_id == top)
        )
        member = db.get_one(Member, member_id(loaded, CHAIN[-1].key))
    assert set(branches) == {"YYL-01", "CS-01"}
    assert {("branch_administrator", branches["YYL-01"]), (made.code, branches["YYL-01"])} <= held
    assert {points[branches["YYL-01"]], points[branches["CS-01"]]} == {
        "洞庭健康服务站",
        "长沙岳麓采集点",
    }
    assert made.owner_id == top
    assert below > 5
    assert member.branch_id == branches["YYL-01"]
