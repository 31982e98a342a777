"""Roles from the command line: how a new site gets its first administrator."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from suwen.accounts import contacts
from suwen.accounts.commands import ROLE_NAMES
from suwen.accounts.staffing.models import StaffGrant
from suwen.accounts.roles import ROLES
from suwen.accounts.services import Registration, accounts
from suwen.cli.program import Program
from suwen.kernel.audit import AuditEvent
from suwen.kernel.regions import Region

pytest_plugins = ["tests.fixtures_surfaces"]

ADDRESS = "first@shop.example"


@pytest.fixture
def program(shell):
    found = Program(str(shell.ini))
    yield found
    found.close()


@pytest.fixture
def member(program):
    with program.house.database.transaction() as db:
        wanted = Registration(ADDRESS, "", "", "100000")
        return accounts(program.house, db).create(contacts.parse(ADDRESS), wanted, "no hash").id


def grants(program):
    with program.house.database.snapshot() as db:
        return [tuple(row) for row in db.execute(select(StaffGrant.role, StaffGrant.region))]


def test_the_commands_know_the_roles_of_the_program():
    assert set(ROLE_NAMES) == set(ROLES)


def test_a_role_is_given_listed_and_taken(shell, program, member):
    shell("staff", "grant", "administrator", ADDRESS)
    shell("staff", "grant", "administrator", ADDRESS)
    assert grants(program) == [("administrator", "*")]
    assert shell.json("staff", "list")[0]["member_id"] == str(member)
    assert ADDRESS not in shell.out

    assert shell.json("staff", "revoke", "administrator", ADDRESS)["change"] == "revoke"
    assert grants(program) == []
    with program.house.database.snapshot() as db:
        actions = set(db.scalars(select(AuditEvent.action)))
    assert {"role.grant", "role.revoke"} <= actions


@pytest.mark.sqlite
def test_a_role_can_be_of_one_region(shell, program, member):
    shell("staff", "grant", "cashier", ADDRESS, "--region", "430600")
    assert grants(program) == [("cashier", "4306")]


@pytest.mark.sqlite
def test_who_has_not_registered_gets_no_role(shell, program):
    shell("staff", "grant", "cashier", "nobody@shop.example", status=1)
    assert grants(program) == []


@pytest.mark.sqlite
def test_a_new_site_begins_with_its_default_region(shell, program):
    with program.house.database.transaction() as db:
        for region in db.scalars(select(Region)):
            db.delete(region)
    shell("region", "add", "100000", "全国")
    [row] = shell.json("region", "list")
    assert (row["code"], row["prefixes"], row["is_default"]) == ("100000", "", True)
    shell("region", "add", "430600", "岳阳市", "--clone-from", "default")
    assert [row["code"] for row in shell.json("region", "list")] == ["100000", "4306"]
