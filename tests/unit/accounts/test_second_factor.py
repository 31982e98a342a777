from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import select

from suwen.accounts.errors import NoTotp, StaffNeedTotp, WrongTotp
from suwen.accounts.models import RecoveryCode
from suwen.accounts.services import accounts
from suwen.accounts.signing import Proof
from suwen.kernel import clock as kernel_clock
from suwen.kernel.audit import Actor, AuditEvent
from suwen.kernel.errors import TooMany
from tests.unit.accounts.conftest import PASSWORD

HOME = "198.51.100.7"


def now(secret):
    return pyotp.TOTP(secret).at(kernel_clock.now())


@pytest.fixture
def enrolled(act, join, clock):
    """A member with the second factor on: id, seed, recovery codes."""
    member_id = join()
    secret = act(lambda s: s.totp.begin(member_id)).secret
    me = Actor("member", member_id)
    codes = act(lambda s: s.second_factor.enrol(member_id, now(secret), me))
    clock.shift(60)
    return member_id, secret, codes


def check(act, member_id, code):
    act(lambda s: s.second_factor.check(member_id, code))


def test_ten_codes_are_given_once_and_stored_as_hashes(house, enrolled):
    _member_id, _secret, codes = enrolled
    assert len(set(codes)) == 10
    with house.database.snapshot() as db:
        rows = db.scalars(select(RecoveryCode)).all()
    assert len(rows) == 10
    assert not any(code.replace("-", "") in row.code_hash for row in rows for code in codes)


def test_a_recovery_code_stands_for_a_dynamic_code_once(act, house, enrolled, channels):
    member_id, _secret, codes = enrolled
    house.outbox.drain()
    before = len(channels.phone.sent)
    typed = codes[3].lower().replace("-", " ")
    proof = Proof(PASSWORD, totp=typed)
    assert act(lambda s: s.signing.authenticate("13812345678", proof, HOME)) == member_id
    assert act(lambda s: s.second_factor.left(member_id)) == 9
    with pytest.raises(WrongTotp):
        check(act, member_id, codes[3])
    house.outbox.drain()
    assert any("恢复码" in job.content.text for job in channels.phone.sent[before:])
    with house.database.snapshot() as db:
        actions = db.scalars(select(AuditEvent.action)).all()
    assert "recovery_code.use" in actions


def test_of_two_parallel_uses_one_wins(act, house, enrolled):
    member_id, _secret, codes = enrolled

    def use(_number):
        with house.database.transaction() as db:
            return accounts(house, db).second_factor._recovery.use(member_id, codes[0])

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(use, range(6))).count(True) == 1


def test_codes_belong_to_one_member(act, enrolled, join, clock):
    _member, _secret, codes = enrolled
    other = join("13900000001")
    secret = act(lambda s: s.totp.begin(other)).secret
    act(lambda s: s.second_factor.enrol(other, now(secret), Actor("member", other)))
    with pytest.raises(WrongTotp):
        check(act, other, codes[0])


def test_recovery_codes_cannot_be_guessed_on(house, enrolled):
    member_id, _secret, codes = enrolled
    for number in range(6):
        expected = TooMany if number == 5 else WrongTotp
        with house.database.transaction() as db, pytest.raises(expected):
            accounts(house, db).second_factor.check(member_id, "AAAAA-AAAAA")
    with house.database.transaction() as db, pytest.raises(TooMany):
        accounts(house, db).second_factor.check(member_id, codes[0])


def test_new_codes_void_the_old_ones_and_want_the_factor(act, enrolled):
    member_id, secret, codes = enrolled
    me = Actor("member", member_id)
    with pytest.raises(WrongTotp):
        act(lambda s: s.second_factor.renew_codes(member_id, "000000", me))
    fresh = act(lambda s: s.second_factor.renew_codes(member_id, now(secret), me))
    assert not set(fresh) & set(codes)
    with pytest.raises(WrongTotp):
        check(act, member_id, codes[0])
    check(act, member_id, fresh[0])


def test_switching_off_wants_the_factor_and_takes_the_codes_along(act, enrolled):
    member_id, secret, codes = enrolled
    me = Actor("member", member_id)
    off = lambda code, staff=False: act(  # noqa: E731
        lambda s: s.second_factor.switch_off(member_id, code, me, is_staff=staff)
    )
    with pytest.raises(StaffNeedTotp):
        off(now(secret), staff=True)
    with pytest.raises(WrongTotp):
        off("000000")
    off(now(secret))
    assert act(lambda s: s.second_factor.left(member_id)) == 0
    assert act(lambda s: s.signing.authenticate("13812345678", Proof(PASSWORD), HOME)) == member_id
    with pytest.raises(NoTotp):
        off(codes[0])
    with pytest.raises(WrongTotp):
        check(act, member_id, codes[0])


def test_another_authenticator_takes_the_place_by_codes_of_both(act, enrolled, clock):
    member_id, secret, codes = enrolled
    me = Actor("member", member_id)
    fresh = act(lambda s: s.totp.fresh(member_id)).secret

    def replace(code, new_code):
        act(lambda s: s.second_factor.replace(member_id, code, fresh, new_code, me))

    with pytest.raises(WrongTotp) as error:
        replace(now(secret), "000000")
    assert set(error.value.fields) == {"new_totp"}
    with pytest.raises(WrongTotp):
        replace("000000", now(fresh))
    replace(codes[0], now(fresh))
    with pytest.raises(WrongTotp):
        check(act, member_id, now(fresh))
    clock.shift(60)
    with pytest.raises(WrongTotp):
        check(act, member_id, now(secret))
    check(act, member_id, now(fresh))
    assert act(lambda s: s.second_factor.left(member_id)) == 9
