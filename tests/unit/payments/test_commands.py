import json

import pytest
from click.testing import CliRunner

from suwen.kernel.audit import Actor
from suwen.kernel.errors import Forbidden, NotFound
from suwen.payments import commands
from suwen.payments.errors import SamePerson
from tests.unit.payments.fakes import event, payable

BOSS = "boss@example.com"


@pytest.fixture
def people(monkeypatch):
    """Identities by address, as the directory would give them."""
    known = {}

    class Directory:
        def acting_as(self, address):
            return known.get(address)

    monkeypatch.setattr(commands, "directory", lambda house, db: Directory())
    return known


class Person:
    def __init__(self, member_id, *regions, permission="staff.finance"):
        self.member_id, self._regions, self._permission = member_id, regions, permission

    def may(self, permission):
        return permission == self._permission

    def regions_of(self, permission):
        return self._regions or None


@pytest.fixture
def asked(start, run):
    attempt = start(payable(amount=1000))
    run(lambda service, _db: service.apply_event(event(attempt.number, 1000)))
    return run(lambda service, _db: service.request_refund(attempt, 400, "退", Actor("member", 7)))


def test_listing(house, asked):
    rows = commands.list_refunds(house, "requested", 10)

    assert [(row.number, row.amount_fen) for row in rows] == [(asked.number, 400)]
    assert commands.list_refunds(house, "failed", 10) == []


def test_deciding(house, asked, people, read):
    people[BOSS] = Person(42)

    assert commands.approve_refund(house, asked.number, BOSS) == "approved"
    assert read(asked).state == "approved"


def test_rejecting(house, asked, people, read):
    people[BOSS] = Person(42, "4306")

    assert commands.reject_refund(house, asked.number, BOSS, "不符") == "rejected"


@pytest.mark.parametrize(
    ("person", "error"),
    [
        (None, Forbidden),
        (Person(42, permission="staff.orders"), Forbidden),
        (Person(42, "100000"), NotFound),
        (Person(7), SamePerson),
    ],
)
def test_who_may_not(house, asked, people, read, person, error):
    people[BOSS] = person

    with pytest.raises(error):
        commands.approve_refund(house, asked.number, BOSS)
    assert read(asked).state == "requested"


def test_the_real_directory_knows_nobody_of_this_address(house, asked):
    with pytest.raises(Forbidden):
        commands.approve_refund(house, asked.number, BOSS)


class Program:
    """What the command line gives: only what these commands use."""

    def __init__(self, house):
        self.house, self.said = house, []

    def table(self, headers, rows):
        self.said += [dict(zip(headers, row, strict=True)) for row in rows]

    def say(self, text):
        self.said.append(text)

    def show(self, data):
        self.said.append(json.dumps(data))


def test_the_commands(house, asked, people):
    people[BOSS] = Person(42)
    program = Program(house)

    def call(*words):
        result = CliRunner().invoke(commands.refund, words, obj=program)
        assert result.exit_code == 0, result.output
        return program.said[-1]

    assert call("list")["state"] == "requested"
    assert call("approve", asked.number, "--as", BOSS) == json.dumps(
        {"number": asked.number, "state": "approved"}
    )
    assert call("list", "--state", "approved")["amount_fen"] == 400
    bad = CliRunner().invoke(commands.refund, ["reject", asked.number, "--as", BOSS], obj=program)
    assert bad.exit_code != 0
