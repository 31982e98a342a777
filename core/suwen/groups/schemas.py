"""What the API says of groups, and what it accepts."""

from __future__ import annotations

import colander

from suwen.forms.schemas import (
    DateTimeOut,
    Day,
    Fen,
    IdString,
    PageQuery,
    StrictBoolean,
    StrictInteger,
    Text,
    UploadedFile,
    listing,
)
from suwen.groups.access import ROLES
from suwen.groups.fulfilment import TITLES
from suwen.groups.ordering import MAX_AT_ONCE
from suwen.orders.schemas import CollectionIn


def _text(maximum: int, **options: object) -> colander.SchemaNode:
    return colander.SchemaNode(Text(), validator=colander.Length(max=maximum), **options)


class GroupOut(colander.MappingSchema):
    """A group that the member acts for."""

    id = colander.SchemaNode(IdString())
    name = colander.SchemaNode(Text())
    role = colander.SchemaNode(colander.String(), validator=colander.OneOf(ROLES))


class RosterQuery(PageQuery):
    """Filters and paging."""

    name = _text(60, missing="")
    department = _text(60, missing="")
    claimed = colander.SchemaNode(StrictBoolean(), missing=None)


class PersonIn(colander.MappingSchema):
    """A person for the roster."""

    name = _text(60)
    birth_date = _text(20)
    sex = _text(10, missing="")
    phone = _text(24, missing="")
    email = _text(254, missing="")
    department = _text(60, missing="")
    number = _text(40, missing="")


class PersonOut(colander.MappingSchema):
    """A person on the roster."""

    id = colander.SchemaNode(IdString())
    name = colander.SchemaNode(Text())
    birth_date = colander.SchemaNode(Day())
    sex = colander.SchemaNode(Text(), missing=None)
    phone = colander.SchemaNode(Text(), missing=None)
    email = colander.SchemaNode(Text(), missing=None)
    department = colander.SchemaNode(Text(), missing="")
    number = colander.SchemaNode(Text(), missing=None)
    claimed = colander.SchemaNode(StrictBoolean())


class ImportIn(colander.MappingSchema):
    """A sheet."""

    file = colander.SchemaNode(UploadedFile())


class Messages(colander.SequenceSchema):
    """What is wrong with a row."""

    message = colander.SchemaNode(Text())


class FaultOut(colander.MappingSchema):
    """A row that cannot be written."""

    row = colander.SchemaNode(StrictInteger(1))
    faults = Messages()


class ImportOut(colander.MappingSchema):
    """An import and how far it is."""

    id = colander.SchemaNode(IdString())
    state = colander.SchemaNode(Text())
    total = colander.SchemaNode(StrictInteger(0))
    faulty = colander.SchemaNode(StrictInteger(0))
    known = colander.SchemaNode(StrictInteger(0))
    written = colander.SchemaNode(StrictInteger(0))
    created_at = colander.SchemaNode(DateTimeOut())


class People(colander.SequenceSchema):
    """Ids of people of the roster."""

    person = colander.SchemaNode(IdString())


class BulkOrderIn(colander.MappingSchema):
    """One SKU for these people."""

    sku_id = colander.SchemaNode(IdString())
    people = People(validator=colander.Length(1, MAX_AT_ONCE))
    collection = CollectionIn()
    gateway = _text(60)


class BulkOrderOut(colander.MappingSchema):
    """What came of it: an order, or an intent where the gateway takes the money first."""

    order_number = colander.SchemaNode(Text(), missing=None)
    intent_code = colander.SchemaNode(Text(), missing=None)
    payable_fen = colander.SchemaNode(Fen())
    people = colander.SchemaNode(StrictInteger(1))


class Counts(colander.MappingSchema):
    """People by state."""

    assigned = colander.SchemaNode(StrictInteger(0))
    reported = colander.SchemaNode(StrictInteger(0))
    cancelled = colander.SchemaNode(StrictInteger(0))


class GroupOrderOut(colander.MappingSchema):
    """An order of the group."""

    number = colander.SchemaNode(Text())
    state = colander.SchemaNode(Text())
    product_name = colander.SchemaNode(Text())
    sku_name = colander.SchemaNode(Text())
    payable_fen = colander.SchemaNode(Fen())
    created_at = colander.SchemaNode(DateTimeOut())
    people = Counts()


class RecipientOut(colander.MappingSchema):
    """A person for whom something was ordered, and how far it is; never a result."""

    id = colander.SchemaNode(IdString())
    name = colander.SchemaNode(Text())
    department = colander.SchemaNode(Text(), missing="")
    state = colander.SchemaNode(colander.String(), validator=colander.OneOf(sorted(TITLES)))
    claimed = colander.SchemaNode(StrictBoolean())
    reported_at = colander.SchemaNode(DateTimeOut(), missing=None)


class ClaimIn(colander.MappingSchema):
    """Taking one's place."""

    code = _text(20)
    name = _text(60)
    birth_date = colander.SchemaNode(Day())


class PlaceOut(colander.MappingSchema):
    """A group on whose roster the member has his place."""

    id = colander.SchemaNode(IdString())
    group_name = colander.SchemaNode(Text())
    department = colander.SchemaNode(Text(), missing="")
    shares_results = colander.SchemaNode(StrictBoolean())


class ShareIn(colander.MappingSchema):
    """The version of the text that was read."""

    version = _text(12)


GroupList = listing(GroupOut(name="group"))
PersonList = listing(PersonOut(name="person"))
FaultList = listing(FaultOut(name="fault"))
GroupOrderList = listing(GroupOrderOut(name="order"))
RecipientList = listing(RecipientOut(name="recipient"))
PlaceList = listing(PlaceOut(name="place"))
