"""Roles from the command line: how a new site gets its first administrator."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from suwen.accounts import contacts
from suwen.accounts.roles import ROLES
from suwen.accounts.services import Registration, accounts
from suwen.accounts.staffing.branches import BranchWish, branch_book
from suwen.accounts.staffing.models import StaffGrant
from suwen.cli.program import Program
from suwen.kernel.audit import SYSTEM, AuditEvent
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


@pytest.mark.sqlite
def test_the_commands_know_the_roles_of_the_program(shell, program, member):
    assert {row["role"] for row in shell.json("staff", "roles")} == set(ROLES)
    shell("staff", "grant", "emperor", ADDRESS, status=1)
    assert grants(program) == []


@pytest.mark.sqlite
def test_a_role_can_be_of_one_branch(shell, program, member):
    with program.house.database.transaction() as db:
        wish = BranchWish("YYL-01", "岳阳楼门诊部", "clinic", "430602")
        branch_book(program.house, db).create(SYSTEM, wish)
    shell("staff", "grant", "sampling", ADDRESS, "--branch", "YYL-01")
    assert shell.json("staff", "list")[0]["branch"] == "YYL-01"
    shell("staff", "grant", "sampling", ADDRESS, "--branch", "NOWHERE", status=1)
    shell("staff", "revoke", "sampling", ADDRESS, "--branch", "YYL-01")
    assert grants(program) == []


def test_a_role_is_given_listed_and_taken(shell, program, member):
    shell("staff", "grant", "administrator", ADDRESS)
    shell("staff", "grant", "administrator", ADDRESS)
    assert grants(program) == [("administrator", "*")]
    assert shell.json("staff", "list")[0]["member_id"] == str(member)
    assert ADDRESS not in shell.out

    shell("staff", "revoke", "administrator", ADDRESS, status=1)
    assert grants(program) == [("administrator", "*")], "the last one stays"
    shell("staff", "grant", "finance", ADDRESS)
    assert shell.json("staff", "revoke", "finance", ADDRESS)["change"] == "revoke"
    assert grants(program) == [("administrator", "*")]
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
