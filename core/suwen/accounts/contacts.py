"""Phone numbers and e-mail addresses in one canonical form, so that each has one account."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from suwen.accounts.errors import BadAddress

PHONE: Final = "phone"
EMAIL: Final = "email"
HOME_COUNTRY: Final = "CN"
MAX_EMAIL: Final = 254
KINDS: Final = (PHONE, EMAIL)
"""Kinds that receive codes. Other kinds of logins are ids that a provider's plugin gives."""
_CHINA: Final = 86

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,22}", re.ASCII)
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_REACHED_BY_SMS: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True)
class Contact:
    """An address that can receive a code: ``value`` is E.164 or a lower-case e-mail address.

    With the kind of a provider's plugin it is what the provider calls the member.
    """

    kind: str
    value: str

    @property
    def reachable(self) -> bool:
        """Whether codes and messages can be sent there."""
        return self.kind in KINDS

    @property
    def masked(self) -> str:
        """Enough to recognise one's own, too little for anybody else."""
        return mask(self.kind, self.value)


def parse(text: str, field: str = "address") -> Contact:
    """Read what a person typed, full-width digits and spaces included; raises ``BadAddress``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if any(unicodedata.category(c) in _HIDDEN for c in plain):
        raise BadAddress(field)
    if "@" in plain:
        return Contact(EMAIL, _email(plain, field))
    return Contact(PHONE, _phone(plain, field))


def _email(plain: str, field: str) -> str:
    """Lower-case and in ASCII: names before the @ that need more could be look-alikes of another's."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(plain, allow_smtputf8=False, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise BadAddress(field) from None
    if found.ascii_email is None or len(found.ascii_email) > MAX_EMAIL:
        raise BadAddress(field)
    return found.ascii_email.lower()


def _phone(plain: str, field: str) -> str:
    if not _PHONE.fullmatch(plain):
        raise BadAddress(field)
    try:
        number = phonenumbers.parse(plain, HOME_COUNTRY)
    except NumberParseException:
        raise BadAddress(field) from None
    mobile = phonenumbers.number_type(number) in _REACHED_BY_SMS
    if number.extension or not phonenumbers.is_valid_number(number) or not mobile:
        raise BadAddress(field)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def national(e164: str) -> str:
    """A Chinese number without +86, another one as it is."""
    return e164.removeprefix(f"+{_CHINA}")


def mask(kind: str, value: str) -> str:
    """``138****5678`` or ``w***@example.cn``."""
    if kind == PHONE:
        short = national(value)
        return f"{short[:3]}****{short[-4:]}"
    if kind != EMAIL:
        return f"{value[:2]}***"
    name, _, domain = value.partition("@")
    return f"{name[:1]}***@{domain}"


def mask_name(name: str) -> str:
    """``王小明`` as ``王**``."""
    return name[:1] + "*" * min(max(len(name) - 1, 1), 3)
