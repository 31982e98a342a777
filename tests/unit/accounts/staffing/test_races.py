"""Two processes at once: rules over the whole tree hold, because changes of staff take turns."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest

from suwen.accounts import staff as staff_module
from suwen.accounts.staff import Staff
from suwen.accounts.staffing.errors import BeyondOwnRights, LastAdministrator, Stale
from suwen.accounts.staffing.roles import RoleBook, RoleWish
from suwen.accounts.staffing.services import Staffing, Wish
from suwen.kernel.audit import SYSTEM
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.sessions import sessions


@pytest.fixture
def meeting(monkeypatch):
    """``meeting(owner, name)``: two who have passed this check wait for one another, for a while."""

    def arrange(owner, name, seconds=0.6):
        barrier, real = Barrier(2), getattr(owner, name)

        def waited(*arguments, **named):
            found = real(*arguments, **named)
            with contextlib.suppress(BrokenBarrierError):
                barrier.wait(seconds)
            return found

        monkeypatch.setattr(owner, name, waited)

    return arrange


def both(*acts):
    """What the acts raise, carried out at once."""

    def outcome(act):
        try:
            act()
        except SuwenError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def revoking(office, member_id):
    def act(db):
        hand = Staff(db, sessions(office.house.settings, db), office.house.audit)
        hand.revoke_grant(member_id, "administrator", SYSTEM)

    return lambda: office.run(act)


def test_one_of_two_administrators_stays(office, meeting):
    first, second = office.administrator(), office.administrator()
    meeting(staff_module, "refuse_last")
    raised = both(revoking(office, first), revoking(office, second))
    assert sorted(raised, key=str) == sorted([None, LastAdministrator], key=str)
    assert len(office.grants(first)) + len(office.grants(second)) == 1


@pytest.mark.postgres
def test_without_turns_none_would_stay(office, meeting, monkeypatch):
    """The control: the fault is real."""
    first, second = office.administrator(), office.administrator()
    monkeypatch.setattr(staff_module, "turn", lambda db: None)
    meeting(staff_module, "refuse_last", 5)
    assert both(revoking(office, first), revoking(office, second)) == [None, None]
    assert office.grants(first) + office.grants(second) == []


def test_nobody_gives_a_role_while_his_own_is_taken(office, meeting):
    top = office.administrator()
    middle = office.administrator(below=top)
    new = office.person()
    grant = office.grant_id(middle)
    meeting(Staffing, "_begin")
    raised = both(
        lambda: office.by(middle, lambda s, by: s.appoint(by, new, "", Wish("finance"))),
        lambda: office.by(top, lambda s, by: s.revoke(by, middle, grant)),
    )
    assert raised[1] is None
    # He was in time, or he had nothing to give any more.
    assert raised[0] in {None, NotFound, BeyondOwnRights}
    assert office.grants(new) == ([("finance", "*", 0)] if raised[0] is None else [])
    with pytest.raises(NotFound):
        office.by(middle, lambda s, by: s.appoint(by, new, "", Wish("catalog")))


def test_the_second_of_two_editors_is_told(office, meeting):
    top = office.administrator()
    made = RoleWish("门店客服", "", ("staff.orders",))
    code = office.roles(top, lambda book, by: book.create(by, made).code)
    meeting(RoleBook, "_mine")

    def editing(note):
        wish = RoleWish("门店客服", note, ("staff.orders",))
        return lambda: office.roles(top, lambda book, by: book.edit(by, code, wish, 1))

    raised = both(editing("甲"), editing("乙"))
    assert sorted(raised, key=str) == sorted([None, Stale], key=str)
    role = office.roles(top, lambda book, by: book.get(code))
    assert role.revision == 2


def test_two_moves_make_no_circle(office, meeting):
    top = office.administrator()
    left, right = office.administrator(below=top), office.administrator(below=top)
    meeting(Staffing, "_begin")
    raised = both(
        lambda: office.by(top, lambda s, by: s.move(by, left, right)),
        lambda: office.by(top, lambda s, by: s.move(by, right, left)),
    )
    assert raised.count(None) == 1
    assert {office.parent(left), office.parent(right)} & {top}
