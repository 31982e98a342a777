"""What the API says of a member's account."""

from __future__ import annotations

import colander

from suwen.forms.schemas import MAX_FEN, DateTimeOut, Fen, Text, listing
from suwen.ledger.accounts import MEMBER_KINDS


class AccountOut(colander.MappingSchema):
    """A member's balances (账户余额)."""

    available_fen = colander.SchemaNode(Fen())
    frozen_fen = colander.SchemaNode(Fen())
    debt_fen = colander.SchemaNode(Fen())


class AccountEntryOut(colander.MappingSchema):
    """A line of the statement; in the account ``debt`` a positive amount is a debt that grew."""

    id = colander.SchemaNode(Text())
    kind = colander.SchemaNode(Text())
    account = colander.SchemaNode(Text(), validator=colander.OneOf(MEMBER_KINDS))
    title = colander.SchemaNode(Text())
    amount_fen = colander.SchemaNode(Fen(-MAX_FEN))
    occurred_at = colander.SchemaNode(DateTimeOut())


AccountEntryList = listing(AccountEntryOut())
