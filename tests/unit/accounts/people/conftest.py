"""Somebody of the staff at the member directory of a whole shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
from sqlalchemy import insert, select
from webtest import TestApp

from suwen.accounts.models import Member
from suwen.accounts.services import accounts
from suwen.accounts.staffing.models import NO_BRANCH, Branch, StaffGrant, StaffMember
from suwen.kernel import ids
from suwen.kernel.audit import AuditEvent
from suwen.kernel.sessions import Device

REASON = "会员来电核对"


@dataclass
class Clerk:
    """One of the staff in a browser, with a fresh step-up."""

    site: Any
    id: int
    app: TestApp

    def form(self, page, action):
        """The page's form that posts to an address ending so."""
        return next(form for form in page.forms.values() if form.action.endswith(action))


class Desk:
    """Members, staff and what the log says about them."""

    def __init__(self, site):
        self.site = site
        self._phones = iter(range(13900000001, 13900000999))

    def member(self, name=None, *, region="4306", branch=None, phone=None, **changes):
        """A member, with a real name."""
        made = self.site.member(phone or str(next(self._phones)))

        def furnish(db):
            service = accounts(self.site.house, db)
            if name:
                service.profiles.update(made, {"real_name": name})
            member = db.get(Member, made)
            member.region_code, member.branch_id = region, branch
            for key, value in changes.items():
                setattr(member, key, value)

        self.site.run(furnish)
        return made

    def branch(self, code):
        """An open branch whose staff may do everything with members."""
        key = ids.new_id()
        names = [
            f"staff.members{tail}" for tail in ("", ".edit", ".reveal", ".merge", ".impersonate")
        ]
        self.site.run(
            lambda db: db.add(
                Branch(
                    id=key,
                    code=code,
                    name=f"机构{code}",
                    kind="clinic",
                    region_code="4306",
                    permissions=names,
                    regions=[],
                )
            )
        )
        return key

    def clerk(self, role="administrator", *, region="*", branch=NO_BRANCH, parent=None):
        """Somebody with a role, signed in and just stepped up."""
        made = self.member("员工某某")

        def employ(db):
            service = accounts(self.site.house, db)
            service.totp.set_secret(made, pyotp.random_base32())
            db.execute(
                insert(StaffGrant),
                {
                    "id": ids.new_id(),
                    "member_id": made,
                    "role": role,
                    "region": region,
                    "branch_id": branch,
                },
            )
            db.add(StaffMember(member_id=made, parent_id=parent))
            row, token = service.sessions.open(made, Device("Clerk/1.0"))
            service.sessions.elevate(row.id, 10)
            return token

        token = self.site.run(employ)
        return Clerk(self.site, made, self.browser(token))

    def browser(self, token=None):
        """A browser, signed in by a session's token."""
        app = TestApp(self.site.app.app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        if token:
            app.set_cookie("dev-session", token)
        return app

    def signed_in(self, member_id):
        """A browser in which a member is signed in himself, stepped up."""

        def act(db):
            service = accounts(self.site.house, db)
            row, token = service.sessions.open(member_id, Device("Member/1.0"))
            service.sessions.elevate(row.id, 10)
            return token

        return self.browser(self.site.run(act))

    def get(self, member_id):
        """The member's row now."""
        return self.site.run(lambda db: db.get(Member, member_id))

    def events(self, action):
        """Events of an action with their opened values."""

        def read(db):
            query = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
            return [(row, self.site.house.audit.details(row)) for row in db.scalars(query)]

        return self.site.run(read)


@pytest.fixture
def desk(site):
    return Desk(site)


@pytest.fixture
def clerk(desk):
    return desk.clerk()
