"""A person as a roster knows him: how he is read, told apart, sealed and opened."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from suwen.accounts.contacts import EMAIL, PHONE, national, parse
from suwen.accounts.errors import BadAddress
from suwen.accounts.persons import plain
from suwen.forms.names import BadName, person
from suwen.kernel import clock
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from suwen.groups.models import RosterPerson
    from suwen.kernel.crypto import Cipher, Vault

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("姓名", "name", "full name"),
    "birth_date": ("出生日期", "生日", "出生年月日", "birth date", "date of birth"),
    "sex": ("性别", "sex", "gender"),
    "phone": ("手机号", "手机", "手机号码", "联系电话", "电话", "phone", "mobile"),
    "email": ("邮箱", "电子邮箱", "电子邮件", "email", "e-mail"),
    "department": ("部门", "科室", "班级", "department", "class"),
    "number": ("工号", "学号", "编号", "number", "staff number"),
}
"""Columns of a sheet with the headings that name them; the first is the template's."""
REQUIRED: Final = ("name", "birth_date")
TITLES: Final[Mapping[str, str]] = {
    "name": _("姓名"),
    "birth_date": _("出生日期"),
    "sex": _("性别"),
    "phone": _("手机号"),
    "email": _("邮箱"),
    "department": _("部门"),
    "number": _("工号"),
}
EARLIEST: Final = date(1900, 1, 1)
MAX_NAME: Final = 60
MAX_DEPARTMENT: Final = 60
MAX_NUMBER: Final = 40

MISSING: Final = _("请填写此项")
BAD_DATE: Final = _("出生日期不正确，请写成 1990-05-06")
BAD_SEX: Final = _("性别请填“男”或“女”，或者留空")
BAD_PHONE: Final = _("手机号不正确")
BAD_EMAIL: Final = _("邮箱不正确")
TOO_LONG: Final = _("内容过长")
BAD_TEXT: Final = _("含有不能使用的字符")

_SEXES: Final = {
    **dict.fromkeys(("男", "male", "m"), "male"),
    **dict.fromkeys(("女", "female", "f"), "female"),
}
_DATE: Final = re.compile(r"(\d{4})(?:\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})日?|(\d\d)(\d\d))", re.ASCII)
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)

Faults = dict[str, str]
"""Message by column."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a group says of a person. Name and birth date must be there."""

    name: str
    birth_date: date
    sex: str | None = None
    phone: str | None = None
    email: str | None = None
    number: str | None = None
    department: str = ""


def column_of(title: str) -> str | None:
    """The column that a heading names."""
    wanted = " ".join(unicodedata.normalize("NFKC", title).rstrip("*").casefold().split())
    for name, titles in COLUMNS.items():
        if wanted in titles:
            return name
    return None


def read(values: Mapping[str, str]) -> tuple[Facts | None, Faults]:
    """The person of these texts by column, or every fault that keeps him off the roster."""
    found: dict[str, Any] = {}
    faults: Faults = {}
    for name, reader in _READERS.items():
        text = unicodedata.normalize("NFC", values.get(name, "")).strip()
        if not text:
            if name in REQUIRED:
                faults[name] = MISSING
            continue
        try:
            found[name] = reader(text)
        except _Fault as fault:
            faults[name] = fault.text
    return (None, faults) if faults else (Facts(**found), faults)


class _Fault(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _name(text: str) -> str:
    if len(text) > MAX_NAME:
        raise _Fault(TOO_LONG)
    try:
        return person(text)
    except BadName as error:
        raise _Fault(error.text) from None


def birth_date(text: str) -> date:
    """``1990-05-06``, ``1990/5/6``, ``1990年5月6日``, ``19900506``; raises ``ValueError``."""
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    if match is None:
        raise ValueError(text)
    year, month, day, short_month, short_day = match.groups()
    found = date(int(year), int(month or short_month), int(day or short_day))
    if not EARLIEST <= found <= clock.today():
        raise ValueError(text)
    return found


def _birth_date(text: str) -> date:
    try:
        return birth_date(text)
    except ValueError:
        raise _Fault(BAD_DATE) from None


def _sex(text: str) -> str:
    found = _SEXES.get(unicodedata.normalize("NFKC", text).casefold())
    if found is None:
        raise _Fault(BAD_SEX)
    return found


def _phone(text: str) -> str:
    # The library that knows every country's numbers takes half a millisecond for each.
    if _MOBILE.fullmatch(text):
        return f"+86{text}"
    return _contact(text, PHONE, BAD_PHONE)


def _email(text: str) -> str:
    return _contact(text, EMAIL, BAD_EMAIL)


def _contact(text: str, kind: str, message: str) -> str:
    try:
        found = parse(text)
    except BadAddress:
        raise _Fault(message) from None
    if found.kind != kind:
        raise _Fault(message)
    return found.value


def _text(maximum: int) -> Any:
    def reader(text: str) -> str:
        if len(text) > maximum:
            raise _Fault(TOO_LONG)
        if not all(character.isprintable() for character in text):
            raise _Fault(BAD_TEXT)
        return " ".join(text.split())

    return reader


_READERS: Final[Mapping[str, Any]] = {
    "name": _name,
    "birth_date": _birth_date,
    "sex": _sex,
    "phone": _phone,
    "email": _email,
    "number": _text(MAX_NUMBER),
    "department": _text(MAX_DEPARTMENT),
}


def person_index(vault: Vault, group_id: int, facts: Facts) -> str:
    """Keyed hash of what tells people of one roster apart: name, birth date and number."""
    parts = (
        str(group_id),
        plain(facts.name),
        facts.birth_date.isoformat(),
        plain(facts.number or ""),
    )
    return vault.blind_index("roster person", "\0".join(parts))


def name_index(vault: Vault, group_id: int, name: str) -> str:
    """Keyed hash of a name, to look it up in one group's roster."""
    return vault.blind_index("roster name", f"{group_id}\0{plain(name)}")


def claim_index(vault: Vault, code: str) -> str:
    """Keyed hash of a code with which a person takes his place."""
    return vault.blind_index("roster claim", code.upper())


def seal(cipher: Cipher, person_id: int, facts: Facts, code: str) -> bytes:
    """The facts and the code as a row keeps them."""
    values = {**asdict(facts), "birth_date": facts.birth_date.isoformat(), "code": code}
    del values["department"]
    return cipher.seal(json.dumps(values, ensure_ascii=False), f"roster_person:sealed:{person_id}")


def unseal(cipher: Cipher, row: RosterPerson) -> tuple[Facts, str]:
    """Facts and code of a row."""
    values = json.loads(cipher.open_text(row.sealed, f"roster_person:sealed:{row.id}"))
    code = values.pop("code", "")
    born = date.fromisoformat(values.pop("birth_date"))
    return Facts(birth_date=born, department=row.department, **values), code


def as_texts(facts: Facts) -> dict[str, str]:
    """The facts as a form or a sheet shows them."""
    return {
        "name": facts.name,
        "birth_date": facts.birth_date.isoformat(),
        "sex": {"male": "男", "female": "女"}.get(facts.sex or "", ""),
        "phone": national(facts.phone) if facts.phone else "",
        "email": facts.email or "",
        "department": facts.department,
        "number": facts.number or "",
    }
