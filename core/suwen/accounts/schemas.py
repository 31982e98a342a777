"""What forms and the API accept and say about accounts."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any, Final

import colander

from suwen.accounts.addresses import BOTH, PURPOSES
from suwen.accounts.codes import PURPOSES as CODE_PURPOSES
from suwen.accounts.models import INDIVIDUAL, KINDS, NATURES
from suwen.accounts.profiles import SEXES
from suwen.forms.names import INVISIBLE, PersonName, PublicName
from suwen.forms.schemas import (
    DateTimeOut,
    Day,
    DivisionCode,
    IdString,
    StrictBoolean,
    StrictInteger,
    Text,
    listing,
)
from suwen.kernel import clock
from suwen.kernel.i18n import LOCALES, _

EARLIEST: Final = date(1900, 1, 1)
_UNSEEN: Final = frozenset({"Cf", "Co", "Cn", "Zl", "Zp"})


def _text(maximum: int, **options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(Text(), validator=colander.Length(max=maximum), **options)


def _name(kind: type[Text], maximum: int, **options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(kind(), validator=colander.Length(max=maximum), **options)


def _one_of(choices: tuple[str, ...], **options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(colander.String(), validator=colander.OneOf(choices), **options)


class Secret(Text):
    """A password exactly as typed: neither trimmed nor composed anew."""

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if cstruct is colander.null or cstruct is None or cstruct == "":
            return colander.null
        if not isinstance(cstruct, str) or "\x00" in cstruct or not _encodes(cstruct):
            raise colander.Invalid(node, _("含有不能使用的字符"))
        return cstruct


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _secret(**options: Any) -> colander.SchemaNode:
    return colander.SchemaNode(Secret(), validator=colander.Length(max=1024), **options)


def _visible(maximum: int, **options: Any) -> colander.SchemaNode:
    """Text whose every sign can be seen."""
    found = colander.All(colander.Length(max=maximum), seen)
    kind = options.pop("kind", None) or Text()
    return colander.SchemaNode(kind, validator=found, **options)


class _Lines(Text):
    """Text that may be typed in several lines and is kept as one."""

    def __init__(self) -> None:
        super().__init__(multiline=True)

    def read(self, node: colander.SchemaNode, value: Any) -> Any:
        text = super().read(node, value)
        return " ".join(text.split()) if isinstance(text, str) else text


def seen(node: colander.SchemaNode, value: str) -> None:
    """Refuse what cannot be seen."""
    if any(unicodedata.category(sign) in _UNSEEN for sign in value):
        raise colander.Invalid(node, INVISIBLE)


def _past_day(node: colander.SchemaNode, value: date) -> None:
    if not EARLIEST <= value <= clock.today():
        raise colander.Invalid(node, _("出生日期不正确"))


class CodeIn(colander.MappingSchema):
    address = _text(254)
    purpose = _one_of(CODE_PURPOSES)


class CodeOut(colander.MappingSchema):
    expires_in_s = colander.SchemaNode(StrictInteger())
    retry_after_s = colander.SchemaNode(StrictInteger())


class GroupIn(colander.MappingSchema):
    name = _name(PublicName, 80)
    nature = _one_of(NATURES)


def group_fits(node: colander.SchemaNode, value: dict[str, Any]) -> None:
    if value["kind"] != INDIVIDUAL and not value.get("group"):
        error = colander.Invalid(node)
        error["group"] = _("请填写单位名称与性质")
        raise error


class RegistrationIn(colander.MappingSchema):
    kind = _one_of(KINDS, missing=INDIVIDUAL)
    address = _text(254)
    code = _text(24)
    password = _secret()
    group = GroupIn(missing=None)
    referral_code = _text(40, missing=None)
    region_code = colander.SchemaNode(DivisionCode(), missing=None)


class SignInIn(colander.MappingSchema):
    address = _text(254)
    password = _secret(missing=None)
    code = _text(24, missing=None)
    totp = _text(24, missing=None)


class ResetIn(colander.MappingSchema):
    address = _text(254)
    code = _text(24)
    password = _secret()


class PasswordIn(colander.MappingSchema):
    password = _secret()


class RefreshIn(colander.MappingSchema):
    refresh_token = _text(100)


class StepUpIn(colander.MappingSchema):
    password = _secret(missing=None)
    code = _text(24, missing=None)
    totp = _text(24, missing=None)


class TokensOut(colander.MappingSchema):
    access_token = colander.SchemaNode(Text())
    refresh_token = colander.SchemaNode(Text())
    expires_at = colander.SchemaNode(DateTimeOut())
    token_type = colander.SchemaNode(Text())


class StepUpOut(colander.MappingSchema):
    elevated_until = colander.SchemaNode(DateTimeOut())


class GroupOut(colander.MappingSchema):
    name = colander.SchemaNode(Text(), missing=None)
    nature = colander.SchemaNode(Text(), missing=None)


class Names(colander.SequenceSchema):
    name = colander.SchemaNode(Text())


class CompletionOut(colander.MappingSchema):
    """How complete the profile is; ``missing`` names fields, and ``delivery_address``."""

    percent = colander.SchemaNode(StrictInteger(0, 100))
    missing = Names()


class MeOut(colander.MappingSchema):
    id = colander.SchemaNode(IdString())
    kind = colander.SchemaNode(Text())
    display_name = colander.SchemaNode(Text())
    phone = colander.SchemaNode(Text(), missing=None)
    email = colander.SchemaNode(Text(), missing=None)
    real_name = colander.SchemaNode(Text(), missing=None)
    birth_date = colander.SchemaNode(Day(), missing=None)
    sex = colander.SchemaNode(Text(), missing=None)
    occupation = colander.SchemaNode(Text(), missing=None)
    region_code = colander.SchemaNode(Text(), missing=None)
    locale = colander.SchemaNode(Text())
    name = colander.SchemaNode(Text(), missing=None)
    nature = colander.SchemaNode(Text(), missing=None)
    group = GroupOut(missing=None)
    subject_id = colander.SchemaNode(IdString())
    totp = colander.SchemaNode(StrictBoolean())
    permissions = Names()
    completion = CompletionOut()


class RegisteredOut(TokensOut):
    member = MeOut()


class ProfileIn(colander.MappingSchema):
    """What is missing stays as it is."""

    real_name = _name(PersonName, 60, missing=colander.drop)
    birth_date = colander.SchemaNode(Day(), validator=_past_day, missing=colander.drop)
    sex = _one_of(SEXES, missing=colander.drop)
    occupation = _visible(60, missing=colander.drop)
    region_code = colander.SchemaNode(DivisionCode(), missing=colander.drop)
    locale = _one_of(LOCALES, missing=colander.drop)
    name = _name(PublicName, 80, missing=colander.drop)
    nature = _one_of(NATURES, missing=colander.drop)
    group = GroupIn(missing=colander.drop)


class AddressIn(colander.MappingSchema):
    recipient = _name(PublicName, 60)
    phone = _text(24)
    region_code = colander.SchemaNode(DivisionCode())
    detail = _visible(200, kind=_Lines())
    is_default = colander.SchemaNode(StrictBoolean(), missing=False)
    purpose = _one_of(tuple(PURPOSES), missing=BOTH)


class AddressChange(colander.MappingSchema):
    recipient = _name(PublicName, 60, missing=colander.drop)
    phone = _text(24, missing=colander.drop)
    region_code = colander.SchemaNode(DivisionCode(), missing=colander.drop)
    detail = _visible(200, kind=_Lines(), missing=colander.drop)
    is_default = colander.SchemaNode(StrictBoolean(), missing=colander.drop)
    purpose = _one_of(tuple(PURPOSES), missing=colander.drop)


class AddressOut(colander.MappingSchema):
    id = colander.SchemaNode(IdString())
    recipient = colander.SchemaNode(Text())
    phone = colander.SchemaNode(Text())
    region_code = colander.SchemaNode(Text())
    detail = colander.SchemaNode(Text())
    is_default = colander.SchemaNode(StrictBoolean())
    purpose = _one_of(tuple(PURPOSES))


class ConsentIn(colander.MappingSchema):
    purpose = _text(20)
    version = _text(12, missing=None)
    subject_id = colander.SchemaNode(IdString(), missing=None)


class ConsentQuery(colander.MappingSchema):
    """Without a subject it is the member himself; the audience is a group's id."""

    subject_id = colander.SchemaNode(IdString(), missing=None)
    audience_id = colander.SchemaNode(IdString(), missing=None)


class ConsentOut(colander.MappingSchema):
    purpose = colander.SchemaNode(Text())
    subject_id = colander.SchemaNode(IdString())
    required = colander.SchemaNode(StrictBoolean())
    audience_id = colander.SchemaNode(IdString(), missing=None)
    version = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    text = colander.SchemaNode(Text())
    effect = colander.SchemaNode(Text())
    withdrawable = colander.SchemaNode(StrictBoolean())
    given = colander.SchemaNode(StrictBoolean())
    given_version = colander.SchemaNode(Text(), missing=None)
    given_at = colander.SchemaNode(DateTimeOut(), missing=None)


def AddressList() -> colander.SchemaNode:  # noqa: N802 - reads like the schemas beside it
    return listing(AddressOut(name="address"))


def ConsentList() -> colander.SchemaNode:  # noqa: N802 - as above
    return listing(ConsentOut(name="consent"))
