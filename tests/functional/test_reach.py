"""Who is limited to a region or a branch sees what belongs there, in lists, pages and commands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from webtest import TestApp

from suwen.accounts.models import Member
from suwen.accounts.services import accounts
from suwen.accounts.staff import Staff
from suwen.accounts.staffing.branches import BranchWish, branch_book
from suwen.accounts.staffing.reach import Reach
from suwen.archives.models import ArchiveRecord
from suwen.archives.services import archives, importing
from suwen.kernel import clock, ids
from suwen.kernel.audit import SYSTEM
from suwen.kernel.errors import NotFound
from suwen.kernel.sessions import Device, sessions
from suwen.orders.services import orders
from suwen.places.models import CollectionPoint
from tests.fixtures_shop import CHANGSHA, OFFLINE, YUEYANG

ALLOWED = ("staff.orders", "staff.cashier", "staff.reports")


class World:
    """Three members and their orders: of a branch, at its point, and of neither."""

    def __init__(self, site):
        self.site, self.house = site, site.house
        self.branch = site.run(self._branch)
        self.ours = self._member("13911110001")
        self.theirs = self._member("13911110002")
        site.run(lambda db: setattr(db.get_one(Member, self.ours), "branch_id", self.branch))
        self.of_member = site.buy(self.ours, point=YUEYANG)
        self.at_point = site.buy(self.theirs, point=CHANGSHA)
        self.elsewhere = site.buy(self.theirs, point=YUEYANG)

    def _branch(self, db):
        wish = BranchWish("CS-01", "长沙实验室", "partner", "430102", permissions=ALLOWED)
        branch = branch_book(self.house, db).create(SYSTEM, wish)
        db.get_one(CollectionPoint, CHANGSHA).branch_id = branch.id
        return branch.id

    def _member(self, phone):
        return self.site.member(phone)

    def staff(self, phone, role, region="*", branch=0):
        member_id = self.site.member(phone)

        def hire(db):
            accounts(self.house, db).totp.set_secret(member_id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
            hand = Staff(db, sessions(self.house.settings, db), self.house.audit)
            hand.grant(member_id, role, SYSTEM, region, branch)
            row, token = sessions(self.house.settings, db).open(member_id, Device())
            row.elevated_until = clock.now() + timedelta(minutes=5)
            return token

        app = TestApp(self.site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        app.set_cookie("dev-session", self.site.run(hire))
        return app

    def record(self, order):
        """A bare record of an order's line; nothing of it is opened here."""

        def make(db):
            line = orders(self.house, db).lines(order.id)[0]
            record = ArchiveRecord(
                id=ids.new_id(),
                public_id=ids.token(),
                subject_id=1,
                member_id=order.member_id,
                type="gene",
                plugin="archive_gene_report",
                region=order.region,
                state="matched",
                order_line_id=line.id,
                version=1,
                sealed=b"",
                imported_by=0,
                created_at=clock.now(),
            )
            db.add(record)
            return record.id

        return self.site.run(make)


@pytest.fixture
def world(site):
    return World(site)


def seen(browser, world):
    """Which of the orders the list and the pages show; both must agree."""
    listed = browser.get("/admin/orders").text
    found = set()
    for name in ("of_member", "at_point", "elsewhere"):
        number = getattr(world, name).number
        status = browser.get(f"/admin/orders/{number}", expect_errors=True).status_int
        assert (number in listed) is (status == 200), name
        if status == 200:
            found.add(name)
    return found


def test_orders_of_branches_and_regions(world):
    everything = {"of_member", "at_point", "elsewhere"}
    assert seen(world.staff("13711110001", "sampling"), world) == everything
    ours = world.staff("13711110002", "sampling", branch=world.branch)
    assert seen(ours, world) == {"of_member", "at_point"}
    other_region = world.staff("13711110003", "sampling", "100000")
    assert seen(other_region, world) == {"at_point"}
    yueyang = world.staff("13711110004", "sampling", "4306")
    assert seen(yueyang, world) == {"of_member", "elsewhere"}
    both = world.staff("13711110005", "sampling", "4306", world.branch)
    assert seen(both, world) == {"of_member"}


def test_intents_of_branches(world):
    ours = world.site.place(world.ours, OFFLINE)
    theirs = world.site.place(world.theirs, OFFLINE)
    cashier = world.staff("13711110006", "cashier", branch=world.branch)
    page = cashier.get("/admin/intents").text
    assert ours.code in page
    assert theirs.code not in page
    cashier.get(f"/admin/intents/{ours.code}")
    cashier.get(f"/admin/intents/{theirs.code}", status=404)
    token = next(f for f in cashier.get(f"/admin/intents/{ours.code}").forms.values())
    sent = {"csrf_token": token["csrf_token"].value, "amount": "1299", "receipt_no": "A1"}
    for step in ("confirm", "reject"):
        cashier.post(f"/admin/intents/{theirs.code}/{step}", sent, status=404)


def test_records_of_branches(world):
    made = {
        name: world.record(getattr(world, name)) for name in ("of_member", "at_point", "elsewhere")
    }
    reach = Reach(branches=(world.branch,))

    def shown(db):
        rows, _cursor = archives(world.house, db).page_for_staff(reach, None, None)
        return {row.id for row in rows}

    assert world.site.run(shown) == {made["of_member"], made["at_point"]}
    world.site.run(lambda db: importing(world.house, db).get(made["at_point"], reach))
    with pytest.raises(NotFound):
        world.site.run(lambda db: importing(world.house, db).get(made["elsewhere"], reach))
    world.site.run(
        lambda db: [db.delete(db.get_one(ArchiveRecord, number)) for number in made.values()]
    )


def test_a_closed_branch_and_a_lost_permission_show_nothing(world):
    browser = world.staff("13711110007", "sampling", branch=world.branch)
    assert browser.get("/admin/orders").status_int == 200

    def forbid(db):
        book = branch_book(world.house, db)
        row = book.get(world.branch)
        wish = BranchWish(row.code, row.name, row.kind, row.region_code, permissions=())
        book.edit(SYSTEM, row.id, wish, row.revision)

    world.site.run(forbid)
    assert browser.get("/admin/orders", status=303).location.find("/sign-in") > 0
