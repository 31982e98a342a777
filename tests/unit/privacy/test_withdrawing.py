"""What withdrawing does: it is said before, and it happens."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from suwen.accounts.errors import ConsentRequired
from suwen.accounts.services import accounts
from suwen.hookspecs.push import Category
from suwen.kernel.regions import DEFAULT_CODE
from suwen.messaging.models import Message, MessageDelivery
from suwen.messaging.services import messaging
from suwen.questionnaires.errors import BeginRefused
from suwen.questionnaires.services import Wish, questionnaires

from .conftest import release_report


def withdraw(life, purpose):
    life.site.run(
        lambda db: accounts(life.house, db).consents.withdraw(life.subject, purpose, life.me)
    )


def advertise(life, key):
    life.site.run(
        lambda db: messaging(life.house, db).notify(
            life.member,
            "welcome",
            {},
            key=key,
            region=DEFAULT_CODE,
            category=Category.MARKETING,
        )
    )


def outcomes(life, key):
    with life.house.database.snapshot() as db:
        query = (
            select(MessageDelivery)
            .join(Message, Message.id == MessageDelivery.message_id)
            .where(Message.dedupe_key == key)
        )
        return {(row.state, row.reason) for row in db.scalars(query)}


def test_marketing_stops_at_once_for_what_is_waiting_too(life):
    advertise(life, "before")
    withdraw(life, "marketing")
    advertise(life, "after")
    life.house.outbox.drain()
    assert outcomes(life, "before") == {("suppressed", "no_consent")}
    assert outcomes(life, "after") == {("suppressed", "no_consent")}


def test_marketing_arrives_while_it_is_agreed_to(life):
    advertise(life, "welcome")
    life.house.outbox.drain()
    assert ("delivered", "") in outcomes(life, "welcome")


@pytest.mark.parametrize("purpose", ["testing", "sensitive_data", "specimen"])
def test_no_report_is_imported_without_the_three(life, purpose):
    withdraw(life, purpose)
    with pytest.raises(ConsentRequired) as refused:
        release_report(life)
    assert refused.value.purpose == purpose


def test_a_new_text_is_asked_before_the_next_report(life):
    from suwen.accounts.consent_texts import FIELDS, consent_texts

    def publish(db):
        service = consent_texts(life.house, db)
        row = service.draft("testing", "2027-01", dict.fromkeys(FIELDS, "新"), life.me)
        service.publish(row.id, life.me)

    life.site.run(publish)
    with pytest.raises(ConsentRequired):
        release_report(life)


def test_no_question_is_asked_without_the_consent_to_health_data(life):
    withdraw(life, "sensitive_data")
    life.site.run(
        lambda db: life.house.switch.set_state(db, DEFAULT_CODE, "scorer_ccmq", "enabled")
    )

    def begin(db):
        service = questionnaires(life.house, db)
        return service.begin(
            life.member, DEFAULT_CODE, "t157-2009-adult", Wish(None, "female"), life.me
        )

    with pytest.raises(BeginRefused) as refused:
        life.site.run(begin)
    assert "consent" in refused.value.fields
