"""Branches: opened, edited, closed, and what their staff may do at most."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from suwen.accounts.models import Member
from suwen.accounts.staffing import branches as module
from suwen.accounts.staffing.branches import BranchWish
from suwen.accounts.staffing.errors import BadBranch, BeyondOwnRights, Stale, StillOpen
from suwen.accounts.staffing.models import Branch
from suwen.accounts.staffing.roles import RoleWish
from suwen.accounts.staffing.services import Wish
from suwen.kernel.audit import AuditEvent
from suwen.kernel.errors import NotFound

CLINIC = BranchWish(
    "YYL-01",
    "素问岳阳楼门诊部",
    "clinic",
    "430602",
    address="巴陵中路 77 号",
    phone="0730-8880001",
    regions=("4306",),
    permissions=("staff.orders",),
)


def open_one(office, member_id=None, wish=CLINIC):
    return office.branches(member_id, lambda book, by: book.create(by, wish).id)


def edit(office, member_id, branch_id, wish, revision=1):
    office.branches(member_id, lambda book, by: book.edit(by, branch_id, wish, revision))


def row(office, branch_id):
    return office.run(lambda db: db.get_one(Branch, branch_id))


def test_a_branch_is_opened_edited_and_told(office, house):
    top = office.administrator()
    branch = open_one(office, top)
    edit(office, top, branch, replace(CLINIC, name="岳阳楼总店", region_code="430600"))
    found = row(office, branch)
    assert (found.name, found.region_code, found.revision) == ("岳阳楼总店", "4306", 2)
    assert found.code == "YYL-01"
    with house.database.snapshot() as db:
        event = db.scalars(select(AuditEvent).where(AuditEvent.action == "branch.edit")).one()
        told = house.audit.details(event)
    assert event.region == "4306"
    assert (told["before"]["name"], told["after"]["name"]) == (CLINIC.name, "岳阳楼总店")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "楼"),
        ("code", "lower"),
        ("name", ""),
        ("kind", "palace"),
        ("region_code", ""),
        ("region_code", "99x"),
        ("regions", ("7777",)),
        ("permissions", ("staff.finance",)),
        ("permissions", ("staff.nothing",)),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(office, field, value):
    with pytest.raises(BadBranch) as caught:
        open_one(office, office.administrator(), replace(CLINIC, **{field: value}))
    assert set(caught.value.fields) == {field}


def test_a_code_is_used_once(office):
    open_one(office)
    with pytest.raises(BadBranch, match="代码"):
        open_one(office)


def test_the_second_editor_is_told(office):
    branch = open_one(office)
    edit(office, None, branch, replace(CLINIC, name="甲"))
    with pytest.raises(Stale):
        edit(office, None, branch, replace(CLINIC, name="乙"))
    assert row(office, branch).name == "甲"


def local_head(office, *names):
    """Somebody who manages branches in one region."""
    wish = RoleWish(f"片区 {names}", "", tuple(f"staff.{n}" for n in (*names, "branches", "staff")))
    code = office.roles(None, lambda book, by: book.create(by, wish).code)
    return office.staff(Wish(code, "4306"))


def test_who_manages_a_region_leaves_others_alone(office):
    head = local_head(office, "orders")
    mine = open_one(office, head)
    there = open_one(office, None, replace(CLINIC, code="CS-01", region_code="430102"))
    with pytest.raises(NotFound):
        edit(office, head, there, CLINIC)
    with pytest.raises(NotFound):
        office.branches(head, lambda book, by: book.close(by, there, 1))
    with pytest.raises(BadBranch):
        edit(office, head, mine, replace(CLINIC, region_code="430102"))
    with pytest.raises(BadBranch):
        open_one(office, head, replace(CLINIC, code="X1", region_code="430102"))
    with pytest.raises(NotFound):
        office.branches(head, lambda book, by: book.hand_over(by, mine, there))


def test_nobody_allows_what_he_does_not_hold(office):
    head = local_head(office, "orders")
    with pytest.raises(BeyondOwnRights):
        open_one(office, head, replace(CLINIC, permissions=("staff.cashier",)))
    branch = open_one(office, head)
    with pytest.raises(BeyondOwnRights):
        edit(office, head, branch, replace(CLINIC, permissions=("staff.cashier", "staff.orders")))


def test_what_is_allowed_reaches_nobody_where_it_is_not_held(office):
    head = local_head(office, "orders", "cashier")
    branch = open_one(office, head)
    clerk = office.staff(Wish("cashier", "*", branch))
    assert office.held(clerk) == {("staff.orders", "*", branch)}
    # The clerk works in all regions, the head in one.
    wider = replace(CLINIC, permissions=("staff.cashier", "staff.orders"))
    with pytest.raises(BeyondOwnRights):
        edit(office, head, branch, wider)
    edit(office, office.administrator(), branch, wider)
    assert ("staff.cashier", "*", branch) in office.held(clerk)


def test_who_belongs_to_a_branch_does_not_manage_it(office):
    branch = open_one(office, None, replace(CLINIC, permissions=("staff.branches", "staff.orders")))
    head = office.staff(Wish("branch_administrator", "*", branch))
    assert ("staff.branches", "*", branch) in office.held(head)
    with pytest.raises(NotFound):
        edit(office, head, branch, replace(CLINIC, name="改名"))
    with pytest.raises(BadBranch):
        open_one(office, head, replace(CLINIC, code="NEW"))


def belongs(office, branch):
    member_id = office.person()
    office.run(lambda db: setattr(db.get_one(Member, member_id), "branch_id", branch))
    return member_id


def test_a_branch_with_something_in_it_is_not_closed(office, monkeypatch):
    top = office.administrator()
    branch = open_one(office, top)
    clerk = office.person()
    office.by(top, lambda s, by: s.appoint(by, clerk, "", Wish("sampling", "*", branch)))
    members = [belongs(office, branch) for _ in range(3)]
    with pytest.raises(StillOpen) as caught:
        office.branches(top, lambda book, by: book.close(by, branch, 1))
    assert "1" in caught.value.text.mapping["what"]
    assert "3" in caught.value.text.mapping["what"]

    monkeypatch.setattr(module, "AT_ONCE", 2)
    other = open_one(office, top, replace(CLINIC, code="CS-01", region_code="430102"))
    assert office.branches(top, lambda book, by: book.hand_over(by, branch, other)) == 2
    assert office.branches(top, lambda book, by: book.hand_over(by, branch, 0)) == 1
    office.by(top, lambda s, by: s.revoke(by, clerk, office.grant_id(clerk)))
    office.branches(top, lambda book, by: book.close(by, branch, 1))
    assert row(office, branch).state == "closed"
    where = [office.run(lambda db, m=m: db.get_one(Member, m).branch_id) for m in members]
    assert sorted(where, key=str) == sorted([other, other, None], key=str)
    for change in (
        lambda book, by: book.close(by, branch, 2),
        lambda book, by: book.edit(by, branch, CLINIC, 2),
    ):
        with pytest.raises(Stale):
            office.branches(top, change)
    with pytest.raises(BadBranch):
        office.branches(top, lambda book, by: book.hand_over(by, other, branch))


def test_branches_are_found_page_by_page(office, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)
    made = [
        open_one(office, None, replace(CLINIC, code=f"B{n}", name=f"门诊 {n}%")) for n in range(3)
    ]

    def look(**options):
        rows, following = office.branches(
            None, lambda book, by: book.page(options.pop("branches", None), **options)
        )
        return [item.id for item in rows], following

    first, cursor = look()
    assert first == [made[2], made[1]]
    assert look(cursor=cursor) == ([made[0]], None)
    assert look(text="门诊 1%") == ([made[1]], None)
    assert look(text="b0") == ([made[0]], None)
    assert look(text="%%") == ([], None)
    assert look(branches=(made[0],)) == ([made[0]], None)
    assert look(state="closed") == ([], None)
