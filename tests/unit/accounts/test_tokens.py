import pytest

from suwen.accounts.errors import InvalidToken
from suwen.accounts.identity import of_bearer
from suwen.kernel.sessions import Device, sessions


@pytest.fixture
def whose(house):
    def ask(token):
        with house.database.snapshot() as db:
            return of_bearer(db, sessions(house.settings, db), token)

    return ask


def test_an_access_token_signs_in_for_half_an_hour(act, join, whose, clock):
    member_id = join()
    pair = act(lambda s: s.tokens.sign_in(member_id, Device("APP")))
    identity = whose(pair.access_token)
    assert (identity.member_id, identity.surface) == (member_id, "api")
    assert whose(pair.refresh_token) is None
    clock.shift(1801)
    assert whose(pair.access_token) is None


def test_refreshing_gives_new_tokens_and_the_old_refresh_token_is_spent(act, join, whose):
    member_id = join()
    first = act(lambda s: s.tokens.sign_in(member_id, Device()))
    second = act(lambda s: s.tokens.refresh(first.refresh_token))
    assert second.member_id == member_id
    assert second.refresh_token != first.refresh_token
    assert whose(second.access_token).session_id == whose(first.access_token).session_id


def test_a_replayed_refresh_token_ends_the_whole_family(house, act, join, whose):
    member_id = join()
    first = act(lambda s: s.tokens.sign_in(member_id, Device()))
    other = act(lambda s: s.tokens.sign_in(member_id, Device()))
    second = act(lambda s: s.tokens.refresh(first.refresh_token))
    from suwen.accounts.services import accounts

    with house.database.transaction() as db, pytest.raises(InvalidToken):
        accounts(house, db).tokens.refresh(first.refresh_token)
    assert whose(second.access_token) is None
    with pytest.raises(InvalidToken):
        act(lambda s: s.tokens.refresh(second.refresh_token))
    assert whose(other.access_token) is not None


@pytest.mark.parametrize("token", ["", "x" * 43])
def test_an_unknown_refresh_token_is_refused(act, token):
    with pytest.raises(InvalidToken):
        act(lambda s: s.tokens.refresh(token))


def test_signing_out_ends_both_tokens(act, join, whose):
    member_id = join()
    pair = act(lambda s: s.tokens.sign_in(member_id, Device()))
    session_id = whose(pair.access_token).session_id
    act(lambda s: s.sessions.revoke(member_id, session_id))
    assert whose(pair.access_token) is None
    with pytest.raises(InvalidToken):
        act(lambda s: s.tokens.refresh(pair.refresh_token))


def test_purging_keeps_what_still_counts(act, join, whose, clock, house):
    from suwen.accounts.tasks import purge

    member_id = join()
    pair = act(lambda s: s.tokens.sign_in(member_id, Device()))
    purge(house)
    assert whose(pair.access_token) is not None
    clock.shift(31 * 86400)
    purge(house)
    with pytest.raises(InvalidToken):
        act(lambda s: s.tokens.refresh(pair.refresh_token))
