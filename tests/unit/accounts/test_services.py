from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from suwen.accounts.consents import OldVersion
from suwen.accounts.contacts import parse
from suwen.accounts.errors import (
    AddressTaken,
    ConsentRequired,
    NotWithdrawable,
    SignInFailed,
    WeakPassword,
    WrongCode,
)
from suwen.accounts.models import Consent, Login, Member, VerificationCode
from suwen.accounts.services import Registration, accounts
from suwen.accounts.signing import Proof
from suwen.accounts.staffing.errors import BadRole
from suwen.kernel.audit import SYSTEM, Actor
from suwen.kernel.db import metadata
from suwen.kernel.errors import NotFound, TooMany
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import Device

PASSWORD = "correct horse 42"
HOME = "198.51.100.7"


def fits(act, address, purpose, code):
    return act(lambda s: s.codes.finish(s.codes.begin(parse(address), purpose), code))


def test_registering_makes_member_subject_consents_and_one_event(house, act, join):
    heard = []
    house.events.subscribe("member_registered", lambda db, event: heard.append(event))
    member_id = join(referral_code="R1")
    assert [event.data for event in heard] == [{"member_id": member_id, "referral_code": "R1"}]
    assert heard[0].region == DEFAULT_CODE
    assert act(lambda s: s.profiles.member(member_id).display_name) == "138****5678"
    subject_id = act(lambda s: s.subject_of(member_id))
    assert act(lambda s: s.consents.has(subject_id, "terms"))
    assert not act(lambda s: s.consents.has(subject_id, "testing"))


def test_the_new_member_is_welcomed_in_the_inbox(house, join, channels):
    member_id = join()
    house.outbox.drain()
    assert [job.address for job in channels.inbox.sent] == [str(member_id)]


def test_no_address_stands_in_the_clear(house, join):
    join("13812345678")
    join("wang.fang@example.cn")
    with house.database.snapshot() as db:
        for table in (
            "member",
            "login",
            "verification_code",
            "message",
            "message_delivery",
            "audit_event",
        ):
            rows = str(db.execute(select(metadata.tables[table])).all())
            assert "13812345678" not in rows
            assert "wang.fang" not in rows


def test_an_address_has_one_account_and_only_its_owner_is_told(house, join, clock):
    join("13812345678")
    clock.shift(60)
    with pytest.raises(AddressTaken):
        join("+86 138 1234 5678")
    with house.database.snapshot() as db:
        assert db.scalar(select(func.count()).select_from(Member)) == 1
        assert db.scalar(select(func.count()).select_from(Login)) == 1


@pytest.mark.parametrize("code", ["000000", "12345", ""])
def test_a_wrong_code_registers_nobody(act, new_code, house, code):
    real = new_code("13812345678", "register")
    wrong = "999999" if real == code else code
    with pytest.raises(WrongCode):
        act(lambda s: s.register(Registration("13812345678", wrong, PASSWORD, DEFAULT_CODE), HOME))
    with house.database.snapshot() as db:
        assert db.scalar(select(func.count()).select_from(Member)) == 0


def test_a_weak_password_leaves_the_code_usable(act, new_code):
    code = new_code("13812345678", "register")
    with pytest.raises(WeakPassword):
        act(lambda s: s.register(Registration("13812345678", code, "short", DEFAULT_CODE), HOME))
    act(lambda s: s.register(Registration("13812345678", code, PASSWORD, DEFAULT_CODE), HOME))


def test_a_code_of_another_purpose_or_address_does_not_fit(act, join, new_code):
    join()
    code = new_code("13912345678", "register")
    assert not fits(act, "13912345678", "sign_in", code)
    assert not fits(act, "13712345678", "register", code)
    assert fits(act, "13912345678", "register", code)


def test_five_wrong_tries_end_a_code(act, new_code):
    code = new_code("13812345678", "register")
    for _ in range(5):
        assert not fits(act, "13812345678", "register", "12345x")
    assert not fits(act, "13812345678", "register", code)


