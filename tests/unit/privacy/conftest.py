"""A member with a life: everything that a house can know about somebody, in words nobody else has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from suwen.accounts.contacts import parse
from suwen.accounts.dependants import Details, dependants
from suwen.accounts.services import accounts
from suwen.archives.services import importing
from suwen.distribution.services import distribution
from suwen.hookspecs.archive import Upload
from suwen.kernel import clock
from suwen.kernel.audit import Actor
from suwen.kernel.regions import DEFAULT_CODE
from suwen.messaging.services import messaging
from suwen.payments.services import payments
from suwen.privacy.requests import requests
from tests.reports import report

PHONE, EMAIL = "13977712345", "ouyang.jingyi@example.cn"
NAME, BORN = "欧阳静怡", "1991-03-08"
STREET = "金鹗山下芭蕉巷七十三号"
OCCUPATION = "锦鲤驯养员"
REASON = "家里的猫不同意"
CHANNELS = ("push_inbox", "push_sms")
CONSOLE = {"backend": "console", "sign_name": "素问"}
MARKERS = (PHONE, EMAIL, NAME, BORN, STREET, OCCUPATION, REASON)
"""What must be found nowhere after an erasure."""


@dataclass
class Life:
    """A member with orders, a report, a questionnaire's answers, messages and a recommendation."""

    site: Any
    member: int
    subject: int
    order: Any
    sponsor: int

    @property
    def house(self) -> Any:
        return self.site.house

    @property
    def me(self) -> Actor:
        return Actor("member", self.member, region=DEFAULT_CODE)

    def ask(self, what: Any) -> Any:
        """``what(service)`` in a transaction of its own."""
        return self.site.run(lambda db: what(requests(self.house, db)))

    def erase(self, **options: Any) -> Any:
        """Ask to be erased and let the job run."""
        row = self.ask(lambda s: s.ask_erasure(self.member, "注销", self.me, **options))
        self.house.outbox.drain()
        return self.row(row.id)

    def export(self) -> Any:
        """Ask for a copy and let the job run."""
        row = self.ask(lambda s: s.ask_export(self.member, self.me))
        self.house.outbox.drain()
        return self.row(row.id)

    def row(self, request_id: int) -> Any:
        """A request as it stands."""
        return self.ask(lambda s: s.own(self.member, request_id))

    def settle(self) -> None:
        """The report of the order comes, so that nothing is open."""
        release_report(self)


def add_child(life: Life) -> int:
    """A child of the member."""

    def act(db: Any) -> int:
        family = dependants(life.house, db, life.member)
        details = Details("欧阳小满", clock.today() - timedelta(days=2000), "female")
        return family.add("child", details, life.me).subject_id

    return int(life.site.run(act))


def release_report(life: Life) -> bytes:
    content = report(NAME, BORN)

    def take(db: Any) -> int:
        service = importing(life.house, db)
        target = service.target(life.order.number, None)
        return int(
            service.import_report(target, Upload("报告.pdf", content), Actor("staff", 700)).id
        )

    record = life.site.run(take)

    def release(db: Any) -> None:
        service = importing(life.house, db)
        service.release(service.get(record), Actor("staff", 701))

    life.site.run(release)
    return content


def give_back(site: Any, order: Any) -> None:
    """A whole refund, with the member's own words."""
    refund = site.refund(order, reason=REASON)
    finance = Actor("staff", 900)
    site.run(lambda db: payments(site.house, db).approve_refund(refund.number, finance))
    site.house.outbox.drain()


def switch_on(site: Any) -> None:
    """Inbox and SMS, the latter on the console."""

    def act(db: Any) -> None:
        for plugin in CHANNELS:
            for region in (DEFAULT_CODE, "4306"):
                for _family, item in site.house.host.objects_of(plugin):
                    values = CONSOLE if plugin == "push_sms" else {}
                    site.house.switch.store_settings(db, region, item, values)
                site.house.switch.set_state(db, region, plugin, "enabled")

    site.run(act)


@pytest.fixture
def life(site):
    """Somebody who was recommended, bought, and recommends."""
    switch_on(site)
    sponsor = site.member("13800007001")
    site.join(sponsor)
    member = site.member(PHONE, referral_code=site.share(sponsor))

    def fill(db: Any) -> int:
        people = accounts(site.house, db)
        people.logins.add(member, parse(EMAIL), clock.now())
        people.profiles.update(
            member, {"real_name": NAME, "birth_date": BORN, "occupation": OCCUPATION}
        )
        people.addresses(member).create(NAME, f"+86{PHONE}", "430602", STREET)
        subject = int(people.subject_of(member))
        for purpose in ("testing", "sensitive_data", "specimen", "marketing"):
            people.consents.give(subject, purpose, Actor("member", member))
        messaging(site.house, db).notify(
            member, "welcome", {}, key=f"w:{member}", region=DEFAULT_CODE
        )
        distribution(site.house, db).share(member, "nutrition")
        return subject

    subject = site.run(fill)
    give_back(site, site.buy(member))
    order = site.buy(member)
    site.house.outbox.drain()
    return Life(site, member, subject, order, sponsor)


@pytest.fixture
def traveller():
    """``traveller(days=8)`` moves the clock on."""
    started: list[Any] = []

    def go(**ahead: float) -> None:
        for one in started:
            one.stop()
        started.clear()
        moved = time_machine.travel(datetime.now(UTC) + timedelta(**ahead), tick=True)
        moved.start()
        started.append(moved)

    yield go
    for one in started:
        one.stop()
