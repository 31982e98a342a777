import pytest
from sqlalchemy import select

from suwen.accounts.changing import MOST, NEW, OLD, Change
from suwen.accounts.contacts import Contact, parse
from suwen.accounts.errors import (
    AddressTaken,
    BadAddress,
    LastLogin,
    OwnAddress,
    SignInFailed,
    TooManyLogins,
    WrongCodes,
)
from suwen.accounts.models import Login
from suwen.accounts.services import accounts
from suwen.accounts.signing import Proof
from suwen.kernel import clock as kernel_clock
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.errors import NotFound, TooMany
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import Device
from tests.unit.accounts.conftest import PASSWORD

PHONE, EMAIL = "13812345678", "wang@example.cn"
HOME = "198.51.100.7"


@pytest.fixture
def member(join, clock):
    member_id = join(PHONE)
    clock.shift(120)
    return member_id


@pytest.fixture
def ask(act, house, channels):
    """Ask for the codes of a change; what arrived at both ends."""

    def send(member_id, change):
        old = act(
            lambda s: s.changing.ask(
                member_id, change, network=HOME, region=DEFAULT_CODE, locale="zh_CN"
            )
        )
        house.outbox.drain()
        arrived = {job.address: job.code for job in channels.phone.sent + channels.email.sent}
        return arrived[parse(change.address).value], arrived.get(old.value) if old else None

    return send


@pytest.fixture
def finish(act):
    def run(member_id, change, code, old_code, session_id=0):
        return act(
            lambda s: s.changing.finish(
                member_id,
                change,
                code,
                old_code,
                actor=Actor("member", member_id),
                network=HOME,
                session_id=session_id,
            )
        )

    return run


def own(act, member_id):
    return {one.kind: one for one in act(lambda s: s.logins.all(member_id))}


def test_a_phone_member_adds_an_e_mail_and_signs_in_by_both(act, member, ask, finish):
    change = Change(EMAIL)
    made = finish(member, change, *ask(member, change))
    assert made.kind == "email"
    for address in (PHONE, EMAIL):
        assert act(lambda s, a=address: s.signing.authenticate(a, Proof(PASSWORD), HOME)) == member


def test_an_address_is_replaced_and_the_old_one_is_told_and_dead(
    act, house, member, ask, finish, channels, clock
):
    here = act(lambda s: s.sessions.open(member, Device()))
    there = act(lambda s: s.sessions.open(member, Device()))
    change = Change("13900000001", replace=own(act, member)["phone"].id)
    code, old_code = ask(member, change)
    before = len(channels.phone.sent)
    finish(member, change, code, old_code, here[0].id)
    house.outbox.drain()
    (told,) = channels.phone.sent[before:]
    assert told.address == "+8613812345678"
    assert "139" not in told.content.text
    assert act(lambda s: s.sessions.find(here[1]))
    assert act(lambda s: s.sessions.find(there[1])) is None
    with pytest.raises(SignInFailed):
        act(lambda s: s.signing.authenticate(PHONE, Proof(PASSWORD), HOME))
    assert act(lambda s: s.signing.authenticate("13900000001", Proof(PASSWORD), HOME)) == member
    assert act(lambda s: s.profiles.member(member).display_name) == "139****0001"
    with house.database.snapshot() as db:
        rows = db.scalars(select(Login)).all()
        event = db.scalars(select(AuditEvent).where(AuditEvent.action == "login.change")).one()
        assert house.audit.details(event) == {"before": "138****5678", "after": "139****0001"}
    assert [row.kind for row in rows] == ["phone"]


def test_a_lost_phone_is_replaced_through_the_e_mail(act, member, ask, finish, clock):
    change = Change(EMAIL)
    finish(member, change, *ask(member, change))
    clock.shift(3700)
    mine = own(act, member)
    change = Change("13900000001", replace=mine["phone"].id, via=mine["email"].id)
    finish(member, change, *ask(member, change))
    assert own(act, member)["phone"].contact.value == "+8613900000001"


@pytest.mark.parametrize(
    ("spoilt", "fields"), [((0,), {"code"}), ((1,), {"old_code"}), ((0, 1), {"code", "old_code"})]
)
def test_both_codes_must_be_right_and_a_right_one_stays_usable(
    act, member, ask, finish, spoilt, fields
):
    change = Change(EMAIL)
    codes = ask(member, change)
    given = ["wrong1" if place in spoilt else code for place, code in enumerate(codes)]
    with pytest.raises(WrongCodes) as error:
        finish(member, change, *given)
    assert set(error.value.fields) == fields
    assert list(own(act, member)) == ["phone"]
    finish(member, change, *codes)
    with pytest.raises(OwnAddress):
        finish(member, change, *codes)


