"""Roles that administrators make."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from suwen.accounts.roles import ROLES
from suwen.accounts.staffing.errors import (
    BadRole,
    BeyondOwnRights,
    HeldByOthers,
    RolesApart,
    Stale,
)
from suwen.accounts.staffing.models import Role
from suwen.accounts.staffing.permissions import Permission, permissions
from suwen.accounts.staffing.roles import RoleWish
from suwen.accounts.staffing.schemas import BranchSchema, PlaceSchema, RoleSchema
from suwen.accounts.staffing.services import Wish
from suwen.app import make_app
from suwen.forms.schemas import validated
from suwen.hookspecs.common import PluginInfo
from suwen.kernel.audit import AuditEvent
from suwen.kernel.errors import Invalid, NotFound
from suwen.kernel.sessions import Device, WebSession, sessions


def wish(*names, title="门店客服"):
    return RoleWish(title, "处理门店订单", tuple(f"staff.{name}" for name in names))


def make(office, member_id, *names, **more):
    return office.roles(member_id, lambda book, by: book.create(by, wish(*names, **more)).code)


def edit(office, member_id, code, *names, revision=1, title="门店客服"):
    office.roles(
        member_id, lambda book, by: book.edit(by, code, wish(*names, title=title), revision)
    )


@pytest.mark.parametrize(
    ("schema", "field"), [(RoleSchema, "title"), (PlaceSchema, "title"), (BranchSchema, "name")]
)
def test_a_name_that_nobody_sees_is_refused(schema, field):
    given = {"kind": "clinic", "region_code": "430602", field: "\u200b"}
    with pytest.raises(Invalid) as refused:
        validated(schema(), given)
    assert list(refused.value.fields) == [field]


def managers(office, *names, below=None):
    """Somebody with these permissions, who manages staff and roles besides."""
    code = make(office, None, *names, "staff", "roles", title=f"主管 {'、'.join(names)}")
    return office.staff(code, below=below)


def test_a_role_gives_its_permissions_to_who_is_given_it(office):
    top = office.administrator()
    code = make(office, top, "orders", "members")
    assert code.startswith("r")
    assert len(code) <= 20
    clerk = office.person()
    office.by(top, lambda s, by: s.appoint(by, clerk, "", Wish(code, "4306")))
    assert office.held(clerk) == {("staff.orders", "4306", 0), ("staff.members", "4306", 0)}


def test_nobody_puts_in_what_he_does_not_hold(office):
    top = office.administrator()
    with pytest.raises(BeyondOwnRights):
        make(office, top, "orders", "reports")
    some = managers(office, "orders")
    with pytest.raises(BeyondOwnRights):
        make(office, some, "orders", "finance")
    code = make(office, some, "orders")
    with pytest.raises(BeyondOwnRights):
        edit(office, some, code, "orders", "finance")


def test_what_is_wrong_is_said(office):
    top = office.administrator()
    make(office, top, "orders")
    for names, title, error in (
        ((), "空", BadRole),
        (("nonsense",), "怪", BadRole),
        (("orders",), "门店客服", BadRole),
        (("orders",), "财务", BadRole),
    ):
        with pytest.raises(error):
            make(office, top, *names, title=title)
    with pytest.raises(RolesApart):
        make(office, None, "audit", "orders", title="混")
    code = make(office, None, "audit", title="审计二")
    with pytest.raises(RolesApart):
        edit(office, None, code, "orders", title="审计二")


def test_its_maker_and_those_above_him_change_it(office):
    top = office.administrator()
    left, right = office.administrator(below=top), office.administrator(below=top)
    code = make(office, left, "orders")
    with pytest.raises(NotFound):
        edit(office, right, code, "orders", "members")
    edit(office, top, code, "orders", "members")
    edit(office, left, code, "members", revision=2)
    with pytest.raises(NotFound):
        office.roles(right, lambda book, by: book.retire(by, code, 3))


def test_the_second_editor_is_told(office):
    top = office.administrator()
    code = make(office, top, "orders")
    edit(office, top, code, "orders", "members")
    with pytest.raises(Stale):
        edit(office, top, code, "orders", "catalog")
    with pytest.raises(Stale):
        office.roles(top, lambda book, by: book.retire(by, code, 1))
    assert office.run(lambda db: db.scalar(select(Role.permissions))) == [
        "staff.members",
        "staff.orders",
    ]


def test_whoever_holds_it_must_stand_below(office):
    top = office.administrator()
    left, right = office.administrator(below=top), office.administrator(below=top)
    code = make(office, left, "orders")
    clerk = office.person()
    office.by(right, lambda s, by: s.appoint(by, clerk, "", Wish(code)))
    with pytest.raises(HeldByOthers):
        edit(office, left, code, "orders", "catalog")
    with pytest.raises(HeldByOthers):
        office.roles(left, lambda book, by: book.retire(by, code, 1))
    edit(office, top, code, "orders", "catalog")


def test_nobody_widens_a_role_that_he_holds_himself(office):
    top = office.administrator()
    some = managers(office, "orders", below=top)
    code = make(office, some, "orders", title="甲")
    office.by(top, lambda s, by: s.grant(by, some, Wish(code)))
    with pytest.raises(HeldByOthers):
        edit(office, some, code, "orders", "staff", title="甲")


def test_what_is_added_must_be_held_wherever_it_reaches(office):
    wide = make(office, None, "orders", "staff", "roles", title="主管")
    local = make(office, None, "cashier", title="收银")
    top = office.administrator()
    some = office.staff(Wish(wide), Wish(local, "4306"), below=top)
    code = make(office, some, "orders", title="甲")
    here, everywhere = office.person(), office.person()
    office.by(some, lambda s, by: s.appoint(by, here, "", Wish(code, "4306")))
    edit(office, some, code, "orders", "cashier", title="甲")
    edit(office, some, code, "orders", revision=2, title="甲")
    office.by(some, lambda s, by: s.appoint(by, everywhere, "", Wish(code)))
    with pytest.raises(BeyondOwnRights):
        edit(office, some, code, "orders", "cashier", revision=3, title="甲")
    assert office.held(everywhere) == {("staff.orders", "*", 0)}


def test_retired_it_gives_nothing_and_is_given_to_nobody(office, house):
    top = office.administrator()
    code = make(office, top, "orders")
    clerk = office.person()
    office.by(top, lambda s, by: s.appoint(by, clerk, "", Wish(code)))

    def sign_in(db):
        return sessions(house.settings, db).open(clerk, Device())[0].id

    session_id = office.run(sign_in)
    office.roles(top, lambda book, by: book.retire(by, code, 1))
    assert office.held(clerk) == set()
    with pytest.raises(BadRole):
        office.by(top, lambda s, by: s.grant(by, clerk, Wish(code, "4306")))
    with house.database.snapshot() as db:
        assert db.get_one(WebSession, session_id).revoked_at is not None
        event = db.scalars(select(AuditEvent).where(AuditEvent.action == "role.retire")).one()
        told = house.audit.details(event)
    assert (told["before"]["state"], told["after"]["state"]) == ("open", "retired")


def test_permissions_are_declared_once_and_by_name(house):
    known = permissions(house)
    known.declare(Permission("staff.t_sleep", "睡眠", "health"))
    known.declare(Permission("staff.t_sleep", "睡眠", "health"))
    for odd in ("sleep", "staff", "staff.", "staff.A", "member.x", "staff.a.b.c.d"):
        with pytest.raises(ValueError, match="not a permission"):
            known.declare(Permission(odd, "睡眠", "health"))
    with pytest.raises(ValueError, match="twice"):
        known.declare(Permission("staff.t_sleep", "别的", "health"))
    assert known.titles(["staff.t_sleep", "staff.gone"]) == ["睡眠", "staff.gone"]
    assert [area for area, _items in known.areas()] == ["health"]
    assert not set(ROLES) & {item.name for item in known.all()}


@pytest.mark.sqlite
def test_a_plugin_declares_what_staff_may_do_with_it(bare_house):
    def suwen_mount(config):
        config.add_suwen_permission("staff.t_sleep", "查看睡眠记录", "health", by_branch=True)

    module = SimpleNamespace(
        plugin_info=PluginInfo("t_sleep", "睡眠", "push"), suwen_mount=suwen_mount
    )
    bare_house.host.register("t_sleep", module, "1")
    make_app(bare_house)
    declared = permissions(bare_house)
    assert "staff.t_sleep" in declared
    assert "staff.t_sleep" in declared.by_branch()
    health = dict(declared.areas())["health"]
    assert "查看睡眠记录" in [item.title for item in health]
