"""Accounts that staff open for somebody at the counter.

He sets his password himself, by a code to his address, and agrees himself to the terms: nobody does
that for him.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suwen.accounts import contacts
from suwen.accounts.models import GROUP, Member
from suwen.accounts.people.schemas import group_is_named
from suwen.accounts.people.scope import Scope
from suwen.accounts.profiles import Profile
from suwen.accounts.services import Registration, accounts
from suwen.accounts.staffing.models import Branch
from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House


class Outside(Invalid):
    """A region or a branch that is not one's own."""

    code = "outside_scope"
    message = _("请选择您负责的地区和分支机构")

    def __init__(self, field: str) -> None:
        """Put the message beside ``field``."""
        super().__init__(fields={field: self.message})


class Opening:
    """Opens accounts within a scope."""

    def __init__(self, house: House, db: Session, scope: Scope) -> None:
        """Regions and branches outside ``scope`` are refused."""
        self._house, self._db, self._scope = house, db, scope

    def open(self, values: Mapping[str, Any], actor: Actor) -> Member:
        """A new member, told to his address that he has an account.

        ``values`` as ``NewMemberIn`` reads them. Raises ``BadAddress``, ``AddressTaken``,
        ``Outside``, or ``Invalid`` for a group without its name.
        """
        missing = group_is_named(dict(values))
        if missing:
            raise Invalid(fields=missing)
        contact = contacts.parse(values["address"])
        region = self._region(values["region_code"])
        service = accounts(self._house, self._db)
        wanted = Registration(
            contact.value,
            "",
            "",
            region,
            kind=values["kind"],
            group_name=values.get("name"),
            group_nature=values.get("nature"),
            locale=values.get("locale", "zh_CN"),
            opened_by=actor,
        )
        member = service.create(contact, wanted, None)
        member.branch_id = self._branch(values["branch_id"])
        profile = {name: values[name] for name in Profile.__slots__ if name in values}
        if profile and member.kind != GROUP:
            service.profiles.update(member.id, profile)
        self._db.flush()
        return member

    def _region(self, code: str) -> str:
        market = self._house.regions.resolve(self._db, code)
        if self._scope.regions is not None and market.code not in self._scope.regions:
            raise Outside("region_code")
        return code

    def _branch(self, branch_id: int | None) -> int | None:
        if self._scope.branches is not None and branch_id not in self._scope.branches:
            raise Outside("branch_id")
        branch = self._db.get(Branch, branch_id) if branch_id else None
        if branch_id and (branch is None or branch.state != "open"):
            raise Outside("branch_id")
        return branch_id
