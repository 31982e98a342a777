"""Marks of names and last digits for rows that were written without them.

Only what has none is looked at, so it can be run again, and stopped at any moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from suwen.accounts.contacts import PHONE
from suwen.accounts.logins import Logins
from suwen.accounts.marks import name_mark, tail_mark
from suwen.accounts.models import GROUP, Login, Member
from suwen.accounts.profiles import Profiles
from suwen.kernel.crypto import CannotOpen

if TYPE_CHECKING:
    from suwen.kernel.house import House

BATCH: Final = 500

Progress = Callable[[int], object]


def reindex(house: House, progress: Progress = lambda _count: None) -> dict[str, int]:
    """Mark what has no mark yet; how many phone numbers and names were marked."""
    counts = {"phones": 0, "names": 0}
    for name, step in (("phones", _phones), ("names", _names)):
        position: int | None = 0
        while position is not None:
            position, marked = step(house, position)
            counts[name] += marked
            progress(marked)
    return counts


def _phones(house: House, after: int) -> tuple[int | None, int]:
    with house.database.transaction() as db:
        logins = Logins(db, house.vault)
        query = select(Login).where(
            Login.id > after, Login.kind == PHONE, Login.tail_index.is_(None)
        )
        rows = db.scalars(query.order_by(Login.id).limit(BATCH).with_for_update()).all()
        marked = 0
        for row in rows:
            row.tail_index = tail_mark(house.vault, logins.clear(row))
            marked += row.tail_index is not None
        return (rows[-1].id if len(rows) == BATCH else None), marked


def _names(house: House, after: int) -> tuple[int | None, int]:
    with house.database.transaction() as db:
        profiles = Profiles(db, house.vault, Logins(db, house.vault))
        named = or_(Member.profile.is_not(None), Member.group_name.is_not(None))
        query = select(Member).where(Member.id > after, Member.name_index.is_(None), named)
        rows = db.scalars(query.order_by(Member.id).limit(BATCH).with_for_update()).all()
        marked = 0
        for row in rows:
            row.name_index = name_mark(house.vault, _name(profiles, row))
            marked += row.name_index is not None
        return (rows[-1].id if len(rows) == BATCH else None), marked


def _name(profiles: Profiles, member: Member) -> str | None:
    if member.kind == GROUP and member.group_name:
        return member.group_name
    try:
        return profiles.read(member.id).real_name
    except CannotOpen:
        return None
