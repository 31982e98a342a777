from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from suwen.accounts.errors import TotpRequired, WrongTotp
from suwen.accounts.services import accounts
from suwen.accounts.signing import Proof
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM, Actor, AuditEvent
from suwen.kernel.errors import TooMany

PASSWORD = "correct horse 42"
HOME = "198.51.100.7"


@pytest.fixture
def enrolled(act, join):
    member_id = join()
    secret = act(lambda s: s.totp.begin(member_id)).secret
    act(lambda s: s.totp.set_secret(member_id, secret))
    return member_id, secret


def test_enrolling_needs_a_first_right_code(act, join):
    member_id = join()
    enrolment = act(lambda s: s.totp.begin(member_id))
    assert act(lambda s: s.totp.begin(member_id)).secret == enrolment.secret
    assert "issuer=Suwen" in enrolment.uri
    me = Actor("member", member_id)
    with pytest.raises(WrongTotp):
        act(lambda s: s.totp.confirm(member_id, "abcdef", me))
    code = pyotp.TOTP(enrolment.secret).at(clock.now())
    act(lambda s: s.totp.confirm(member_id, code, me))
    with pytest.raises(ValueError):
        act(lambda s: s.totp.begin(member_id))


def test_a_code_is_accepted_once(act, enrolled):
    member_id, secret = enrolled
    code = pyotp.TOTP(secret).at(clock.now())
    act(lambda s: s.totp.check(member_id, code))
    with pytest.raises(WrongTotp):
        act(lambda s: s.totp.check(member_id, code))


def test_an_older_code_than_the_last_used_is_refused(act, enrolled):
    member_id, secret = enrolled
    now = clock.now()
    act(lambda s: s.totp.check(member_id, pyotp.TOTP(secret).at(now)))
    with pytest.raises(WrongTotp):
        act(lambda s: s.totp.check(member_id, pyotp.TOTP(secret).at(now - timedelta(seconds=30))))


def test_signing_in_wants_the_second_factor(act, enrolled):
    member_id, secret = enrolled

    def sign_in(**proof):
        return act(lambda s: s.signing.authenticate("13812345678", Proof(**proof), HOME))

    with pytest.raises(TotpRequired):
        sign_in(password=PASSWORD)
    with pytest.raises(WrongTotp):
        sign_in(password=PASSWORD, totp="abcdef")
    assert sign_in(password=PASSWORD, totp=pyotp.TOTP(secret).at(clock.now())) == member_id


def test_second_factors_cannot_be_guessed_on(house, enrolled):
    member_id, _secret = enrolled
    for number in range(6):
        with house.database.transaction() as db:
            expected = TooMany if number == 5 else WrongTotp
            with pytest.raises(expected):
                accounts(house, db).second_factor.check(member_id, "abcdef")


def test_resetting_is_audited(act, enrolled, house):
    member_id, _secret = enrolled
    act(lambda s: s.totp.reset(member_id, SYSTEM, "lost phone"))
    assert act(lambda s: s.totp.begin(member_id)).secret
    with house.database.snapshot() as db:
        actions = db.scalars(select(AuditEvent.action)).all()
    assert "totp.reset" in actions
