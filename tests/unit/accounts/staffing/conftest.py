"""A house with declared permissions, and people who are staff without much ado."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from suwen.accounts.models import ACTIVE, Member
from suwen.accounts.staff import Staff
from suwen.accounts.staffing.branches import BranchWish, branch_book
from suwen.accounts.staffing.models import StaffGrant, StaffMember
from suwen.accounts.staffing.permissions import Permission, permissions
from suwen.accounts.staffing.rights import grants_held
from suwen.accounts.staffing.roles import role_book
from suwen.accounts.staffing.services import Wish, staffing
from suwen.kernel import clock as kernel_clock
from suwen.kernel import ids
from suwen.kernel.audit import SYSTEM, Actor
from suwen.kernel.sessions import sessions

BY_BRANCH = ("orders", "cashier", "members", "members.edit", "reports", "staff", "branches")
FOR_ALL = ("plugins", "finance", "catalog", "messages", "roles", "consents", "privacy", "audit")
OTHERS = ("members.reveal", "members.merge", "members.impersonate")


def declare(house):
    for name in (*BY_BRANCH, *OTHERS):
        permissions(house).declare(Permission(f"staff.{name}", name, "shop", by_branch=True))
    for name in FOR_ALL:
        permissions(house).declare(Permission(f"staff.{name}", name, "system"))


class Office:
    """Everything in transactions of their own, in the name of somebody."""

    def __init__(self, house):
        self.house = house

    def run(self, what):
        with self.house.database.transaction() as db:
            return what(db)

    def person(self, kind="individual", *, totp=True):
        """A member who is no staff."""

        def make(db):
            member = Member(
                id=ids.new_id(),
                kind=kind,
                state=ACTIVE,
                display_name="员工",
                totp_confirmed_at=kernel_clock.now() if totp else None,
                totp_last_step=0,
            )
            db.add(member)
            db.flush()
            return member.id

        return self.run(make)

    def staff(self, *wishes, below=None, totp=True):
        """A member with roles, put into the tree by the house."""
        member_id = self.person(totp=totp)

        def hire(db):
            hand = Staff(db, sessions(self.house.settings, db), self.house.audit)
            hand.place(member_id, below)
            for wish in wishes:
                wish = Wish(wish) if isinstance(wish, str) else wish
                hand.grant(member_id, wish.role, SYSTEM, wish.region, wish.branch_id)

        self.run(hire)
        return member_id

    def administrator(self, below=None):
        return self.staff("administrator", below=below)

    def by(self, member_id, what):
        """``what(staffing, actor)``."""
        actor = SYSTEM if member_id is None else Actor("staff", member_id)
        return self.run(lambda db: what(staffing(self.house, db), actor))

    def roles(self, member_id, what):
        actor = SYSTEM if member_id is None else Actor("staff", member_id)
        return self.run(lambda db: what(role_book(self.house, db), actor))

    def branches(self, member_id, what):
        actor = SYSTEM if member_id is None else Actor("staff", member_id)
        return self.run(lambda db: what(branch_book(self.house, db), actor))

    def branch(self, code="YYL", allowed=("staff.orders", "staff.staff"), seat="430602", **more):
        wish = BranchWish(code, f"机构{code}", "clinic", seat, permissions=tuple(allowed), **more)
        return self.branches(None, lambda book, by: book.create(by, wish).id)

    def grants(self, member_id):
        """``(role, region, branch)`` of a member."""
        columns = StaffGrant.role, StaffGrant.region, StaffGrant.branch_id
        return self.run(
            lambda db: sorted(db.execute(select(*columns).where(StaffGrant.member_id == member_id)))
        )

    def grant_id(self, member_id):
        return self.run(
            lambda db: db.scalars(
                select(StaffGrant.id).where(StaffGrant.member_id == member_id)
            ).first()
        )

    def parent(self, member_id):
        return self.run(
            lambda db: db.scalar(
                select(StaffMember.parent_id).where(StaffMember.member_id == member_id)
            )
        )

    def held(self, member_id):
        """Triples of permission, region and branch that a member's grants give."""
        return self.run(
            lambda db: {
                (name, grant.region, grant.branch_id)
                for grant in grants_held(db, member_id)
                for name in grant.permissions
            }
        )


@pytest.fixture
def office(house):
    declare(house)
    return Office(house)
