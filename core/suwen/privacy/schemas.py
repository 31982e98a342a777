"""What the API accepts and says about requests."""

from __future__ import annotations

import colander

from suwen.forms.schemas import DateTimeOut, IdString, StrictBoolean, StrictInteger, Text


class ErasureIn(colander.MappingSchema):
    """``confirm`` is ERASE or 注销."""

    confirm = colander.SchemaNode(Text(), validator=colander.Length(max=20))
    forfeit_balance = colander.SchemaNode(StrictBoolean(), missing=False)


class LineOut(colander.MappingSchema):
    what = colander.SchemaNode(Text())
    action = colander.SchemaNode(Text())
    reason = colander.SchemaNode(Text(), missing="")
    count = colander.SchemaNode(StrictInteger(), missing=None)


class Lines(colander.SequenceSchema):
    line = LineOut()


class RequestOut(colander.MappingSchema):
    id = colander.SchemaNode(IdString())
    kind = colander.SchemaNode(Text())
    state = colander.SchemaNode(Text())
    progress = colander.SchemaNode(StrictInteger(0, 100))
    requested_at = colander.SchemaNode(DateTimeOut())
    due_at = colander.SchemaNode(DateTimeOut())
    finished_at = colander.SchemaNode(DateTimeOut(), missing=None)
    expires_at = colander.SchemaNode(DateTimeOut(), missing=None)
    size = colander.SchemaNode(StrictInteger(), missing=None)
    receipt_url = colander.SchemaNode(Text(), missing=None)
    lines = Lines(missing=colander.drop)