def test_codes_of_one_end_do_not_fit_the_other_nor_another_purpose(act, member, ask, finish):
    change = Change(EMAIL)
    code, old_code = ask(member, change)
    with pytest.raises(WrongCodes):
        finish(member, change, old_code, code)

    def fits(address, purpose, given):
        return act(lambda s: s.codes.finish(s.codes.begin(parse(address), purpose), given))

    assert not fits(EMAIL, "register", code)
    assert not fits(PHONE, "step_up", old_code)
    assert fits(EMAIL, NEW, code)
    assert fits(PHONE, OLD, old_code)


def test_codes_end_after_five_tries_and_five_minutes(act, member, ask, finish, clock):
    change = Change(EMAIL)
    code, old_code = ask(member, change)
    clock.shift(301)
    with pytest.raises(WrongCodes):
        finish(member, change, code, old_code)


def test_anothers_address_shows_as_taken_only_to_who_owns_it(act, member, join, ask, finish, clock):
    join(EMAIL)
    clock.shift(61)
    change = Change(EMAIL)
    code, old_code = ask(member, change)
    with pytest.raises(WrongCodes):
        finish(member, change, "wrong1", old_code)
    with pytest.raises(AddressTaken):
        finish(member, change, code, old_code)


def test_what_is_not_ones_own_or_makes_no_sense_is_refused(act, member, join, ask, clock):
    other = own(act, join("13900000009"))["phone"].id
    for change, error in (
        (Change(EMAIL, replace=other), NotFound),
        (Change(EMAIL, via=other), NotFound),
        (Change(PHONE), OwnAddress),
        (Change("nobody"), BadAddress),
    ):
        with pytest.raises(error):
            ask(member, change)
    act(
        lambda s: [
            s.logins.add(member, Contact(f"identity_wechat:{n}", "o"), kernel_clock.now())
            for n in range(MOST - 1)
        ]
    )
    with pytest.raises(TooManyLogins):
        ask(member, Change(EMAIL))


def test_nobody_bombs_strangers_by_changing_his_address(member, ask, clock):
    with pytest.raises(TooMany):
        for number in range(20):
            ask(member, Change(f"1390000{number:04d}"))
            clock.shift(61)
    assert number < 7


def test_the_last_address_cannot_go(act, house, member, ask, finish, channels):
    me = Actor("member", member)

    def remove(login_id):
        act(lambda s: s.changing.remove(member, login_id, actor=me, session_id=0))

    act(lambda s: s.logins.add(member, Contact("identity_wechat:a", "oX"), kernel_clock.now()))
    with pytest.raises(LastLogin):
        remove(own(act, member)["phone"].id)
    change = Change(EMAIL)
    finish(member, change, *ask(member, change))
    house.outbox.drain()
    before = len(channels.phone.sent)
    remove(own(act, member)["phone"].id)
    house.outbox.drain()
    assert [job.address for job in channels.phone.sent[before:]] == ["+8613812345678"]
    remove(own(act, member)["identity_wechat:a"].id)
    assert list(own(act, member)) == ["email"]
    with pytest.raises(NotFound):
        remove(1)


def test_a_provider_s_identity_signs_in_and_gets_no_code(act, house, member):
    known = Contact("identity_wechat:wx1", "oAbC-123")
    act(lambda s: s.logins.add(member, known, kernel_clock.now()))
    assert act(lambda s: s.logins.account(known).member_id) == member
    other_app = Contact("identity_wechat:wx2", "oAbC-123")
    assert act(lambda s: s.logins.account(other_app).member_id) == 0
    assert [one.kind for one in act(lambda s: s.logins.of(member))] == ["phone"]
    assert "oAbC" not in known.masked
    with house.database.snapshot() as db:
        assert house.ports["addresses"](db, member, "email") == []
        assert b"oAbC-123" not in db.scalars(select(Login.value)).all()[1]
    with pytest.raises(AddressTaken):
        act(lambda s: s.logins.add(member, known, kernel_clock.now()))


def test_a_member_known_to_a_provider_alone_adds_a_phone_by_one_code(house, act, ask, finish, join):
    member_id = join("lonely@example.cn")
    with house.database.transaction() as db:
        service = accounts(house, db)
        service.logins.remove(member_id, service.logins.all(member_id)[0].id)
        service.logins.add(member_id, Contact("identity_wechat:a", "o1"), kernel_clock.now())
    change = Change("13900000002")
    code, old = ask(member_id, change)
    assert old is None
    finish(member_id, change, code, "")
    assert act(lambda s: s.logins.of(member_id))[0].value == "+8613900000002"