def test_a_code_is_used_once(act, new_code):
    code = new_code("13812345678", "register")
    assert fits(act, "13812345678", "register", code)
    assert not fits(act, "13812345678", "register", code)


def test_a_code_ends_after_five_minutes(act, new_code, clock):
    code = new_code("13812345678", "register")
    clock.shift(301)
    assert not fits(act, "13812345678", "register", code)


def test_the_table_holds_a_keyed_hash_of_the_code(house, new_code):
    code = new_code("13812345678", "register")
    with house.database.snapshot() as db:
        row = db.scalars(select(VerificationCode)).one()
    assert code not in row.code_hash
    assert len(row.code_hash) == 64


def test_unknown_addresses_get_no_message_and_the_same_answer(act, house, channels, join, clock):
    join("13812345678")
    clock.shift(60)
    house.outbox.drain()
    before = len(channels.phone.sent)
    for address in ("13812345678", "13912345678"):
        contact = act(
            lambda s, a=address: s.request_code(a, "reset", network=HOME, region=DEFAULT_CODE)
        )
        assert contact.kind == "phone"
    house.outbox.drain()
    assert [job.address for job in channels.phone.sent[before:]] == ["+8613812345678"]


def test_one_code_a_minute_per_address(act, new_code):
    new_code("13812345678", "register")
    with pytest.raises(TooMany):
        new_code("13812345678", "sign_in")
    new_code("13912345678", "register")


def sign_in(act, address, **proof):
    return act(lambda s: s.signing.authenticate(address, Proof(**proof), HOME))


def test_password_or_code_signs_in(act, join, new_code, clock):
    member_id = join()
    assert sign_in(act, "138 1234 5678", password=PASSWORD) == member_id
    clock.shift(120)
    code = new_code("13812345678", "sign_in")
    assert sign_in(act, "13812345678", code=code) == member_id


@pytest.mark.parametrize("address", ["13812345678", "13912345678", "nobody"])
def test_wrong_is_wrong_whoever_it_is(act, join, address):
    join("13812345678")
    with pytest.raises(SignInFailed) as error:
        sign_in(act, address, password="wrong horse 43")
    assert str(error.value) == str(SignInFailed.message)


def test_the_sixth_wrong_password_is_refused_before_it_is_looked_at(house, join):
    join()

    def wrong(password):
        with house.database.transaction() as db:
            service = accounts(house, db)
            try:
                service.signing.authenticate("13812345678", Proof(password=password), HOME)
            except SignInFailed as error:
                return error
            return None

    for _ in range(5):
        assert wrong("wrong horse 43") is not None
    with pytest.raises(TooMany):
        wrong(PASSWORD)


def test_signing_in_rightly_is_not_counted(act, join):
    join()
    for _ in range(25):
        sign_in(act, "13812345678", password=PASSWORD)


def test_a_locked_member_cannot_sign_in(act, join, house):
    member_id = join()
    with house.database.transaction() as db:
        db.get_one(Member, member_id).state = "locked"
    with pytest.raises(SignInFailed):
        sign_in(act, "13812345678", password=PASSWORD)


def test_a_new_password_ends_all_sessions(act, join, new_code, clock):
    member_id = join()
    token = act(lambda s: s.open_browser_session(member_id, Device()))
    clock.shift(120)
    code = new_code("13812345678", "reset")
    act(lambda s: s.signing.reset_password("13812345678", code, "brand new horse", HOME))
    assert act(lambda s: s.sessions.find(token)) is None
    with pytest.raises(SignInFailed):
        sign_in(act, "13812345678", password=PASSWORD)
    assert sign_in(act, "13812345678", password="brand new horse") == member_id


def test_resetting_an_unknown_address_says_the_code_is_wrong(act):
    with pytest.raises(WrongCode):
        act(lambda s: s.signing.reset_password("13912345678", "123456", "brand new horse", HOME))


