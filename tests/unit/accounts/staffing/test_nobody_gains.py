"""Whatever administrators do, in whatever order: nobody comes by a right that nobody gave him who
held it, and the tree stays a tree."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suwen.accounts.staffing.branches import BranchWish
from suwen.accounts.staffing.models import Branch
from suwen.accounts.staffing.roles import RoleWish
from suwen.accounts.staffing.services import Wish
from suwen.kernel.errors import SuwenError

PERMISSIONS = ("orders", "cashier", "members", "finance", "staff", "roles", "branches")
BUILT_IN = ("administrator", "finance", "cashier", "sampling", "branch_administrator")
PEOPLE = 7
NUMBERS = count()

who = st.integers(0, PEOPLE - 1)
names = st.sets(st.sampled_from(PERMISSIONS), min_size=1, max_size=4)
regions = st.sampled_from(["*", "*", "4306", "100000"])
pick = st.integers(0, 8)
first = st.integers(0, 1)
steps = st.one_of(
    st.tuples(st.just("appoint"), who, who, pick, regions, st.booleans()),
    st.tuples(st.just("grant"), who, who, pick, regions, st.booleans()),
    st.tuples(st.just("revoke"), who, who),
    st.tuples(st.just("move"), who, who, who),
    st.tuples(st.just("dismiss"), who, who),
    st.tuples(st.just("create"), who, names),
    st.tuples(st.just("edit"), who, first, names),
    st.tuples(st.just("edit"), st.just(1), first, names),
    st.tuples(st.just("retire"), who, first),
    st.tuples(st.just("allow"), who, names),
    st.tuples(st.just("allow"), st.just(1), names),
)


class World:
    """A few people at work, from a platform administrator to one who holds nothing."""

    def __init__(self, office):
        self.office, self.codes = office, []
        self.branch = office.branch(
            f"B{next(NUMBERS)}", ("staff.orders", "staff.staff"), regions=()
        )
        top = office.administrator()
        wide = self.made(None, {"orders", "staff", "roles", "branches"})
        local = self.made(None, {"orders", "cashier", "staff", "roles"})
        second = office.staff(Wish(wide), Wish(local, "4306"), below=top)
        self.codes = []
        given, lent = self.made(second, {"orders"}), self.made(second, {"orders"})
        self.people = [
            top,
            second,
            office.staff(Wish(local, "4306"), below=top),
            office.staff(Wish("branch_administrator", "*", self.branch), below=top),
            office.staff(Wish(given), below=second),
            office.staff(Wish(lent), Wish("cashier", "*", self.branch), below=top),
            office.person(),
        ]

    def made(self, by, wanted):
        wish = RoleWish(f"角色{next(NUMBERS)}", "", tuple(f"staff.{name}" for name in wanted))
        code = self.office.roles(by, lambda book, actor: book.create(actor, wish).code)
        self.codes.append(code)
        return code

    def role(self, number):
        return self.codes[number % len(self.codes)]

    def do(self, step):
        """Carry out a step; whether it was allowed."""
        act, actor = step[0], self.people[step[1]]
        try:
            getattr(self, act)(actor, *step[2:])
        except SuwenError:
            return False
        return True

    def _wish(self, number, region, in_branch):
        roles = [*self.codes[:4], *BUILT_IN]
        return Wish(roles[number % len(roles)], region, self.branch if in_branch else 0)

    def appoint(self, actor, other, *wanted):
        wish = self._wish(*wanted)
        self.office.by(actor, lambda s, by: s.appoint(by, self.people[other], "", wish))

    def grant(self, actor, other, *wanted):
        wish = self._wish(*wanted)
        self.office.by(actor, lambda s, by: s.grant(by, self.people[other], wish))

    def revoke(self, actor, other):
        grant = self.office.grant_id(self.people[other]) or 0
        self.office.by(actor, lambda s, by: s.revoke(by, self.people[other], grant))

    def move(self, actor, other, parent):
        self.office.by(actor, lambda s, by: s.move(by, self.people[other], self.people[parent]))

    def dismiss(self, actor, other):
        self.office.by(actor, lambda s, by: s.dismiss(by, self.people[other]))

    def create(self, actor, wanted):
        self.made(actor, wanted)

    def edit(self, actor, number, wanted):
        code = self.role(number)
        known = self.office.roles(None, lambda book, by: book.get(code))
        wish = RoleWish(known.title, "", tuple(f"staff.{name}" for name in wanted))
        self.office.roles(actor, lambda book, by: book.edit(by, code, wish, known.revision))

    def retire(self, actor, number):
        code = self.role(number)
        known = self.office.roles(None, lambda book, by: book.get(code))
        self.office.roles(actor, lambda book, by: book.retire(by, code, known.revision))

    def allow(self, actor, wanted):
        row = self.office.run(lambda db: db.get_one(Branch, self.branch))
        allowed = tuple(f"staff.{name}" for name in wanted)
        wish = BranchWish(row.code, row.name, row.kind, row.region_code, permissions=allowed)
        self.office.branches(actor, lambda book, by: book.edit(by, self.branch, wish, row.revision))

    def held(self):
        return {person: self.office.held(person) for person in self.people}

    def parents(self):
        return {person: self.office.parent(person) for person in self.people}


def covered(triple, rights):
    """Whether a permission is held in all of a scope by one of the rights."""
    name, region, branch = triple
    return any(
        held == name and where in {"*", region} and at in {0, branch} for held, where, at in rights
    )


def chain(parents, person):
    """Everybody above; fails on a circle."""
    above = []
    while parents.get(person) is not None:
        person = parents[person]
        assert person not in above, "a circle"
        above.append(person)
    return above


@pytest.mark.sqlite
@given(st.lists(steps, min_size=8, max_size=18))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_nobody_gains_what_the_actor_does_not_hold(office, walk):
    world = World(office)
    for step in walk:
        actor = world.people[step[1]]
        held, parents = world.held(), world.parents()
        allowed = world.do(step)
        now = world.held()
        if not allowed:
            assert now == held, f"a refused {step} changed something"
        for person in world.people:
            gained, lost = now[person] - held[person], held[person] - now[person]
            beyond = {triple for triple in gained if not covered(triple, held[actor])}
            assert beyond == set(), f"{step} gave what the actor lacks"
            if person == actor:
                # Whatever a branch may do besides was his already, there.
                assert all(covered(triple, held[actor]) for triple in gained)
            elif lost and step[0] != "allow":
                assert actor in chain(parents, person), f"{step} took from another's"
        after = world.parents()
        for person in world.people:
            chain(after, person)
