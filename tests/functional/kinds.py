"""Every kind of identity there is, signed in, with the permissions that it should hold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from suwen.accounts.contacts import parse
from suwen.accounts.models import Member
from suwen.accounts.roles import ROLES, permissions_of
from suwen.accounts.services import Registration, accounts
from suwen.accounts.staffing.branches import BranchWish, branch_book
from suwen.accounts.staffing.models import Branch, Role
from suwen.accounts.staffing.roles import RoleWish, role_book
from suwen.kernel.audit import SYSTEM
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import Device, sessions

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OWN = frozenset({"member", "member.private", "member.agree"})
NUMBERS = count(10)
OF_BRANCH = ("staff.orders", "staff.members")

KINDS = (
    *("anonymous", "member", "disabled", "signed_out", "impersonated", "not_agreed", "no_totp"),
    *("other_region", "branch_staff", "closed_branch", "retired_role"),
    *ROLES,
)


@dataclass
class Somebody:
    """A browser, the headers of an APP, and what both should hold."""

    browser: Any
    headers: dict[str, str] | None
    held: frozenset[str]


class Cast:
    """Makes them in a market."""

    def __init__(self, market):
        self.market, self.house = market, market.house

    def run(self, what):
        with self.house.database.transaction() as db:
            return what(db)

    def play(self, kind):
        """One of ``KINDS``."""
        if kind == "anonymous":
            return Somebody(self.market.browser(), {}, frozenset())
        return getattr(self, f"_{kind}", lambda: self._staff(kind, kind))()

    def _person(self, *, totp=True):
        def make(db):
            service = accounts(self.house, db)
            address = f"kind{next(NUMBERS)}@people.example"
            member = service.create(
                parse(address), Registration(address, "", "", DEFAULT_CODE), None
            )
            if totp:
                service.totp.set_secret(member.id, SECRET)
            return member.id

        return self.run(make)

    def _signed_in(self, member_id, held, *, impersonator=None):
        def act(db):
            service = sessions(self.house.settings, db)
            row, token = service.open(member_id, Device())
            row.impersonator_id = impersonator
            access = accounts(self.house, db).tokens.sign_in(member_id, Device()).access_token
            for found in service.of(member_id):
                # As one who has just proved himself; who acts for another has not.
                service.elevate(found.id, 5)
            return token, access

        cookie, token = self.run(act)
        browser = self.market.browser()
        browser.set_cookie("dev-session", cookie)
        headers = {"Authorization": f"Bearer {token}"} if impersonator is None else None
        return Somebody(browser, headers, frozenset(held))

    def _grant(self, member_id, role, region="*", branch_id=0):
        self.run(
            lambda db: accounts(self.house, db).staff.grant(
                member_id, role, SYSTEM, region, branch_id
            )
        )

    def _staff(self, role, kind, *, region="*"):
        member_id, branch_id = self._person(), 0
        held = permissions_of([role])
        if kind == "branch_administrator":
            branch_id = self._branch(tuple(held - {"staff"}))
        self._grant(member_id, role, region, branch_id)
        return self._signed_in(member_id, OWN | held)

    def _branch(self, allowed):
        wish = BranchWish(f"T{next(NUMBERS)}", "测试门诊", "clinic", "430602", permissions=allowed)
        return self.run(lambda db: branch_book(self.house, db).create(SYSTEM, wish).id)

    def _member(self):
        return self._signed_in(self._person(totp=False), OWN)

    def _disabled(self):
        member_id = self._person()
        self._grant(member_id, "finance")
        found = self._signed_in(member_id, ())
        self.run(lambda db: setattr(db.get_one(Member, member_id), "state", "locked"))
        return found

    def _signed_out(self):
        member_id = self._person()
        found = self._signed_in(member_id, ())
        self.run(lambda db: sessions(self.house.settings, db).revoke_all(member_id))
        return found

    def _impersonated(self):
        acting, member_id = self._person(), self._person(totp=False)
        self._grant(acting, "customer_service")
        return self._signed_in(member_id, {"member"}, impersonator=acting)

    def _not_agreed(self):
        member_id = self._person()
        self._grant(member_id, "administrator")
        self.run(lambda db: setattr(db.get_one(Member, member_id), "must_agree", True))
        return self._signed_in(member_id, {"member.agree"})

    def _no_totp(self):
        member_id = self._person(totp=False)
        self._grant(member_id, "administrator")
        return self._signed_in(member_id, OWN)

    def _other_region(self):
        return self._staff("customer_service", "other_region", region="4306")

    def _branch_staff(self):
        """What his role gives besides, the branch does not allow."""
        member_id = self._person()
        self._grant(member_id, "customer_service", branch_id=self._branch(OF_BRANCH))
        return self._signed_in(member_id, OWN | {"staff", *OF_BRANCH})

    def _closed_branch(self):
        member_id, branch_id = self._person(), self._branch(OF_BRANCH)
        self._grant(member_id, "customer_service", branch_id=branch_id)
        found = self._signed_in(member_id, OWN)
        self.run(lambda db: setattr(db.get_one(Branch, branch_id), "state", "closed"))
        return found

    def _retired_role(self):
        wish = RoleWish(f"测试角色 {next(NUMBERS)}", "", OF_BRANCH)
        role = self.run(lambda db: role_book(self.house, db).create(SYSTEM, wish))
        member_id = self._person()
        self._grant(member_id, role.code)
        found = self._signed_in(member_id, OWN)
        self.run(lambda db: setattr(db.get_one(Role, role.id), "state", "retired"))
        return found
