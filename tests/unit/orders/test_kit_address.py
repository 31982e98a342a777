import pytest

from suwen.accounts.services import accounts
from suwen.kernel.sessions import Device
from suwen.kernel.web import cookie_name
from suwen.orders.errors import BadCollection
from suwen.orders.quoting import REPORTS_ONLY, Wish
from suwen.orders.services import orders


@pytest.fixture
def member(site):
    return site.member("13800003001")


def add(site, member_id, purpose, detail):
    def act(db):
        book = accounts(site.house, db).addresses(member_id)
        return book.create("王小明", "+8613812345678", "430602", detail, purpose=purpose).id

    return site.run(act)


def wish(site, member_id, address_id):
    return Wish(member_id, ((site.sku, 1),), "mail", address_id=address_id)


def test_kits_go_only_where_kits_may_go(site, member):
    kits, reports = add(site, member, "kits", "甲路"), add(site, member, "reports", "乙路")
    site.run(lambda db: orders(site.house, db).quoting.quote(wish(site, member, kits)))
    with pytest.raises(BadCollection) as refused:
        site.run(lambda db: orders(site.house, db).quoting.quote(wish(site, member, reports)))
    assert refused.value.fields == {"collection.address_id": REPORTS_ONLY}


def test_the_app_is_told_at_the_field(site, member):
    reports = add(site, member, "reports", "乙路")
    body = {
        "items": [{"sku_id": str(site.sku), "quantity": 1}],
        "collection": {"method": "mail", "address_id": str(reports)},
    }
    answer = site.app.post_json(
        "/api/v1/order-quotes", body, headers=site.token(member), status=422
    )
    assert answer.json["errors"][0]["pointer"] == "/collection/address_id"


def test_checkout_offers_addresses_for_kits_the_default_chosen(site, member):
    add(site, member, "both", "甲路")
    chosen = add(site, member, "kits", "丙路")
    add(site, member, "reports", "乙路")

    def act(db):
        accounts(site.house, db).addresses(member).update(chosen, {"is_default": True})
        return accounts(site.house, db).open_browser_session(member, Device())

    site.app.set_cookie(cookie_name(site.house.settings, "session"), site.run(act))
    page = site.app.get("/checkout", {"sku": str(site.sku), "method": "mail"})
    assert "丙路" in page.text
    assert "甲路" in page.text
    assert "乙路" not in page.text
    assert page.html.select_one("input[name=address][checked]")["value"] == str(chosen)
    link = page.html.select_one("a[href*='/me/addresses/new']")["href"]
    assert "next=%2Fcheckout%3Fsku%3D" in link
