"""What the API says of archives."""

from __future__ import annotations

import colander

from suwen.archives.states import READABLE
from suwen.forms.schemas import (
    Anything,
    DateTimeOut,
    IdString,
    StrictBoolean,
    StrictInteger,
    Text,
    listing,
)


class DocumentOut(colander.MappingSchema):
    """A document."""

    id = colander.SchemaNode(IdString())
    file_name = colander.SchemaNode(Text())
    media_type = colander.SchemaNode(Text())
    size = colander.SchemaNode(StrictInteger(0))
    pages = colander.SchemaNode(StrictInteger(0))


class Documents(colander.SequenceSchema):
    """Documents of a record."""

    document = DocumentOut()


class RecordOut(colander.MappingSchema):
    """A record in the list."""

    id = colander.SchemaNode(Text())
    type = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    person = colander.SchemaNode(Text(), missing=None)
    state = colander.SchemaNode(Text(), validator=colander.OneOf(READABLE))
    released_at = colander.SchemaNode(DateTimeOut(), missing=None)
    is_new = colander.SchemaNode(StrictBoolean())


class RecordDetail(RecordOut):
    """A record that was opened."""

    facts = colander.SchemaNode(Anything())
    documents = Documents()


class AccessOut(colander.MappingSchema):
    """A read."""

    at = colander.SchemaNode(DateTimeOut())
    who = colander.SchemaNode(Text())
    action = colander.SchemaNode(Text())
    reason = colander.SchemaNode(Text(), missing="")


RecordList = listing(RecordOut())
AccessList = listing(AccessOut())
