"""What forms and the API accept and say about dependants."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import colander

from suwen.accounts.dependants import RELATIONS
from suwen.accounts.profiles import SEXES
from suwen.forms.names import PersonName
from suwen.forms.schemas import Day, IdString, StrictBoolean, StrictInteger, Text, listing
from suwen.kernel import clock
from suwen.kernel.i18n import _

EARLIEST: Final = date(1900, 1, 1)
MAX_NAME: Final = 60


def _past_day(node: colander.SchemaNode, value: date) -> None:
    if not EARLIEST <= value <= clock.today():
        raise colander.Invalid(node, _("出生日期不正确"))


def _name(**options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(PersonName(), validator=colander.Length(max=MAX_NAME), **options)


def _born(**options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(Day(), validator=_past_day, **options)


def _one_of(choices: tuple[str, ...], **options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(colander.String(), validator=colander.OneOf(choices), **options)


class DependantIn(colander.MappingSchema):
    """A dependant to be added."""

    relation = _one_of(RELATIONS)
    name = _name()
    birth_date = _born()
    sex = _one_of(SEXES, missing=None)


class DependantChange(colander.MappingSchema):
    """What is missing stays as it is."""

    relation = _one_of(RELATIONS, missing=colander.drop)
    name = _name(missing=colander.drop)
    birth_date = _born(missing=colander.drop)
    sex = _one_of(SEXES, missing=colander.drop)


class TakeOverIn(colander.MappingSchema):
    """What somebody confirms who takes his place."""

    name = _name()
    birth_date = _born()


class DependantOut(colander.MappingSchema):
    """A dependant."""

    subject_id = colander.SchemaNode(IdString())
    relation = colander.SchemaNode(Text())
    name = colander.SchemaNode(Text())
    birth_date = colander.SchemaNode(Day())
    sex = colander.SchemaNode(Text(), missing=None)
    age = colander.SchemaNode(StrictInteger(0))
    is_minor = colander.SchemaNode(StrictBoolean())
    is_linked = colander.SchemaNode(StrictBoolean())


DependantList = listing(DependantOut(name="dependant"))
