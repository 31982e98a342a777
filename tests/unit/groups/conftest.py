"""A group with an owner's seat, a staff seat, and people on its roster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from suwen.accounts.contacts import parse
from suwen.accounts.services import Registration, accounts
from suwen.archives.matching import NEEDED_CONSENTS
from suwen.archives.services import importing
from suwen.groups.imports import read_sheet
from suwen.groups.models import GroupSeat
from suwen.groups.ordering import BulkWish
from suwen.groups.services import claims, group
from suwen.hookspecs.archive import Upload
from suwen.kernel import clock, ids
from suwen.kernel.audit import Actor
from suwen.kernel.regions import DEFAULT_CODE
from suwen.orders.placing import Checkout
from tests import workbooks
from tests.fixtures_shop import YUEYANG, Site
from tests.reports import report
from tests.unit.payments import fakes

LABORATORY = Actor("staff", 700)


@dataclass
class Company:
    """A group member of the shop and the people around it."""

    site: Site
    group: int = 0
    owner: int = 0
    staff: int = 0
    other_group: int = 0
    stranger: int = 0
    people: list[Any] = field(default_factory=list)

    @property
    def house(self) -> Any:
        """The house."""
        return self.site.house

    def run(self, what: Any) -> Any:
        """``what(db)`` in a transaction of its own."""
        return self.site.run(what)

    def account(self, phone: str, name: str) -> int:
        """A group's account."""

        def make(db: Any) -> int:
            wanted = Registration(
                phone,
                "",
                "",
                DEFAULT_CODE,
                kind="group",
                group_name=name,
                group_nature="enterprise",
            )
            return accounts(self.house, db).create(parse(phone), wanted, None).id

        return int(self.run(make))

    def seat(self, member_id: int, role: str) -> None:
        """Somebody who acts for the group."""

        def make(db: Any) -> None:
            db.add(
                GroupSeat(
                    id=ids.new_id(),
                    group_id=self.group,
                    member_id=member_id,
                    role=role,
                    state="active",
                    invited_by=self.group,
                    created_at=clock.now(),
                )
            )

        self.run(make)

    def act(self, what: Any, as_member: int | None = None) -> Any:
        """``what(group)`` for somebody who acts for it."""
        who = as_member or self.group
        return self.run(lambda db: what(group(self.house, db, self.group, who)))

    def actor(self, member_id: int | None = None) -> Actor:
        """Who the log says did it."""
        return Actor("member", member_id or self.group, region=DEFAULT_CODE)

    def add(self, number: int, **changes: Any) -> Any:
        """A person on the roster."""
        names = ("name", "birth_date", "sex", "phone", "email", "department", "number")
        values = dict(zip(names, workbooks.person(number, **changes), strict=True))
        return self.act(lambda g: g.roster.add(values, self.actor()))

    def preview(self, rows: Any) -> Any:
        """A sheet that was uploaded."""
        reading = read_sheet(workbooks.workbook(rows), self.house.vault, self.group)
        return self.act(lambda g: g.imports.keep(reading, self.actor()))

    def order(self, *entries: Any, member: int | None = None) -> Any:
        """An order for these people, not paid yet."""
        keys = tuple(entry.id for entry in entries)
        wish = BulkWish(self.site.sku, keys, "on_site", point_id=YUEYANG)
        asked = Checkout(fakes.FAKE, ids.token())
        return self.act(lambda g: g.bulk_orders.place(wish, asked, self.actor(member)), member)

    def bought(self, *entries: Any) -> Any:
        """An order for these people, paid."""
        order = self.order(*entries)
        self.site.pay(order)
        return self.site.order(order.number)

    def states(self, order: Any) -> list[str]:
        """How far it is with each person."""
        found, _more = self.act(lambda g: g.fulfilment.recipients(order.id))
        return [one.state for one in found]

    def consent(self, member_id: int) -> int:
        """The member agrees to what a test needs; his subject."""

        def give(db: Any) -> int:
            service = accounts(self.house, db)
            subject_id = service.subject_of(member_id)
            for purpose in NEEDED_CONSENTS:
                service.consents.give(subject_id, purpose, self.actor(member_id))
            return subject_id

        return int(self.run(give))

    def report(self, order: Any, facts: Any) -> Any:
        """A report of a line of the order, released."""

        def act(db: Any) -> Any:
            service = importing(self.house, db)
            content = report(facts.name, facts.birth_date.isoformat())
            record = service.import_report(
                service.target(order.number, None), Upload("r.pdf", content), LABORATORY
            )
            service.release(record, LABORATORY)
            return record

        return self.run(act)

    def claim(self, entry: Any, phone: str) -> int:
        """A new member who takes this person's place."""
        member_id = self.site.member(phone)
        facts = entry.facts
        self.run(
            lambda db: claims(self.house, db).claim(
                entry.code, member_id, facts.name, facts.birth_date, self.actor(member_id)
            )
        )
        return member_id


@pytest.fixture
def company(site: Site) -> Company:
    """The group with three people."""
    made = Company(site)
    made.group = made.account("13900000001", "清波公司")
    made.other_group = made.account("13900000002", "别的公司")
    made.owner, made.staff = site.member("13900000003"), site.member("13900000004")
    made.stranger = site.member("13900000005")
    made.seat(made.owner, "owner")
    made.seat(made.staff, "staff")
    made.people = [made.add(number) for number in (1, 2, 3)]
    return made
