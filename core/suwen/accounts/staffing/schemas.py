"""What the pages about staff, roles and branches take; anything else in a form is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import colander

from suwen.accounts.roles import EVERYWHERE
from suwen.accounts.schemas import seen
from suwen.accounts.staffing.branches import BranchWish
from suwen.accounts.staffing.models import NO_BRANCH
from suwen.accounts.staffing.roles import RoleWish
from suwen.accounts.staffing.services import Wish
from suwen.forms.divisions import picked
from suwen.forms.schemas import IdString, StrictBoolean, StrictInteger, Text, validated

MAX_TITLE: Final = 60


def _text(limit: int, **options: Any) -> colander.SchemaNode:
    found = colander.All(colander.Length(max=limit), seen)
    return colander.SchemaNode(Text(), validator=found, **options)


class GrantSchema(colander.MappingSchema):
    """A role and where it counts."""

    role = _text(20)
    region = _text(12, missing=EVERYWHERE)
    branch = colander.SchemaNode(IdString(), missing=NO_BRANCH)


class NewStaffSchema(GrantSchema):
    """Somebody who becomes staff."""

    address = _text(254)
    title = _text(MAX_TITLE, missing="")
    invite = colander.SchemaNode(StrictBoolean(), missing=False)


class PlaceSchema(colander.MappingSchema):
    """What somebody is called, and below whom he stands."""

    title = _text(MAX_TITLE, missing="")
    parent = colander.SchemaNode(IdString(), missing=None)


class RoleSchema(colander.MappingSchema):
    """A role that administrators make; its permissions are read from the form's own list."""

    title = _text(40)
    note = _text(200, missing="")
    revision = colander.SchemaNode(StrictInteger(minimum=1), missing=1)


class BranchSchema(colander.MappingSchema):
    """A branch; its regions and permissions are read from the form's own lists."""

    code = _text(20, missing="")
    name = _text(80)
    kind = _text(12)
    region_code = _text(6)
    address = _text(200, missing="")
    phone = _text(40, missing="")
    revision = colander.SchemaNode(StrictInteger(minimum=1), missing=1)


class FilterSchema(colander.MappingSchema):
    """What to look for among staff."""

    q = _text(100, missing="")
    role = _text(20, missing="")
    region = _text(12, missing="")
    branch = colander.SchemaNode(IdString(), missing=NO_BRANCH)


def grant_wish(form: Mapping[str, Any]) -> Wish:
    """The role that a form asks for; raises ``Invalid``."""
    return wish_of(validated(GrantSchema(), form))


def wish_of(read: Mapping[str, Any]) -> Wish:
    """The role in what was read from a form."""
    return Wish(read["role"], read["region"], read["branch"])


def role_wish(form: Any) -> tuple[RoleWish, int]:
    """A role as a form wants it, and the revision that it knows; raises ``Invalid``."""
    read = validated(RoleSchema(), form)
    names = tuple(dict.fromkeys(form.getall("permissions")))
    return RoleWish(read["title"], read["note"], names), read["revision"]


def branch_wish(form: Any) -> tuple[BranchWish, int]:
    """A branch as a form wants it, and the revision that it knows; raises ``Invalid``."""
    seat = {"region_code": picked(form, "region_code")}
    read = validated(BranchSchema(), {**form, **seat})
    revision = read.pop("revision")
    read["code"] = read["code"].upper()
    read |= {name: tuple(form.getall(name)) for name in ("regions", "permissions")}
    return BranchWish(**read), revision
