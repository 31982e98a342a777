"""Permissions (权限): what staff may do. Each domain and each plugin declares its own, in code.

A domain in its ``includeme``, a plugin in ``suwen_mount``::

    config.add_suwen_permission("staff.orders", _("查看和处理订单"), "shop", by_branch=True)

and its views name it. Roles are sets of these names, so a view whose permission nobody declared
could be given to nobody; the tests refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House

STAFF: Final = "staff"
"""Held by everybody who holds any permission of staff."""
_NAME: Final = re.compile(r"staff(\.[a-z][a-z0-9_]*){1,3}", re.ASCII)
_PORT: Final = "permissions"


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that staff may do. ``title`` is a message id.

    ``area`` is the group of the admin's menu under which it is listed (``shop``, ``members``).
    ``by_branch`` says that whoever declares it can tell which records belong to a branch; only such
    a permission can be given for one branch.
    """

    name: str
    title: str
    area: str
    by_branch: bool = False


class Permissions:
    """All that were declared, in the order in which they were."""

    def __init__(self) -> None:
        """Start empty; the house has one of its own."""
        self._known: dict[str, Permission] = {}

    def declare(self, permission: Permission) -> None:
        """Add one; raises ``ValueError`` for an odd name, or one that means something else."""
        if not _NAME.fullmatch(permission.name):
            raise ValueError(f"{permission.name} is not a permission's name")
        if self._known.setdefault(permission.name, permission) != permission:
            raise ValueError(f"{permission.name} is declared twice")

    def __contains__(self, name: str) -> bool:
        """Whether it was declared."""
        return name in self._known

    def all(self) -> Sequence[Permission]:
        """Every one of them."""
        return tuple(self._known.values())

    def names(self) -> frozenset[str]:
        """Every name."""
        return frozenset(self._known)

    def by_branch(self) -> frozenset[str]:
        """Names of those that can be given for one branch."""
        return frozenset(item.name for item in self._known.values() if item.by_branch)

    def titles(self, names: Iterable[str]) -> list[str]:
        """Titles of some, as message ids; the name itself for what nobody declares any more."""
        return [self._known[name].title if name in self._known else name for name in names]

    def areas(self) -> Sequence[tuple[str, Sequence[Permission]]]:
        """They, grouped by area, in the order of their first declaration."""
        found: dict[str, list[Permission]] = {}
        for item in self._known.values():
            found.setdefault(item.area, []).append(item)
        return tuple((area, tuple(items)) for area, items in found.items())


def permissions(house: House) -> Permissions:
    """The permissions of this house."""
    found: Permissions = house.ports.setdefault(_PORT, Permissions())
    return found


def with_staff(names: Iterable[str]) -> frozenset[str]:
    """The names and ``staff`` itself, or nothing for nothing."""
    found = frozenset(names)
    return found | {STAFF} if found else found


def add_permission(
    config: Configurator, name: str, title: str, area: str, *, by_branch: bool = False
) -> None:
    """Directive: declare a permission; see ``Permission``."""
    house: House = config.registry.house
    permissions(house).declare(Permission(name, title, area, by_branch))


def includeme(config: Configurator) -> None:
    """Add the directive; whoever declares permissions can include this again."""
    config.add_directive("add_suwen_permission", add_permission, action_wrap=False)
