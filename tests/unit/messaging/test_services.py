import pytest
from sqlalchemy import select

from suwen.messaging.errors import NoChannel, UnknownKind
from suwen.messaging.models import Message, MessageDelivery
from suwen.messaging.services import messaging


def deliveries(house):
    with house.database.snapshot() as db:
        rows = db.scalars(select(MessageDelivery).order_by(MessageDelivery.id)).all()
    return [(row.channel, row.state, row.reason) for row in rows]


def test_a_message_goes_to_the_inbox_and_to_the_first_of_its_chain(house, notify, channels):
    assert notify()
    assert deliveries(house) == [("t_inbox", "pending", ""), ("t_phone", "pending", "")]
    house.outbox.drain()
    assert [job.address for job in channels.phone.sent] == ["+8613812345678"]
    assert [job.address for job in channels.inbox.sent] == ["7"]
    assert channels.email.sent == []


def test_one_event_is_told_once(house, notify, channels):
    assert notify()
    assert not notify()
    house.outbox.drain()
    assert len(channels.inbox.sent) == 1


def test_who_has_no_address_still_has_the_inbox(house, notify):
    notify(member_id=8)
    assert [channel for channel, _state, _reason in deliveries(house)] == ["t_inbox"]


def test_a_channel_that_the_region_has_off_is_not_used(house, notify):
    with house.database.transaction() as db:
        house.switch.set_state(db, "4306", "t_phone", "disabled")
    notify()
    assert [channel for channel, _state, _reason in deliveries(house)] == ["t_inbox", "t_email"]


def test_marketing_needs_a_yes(house, notify):
    notify("welcome", marketing=True)
    assert deliveries(house) == [("none", "suppressed", "no_consent")]
    house.ports["marketing_allowed"] = lambda db, member_id: True
    notify("welcome", key="welcome:2", marketing=True)
    assert deliveries(house)[1:] == [("t_inbox", "pending", "")]


def test_an_unknown_kind_is_a_mistake_of_the_program(notify):
    with pytest.raises(UnknownKind):
        notify("nonsense")


def test_a_code_is_sealed_until_it_is_sent_and_wiped_then(house, channels):
    with house.database.transaction() as db:
        messaging(house, db).send_code("phone", "+8613812345678", "123456", "sign_in", "4306")
    with house.database.snapshot() as db:
        message = db.scalars(select(Message)).one()
        delivery = db.scalars(select(MessageDelivery)).one()
    assert b"123456" not in message.secret
    assert "123456" not in str(message.payload)
    assert b"13812345678" not in delivery.address
    house.outbox.drain()
    (job,) = channels.phone.sent
    assert job.code == "123456"
    assert "123456" in job.content.text
    with house.database.snapshot() as db:
        assert db.scalars(select(Message)).one().secret is None


def test_without_a_channel_no_code_can_be_sent(house):
    with house.database.transaction() as db:
        house.switch.set_state(db, "4306", "t_email", "disabled")
    with house.database.transaction() as db:
        service = messaging(house, db)
        with pytest.raises(NoChannel):
            service.send_code("email", "a@example.cn", "123456", "sign_in", "4306")
        with pytest.raises(NoChannel):
            service.require_channel("email", "4306")
        service.require_channel("phone", "4306")