def test_consents_are_versioned_and_withdrawable(act, join, house):
    member_id = join()
    heard = []
    house.events.subscribe(
        "consent_withdrawn", lambda db, event: heard.append(event.data["purpose"])
    )
    subject_id = act(lambda s: s.subject_of(member_id))
    me = Actor("member", member_id)
    with pytest.raises(ConsentRequired):
        act(lambda s: s.consents.require(subject_id, "testing"))
    with pytest.raises(OldVersion):
        act(lambda s: s.consents.give(subject_id, "testing", me, version="1999-01"))
    act(lambda s: s.consents.give(subject_id, "testing", me))
    act(lambda s: s.consents.give(subject_id, "testing", me))
    act(lambda s: s.consents.require(subject_id, "testing"))
    act(lambda s: s.consents.withdraw(subject_id, "testing", me))
    act(lambda s: s.consents.withdraw(subject_id, "testing", me))
    assert heard == ["testing"]
    assert not act(lambda s: s.consents.has(subject_id, "testing"))
    with house.database.snapshot() as db:
        rows = db.scalars(select(Consent).where(Consent.purpose == "testing")).all()
    assert [row.withdrawn_at is not None for row in rows] == [True]
    with pytest.raises(NotWithdrawable):
        act(lambda s: s.consents.withdraw(subject_id, "terms", me))


def test_the_profile_is_sealed_and_names_the_member(act, join, house):
    member_id = join()
    act(lambda s: s.profiles.update(member_id, {"real_name": "王小明", "sex": "male"}))
    profile = act(lambda s: s.profiles.read(member_id))
    assert (profile.real_name, profile.sex, profile.birth_date) == ("王小明", "male", None)
    with house.database.snapshot() as db:
        member = db.get_one(Member, member_id)
    assert member.display_name == "王**"
    assert "王小明".encode() not in member.profile


def test_addresses_belong_to_their_member(act, join):
    mine, other = join("13812345678"), join("13912345678")
    first = act(
        lambda s: s.addresses(mine).create("王小明", "13812345678", "430602", "建设路 1 号")
    )
    assert first.is_default
    second = act(
        lambda s: s.addresses(mine).create("李", "13812345679", "430602", "2 号", is_default=True)
    )
    assert [a.id for a in act(lambda s: s.addresses(mine).all())] == [second.id, first.id]
    changed = act(lambda s: s.addresses(mine).update(first.id, {"detail": "建设路 3 号"}))
    assert (changed.recipient, changed.detail) == ("王小明", "建设路 3 号")
    for forbidden in (
        lambda s: s.addresses(other).get(first.id),
        lambda s: s.addresses(other).update(first.id, {"detail": "x"}),
        lambda s: s.addresses(other).delete(first.id),
    ):
        with pytest.raises(NotFound):
            act(forbidden)
    act(lambda s: s.addresses(mine).delete(second.id))
    assert [a.is_default for a in act(lambda s: s.addresses(mine).all())] == [True]


def test_a_role_ends_sessions_and_unknown_roles_do_not_exist(act, join):
    member_id = join()
    token = act(lambda s: s.open_browser_session(member_id, Device()))
    act(lambda s: s.staff.grant(member_id, "finance", SYSTEM))
    assert act(lambda s: s.sessions.find(token)) is None
    with pytest.raises(BadRole):
        act(lambda s: s.staff.grant(member_id, "emperor", SYSTEM))


def test_parallel_guesses_share_no_count_and_one_right_try_wins(act, new_code):
    code = new_code("13812345678", "register")
    contact = parse("13812345678")

    def guess(_number):
        return act(lambda s: s.codes.begin(contact, "register"))

    with ThreadPoolExecutor(12) as pool:
        attempts = list(pool.map(guess, range(12)))
    counted = [attempt for attempt in attempts if attempt.hash]
    assert len(counted) == 5
    with ThreadPoolExecutor(5) as pool:
        right = list(pool.map(lambda a: act(lambda s: s.codes.finish(a, code)), counted))
    assert right.count(True) == 1
