"""What the forms of the member directory accept. What no schema names is not looked at."""

from __future__ import annotations

from typing import Any, Final

import colander

from suwen.accounts.models import INDIVIDUAL, KINDS
from suwen.accounts.people.wanted import NO_BRANCH, STATES, TABS
from suwen.accounts.schemas import ProfileIn
from suwen.forms.schemas import Day, IdString, StrictBoolean, Text
from suwen.kernel.i18n import _

LOOK: Final = r"(phone|email|tail|name)\.[0-9a-f]{64}|id\.[0-9]{12,19}"
REGION: Final = r"[1-9][0-9]{1,5}"


def _text(maximum: int, **options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(Text(), validator=colander.Length(max=maximum), **options)


def _one_of(choices: tuple[str, ...], **options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(Text(), validator=colander.OneOf(choices), **options)


def _pattern(pattern: str, **options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(Text(), validator=colander.Regex(f"^(?:{pattern})$"), **options)


class FilterIn(colander.MappingSchema):
    """Query of the list; everything is optional."""

    tab = _one_of(TABS, missing=None)
    look = _pattern(LOOK, missing=None)
    role = _text(20, missing=None)
    kind = _one_of(KINDS, missing=None)
    region = _pattern(REGION, missing=None)
    branch = _pattern(rf"{NO_BRANCH}|[1-9][0-9]{{0,18}}", missing=None)
    state = _one_of(STATES, missing=None)
    since = colander.SchemaNode(Day(), missing=None)
    until = colander.SchemaNode(Day(), missing=None)
    tag = _text(40, missing=None)
    second_factor = colander.SchemaNode(StrictBoolean(), missing=None)


FILTERS: Final = tuple(node.name for node in FilterIn().children)


class NewMemberIn(ProfileIn):
    """A member made for somebody at the counter: his address, and of his profile what he tells."""

    address = _text(254)
    kind = _one_of(KINDS)
    region_code = _pattern(REGION)
    branch_id = colander.SchemaNode(IdString(), missing=None)


def group_is_named(values: dict[str, Any]) -> dict[str, str]:
    """What a group lacks, by field."""
    if values["kind"] == INDIVIDUAL:
        return {}
    wanted = {"name": _("请填写单位名称"), "nature": _("请选择单位性质")}
    return {name: text for name, text in wanted.items() if not values.get(name)}
