"""What the API says of distribution."""

from __future__ import annotations

import colander

from suwen.distribution.states import COMMISSION
from suwen.forms.schemas import Fen, IdString, StrictInteger, Text, listing


class ShareIn(colander.MappingSchema):
    """The product to share."""

    product_slug = colander.SchemaNode(Text(), validator=colander.Length(1, 80))


class ShareOut(colander.MappingSchema):
    """A share link."""

    code = colander.SchemaNode(Text())
    url = colander.SchemaNode(Text())
    qr_url = colander.SchemaNode(Text())
    poster_url = colander.SchemaNode(Text(), missing=None)


class JoinIn(colander.MappingSchema):
    """Acceptance of the terms."""

    accept_version = colander.SchemaNode(Text(), validator=colander.Length(1, 20))


class DistributorOut(colander.MappingSchema):
    """The member as distributor."""

    state = colander.SchemaNode(Text())
    terms_version = colander.SchemaNode(Text())


class CommissionOut(colander.MappingSchema):
    """A commission; it names neither order nor buyer nor test."""

    id = colander.SchemaNode(IdString())
    state = colander.SchemaNode(Text(), validator=colander.OneOf(sorted(COMMISSION.states)))
    level = colander.SchemaNode(StrictInteger(1, 2))
    amount_fen = colander.SchemaNode(Fen())
    date = colander.SchemaNode(Text())
    explanation = colander.SchemaNode(Text())


class TeamMember(colander.MappingSchema):
    """A member of the first level, by the day he came."""

    level = colander.SchemaNode(StrictInteger(1, 2))
    joined_on = colander.SchemaNode(Text())


class TeamItems(colander.SequenceSchema):
    """Direct members."""

    member = TeamMember()


class TeamOut(colander.MappingSchema):
    """Sizes of the two levels and the days of the first."""

    direct = colander.SchemaNode(StrictInteger(0))
    second = colander.SchemaNode(StrictInteger(0))
    items = TeamItems()
    next_cursor = colander.SchemaNode(Text(), missing=None)


CommissionList = listing(CommissionOut())
