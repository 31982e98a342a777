"""What forms and the API accept and say about the account's safety."""

from __future__ import annotations

import colander

from suwen.forms.schemas import (
    DateTimeOut,
    IdString,
    StrictBoolean,
    StrictInteger,
    Text,
    listing,
)


def _text(maximum: int, **options: object) -> colander.SchemaNode:
    return colander.SchemaNode(Text(), validator=colander.Length(max=maximum), **options)


class LoginCodesIn(colander.MappingSchema):
    """``replace`` and ``via`` are ids of the member's logins."""

    address = _text(254)
    replace = colander.SchemaNode(IdString(), missing=None)
    via = colander.SchemaNode(IdString(), missing=None)


class LoginIn(LoginCodesIn):
    code = _text(24)
    old_code = _text(24, missing=None)


class LoginCodesOut(colander.MappingSchema):
    old_address = colander.SchemaNode(Text(), missing=None)
    expires_in_s = colander.SchemaNode(StrictInteger())
    retry_after_s = colander.SchemaNode(StrictInteger())


class LoginOut(colander.MappingSchema):
    id = colander.SchemaNode(IdString())
    kind = colander.SchemaNode(Text())
    address = colander.SchemaNode(Text())
    receives_codes = colander.SchemaNode(StrictBoolean())
    verified_at = colander.SchemaNode(DateTimeOut())


class SessionOut(colander.MappingSchema):
    id = colander.SchemaNode(IdString())
    surface = colander.SchemaNode(Text())
    browser = colander.SchemaNode(Text(), missing=None)
    system = colander.SchemaNode(Text(), missing=None)
    created_at = colander.SchemaNode(DateTimeOut())
    seen_at = colander.SchemaNode(DateTimeOut())
    current = colander.SchemaNode(StrictBoolean())
    by_staff = colander.SchemaNode(StrictBoolean())


class TotpIn(colander.MappingSchema):
    """A dynamic code or, but at the first time, a recovery code."""

    totp = _text(24)


class TotpOut(colander.MappingSchema):
    enabled = colander.SchemaNode(StrictBoolean())
    recovery_codes_left = colander.SchemaNode(StrictInteger())


class EnrolmentOut(colander.MappingSchema):
    secret = colander.SchemaNode(Text())
    uri = colander.SchemaNode(Text())


class RecoveryCodeList(colander.SequenceSchema):
    code = colander.SchemaNode(Text())


class RecoveryCodesOut(colander.MappingSchema):
    recovery_codes = RecoveryCodeList()


def LoginList() -> colander.SchemaNode:  # noqa: N802 - reads like the schemas beside it
    return listing(LoginOut(name="login"))


def SessionList() -> colander.SchemaNode:  # noqa: N802 - as above
    return listing(SessionOut(name="session"))
