"""Names as people write them: no invisible signs, no letters that only look like others.

After Unicode UTS 39: one script, or those that East Asian names mix ("highly restrictive"). A name
that others see may also not pass for the house's own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

import colander

from suwen.forms.schemas import JsonSchema, Text
from suwen.kernel.errors import Invalid, Message
from suwen.kernel.i18n import _

INVISIBLE: Final[str] = _("含有看不见的字符，请手工重新输入")
UNUSUAL: Final[str] = _("含有不能用于名称的字符")
MIXED: Final[str] = _("混用了形似的不同文字，请只用一种文字填写")
EMPTY: Final[str] = _("请填写文字")
RESERVED: Final[str] = _("这个名称容易被误认为是平台，请换一个")

_EAST_ASIAN: Final = frozenset(
    {"LATIN", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"}
)
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5\u034f")
_IN_PERSONS: Final = frozenset(" 0123456789.,'’-‐·•‧・")
_MARKS_IN_A_ROW: Final = 2
_DASHES: Final = re.compile(r"[\s_.\-‐–—·•‧・|/\\~*#@!()（）【】\[\]<>《》]+")

_LOOK_ALIKES: Final = str.maketrans(
    "аеорсухіјѕԁɡһкмтвнαορνιτυκ01345ıi|",
    "aeopcyxljsdghkmtbhaopvltukoleaslll",
)
"""Letters and digits that pass for Latin ones; enough for the words below. i, l and 1 are one."""
_OURS: Final = ("素问", "素問", "suwen", "官方", "客服中心", "平台客服", "系统管理员")
"""No public name may hold these."""
_OFFICE_WORDS: Final = """
管理员 超级管理员 客服 在线客服 人工客服 系统 系统消息 系统通知 平台 工作人员 安全中心 审计员 财务 收银员 匿名 会员 游客 未知
admin administrator root system support service customerservice staff official security help helpdesk info
moderator webmaster postmaster hostmaster noreply anonymous guest member null undefined test api www
"""
_OFFICES: Final = frozenset(word.translate(_LOOK_ALIKES) for word in _OFFICE_WORDS.split())
"""No public name may be one of these, digits behind it or not."""


class BadName(Invalid):
    """A name that hides or pretends something."""

    code = "bad_name"

    def __init__(self, text: Message, field: str) -> None:
        """Put the finding beside its field."""
        super().__init__(text, fields={field: text})


def person(text: str, field: str = "real_name") -> str:
    """A person's name, cleaned; raises ``BadName`` at ``field``."""
    name = _composed(text)
    _refuse(_fault(name) or _unusual(name, _of_person), field)
    return name


def public(text: str, field: str = "name") -> str:
    """A name that others see (a group's, a nickname), cleaned; raises ``BadName`` at ``field``."""
    name = _composed(text)
    _refuse(_fault(name) or _unusual(name, _of_title) or _pretends(name), field)
    return name


def _refuse(fault: Message | None, field: str) -> None:
    if fault is not None:
        raise BadName(fault, field)


def _composed(text: str) -> str:
    """Composed, trimmed, with single spaces."""
    return re.sub(r"[ \u00a0\u2000-\u200a\u3000]+", " ", unicodedata.normalize("NFC", text)).strip()


def _fault(name: str) -> Message | None:
    if any(unicodedata.category(c) in _HIDDEN_CATEGORIES or c in _BLANK_LETTERS for c in name):
        return INVISIBLE
    if not any(c.isalnum() for c in name):
        return EMPTY
    scripts = {_script(c) for c in name if c.isalpha()}
    if len(scripts) > 1 and not scripts <= _EAST_ASIAN:
        return MIXED
    return None


def _script(letter: str) -> str:
    """The first word of a character's name is its script, except for wide and narrow forms."""
    name = unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "UNKNOWN")
    return name.partition(" ")[0].partition("-")[0]


def _unusual(name: str, allowed: Any) -> Message | None:
    marks = 0
    for c in name:
        marks = marks + 1 if unicodedata.combining(c) else 0
        if marks > _MARKS_IN_A_ROW or not allowed(c):
            return UNUSUAL
    return None


def _of_person(c: str) -> bool:
    return c in _IN_PERSONS or (unicodedata.category(c)[0] in "LM" and not _ornament(c))


def _of_title(c: str) -> bool:
    return c in "+&" or c == " " or (unicodedata.category(c)[0] in "LMNP" and not _ornament(c))


def _ornament(c: str) -> bool:
    """A letter or digit in disguise, such as 𝐚 or ①; full-width forms are plain writing."""
    return unicodedata.normalize("NFKC", c) != c and not "\uff01" <= c <= "\uff5e"


def _pretends(name: str) -> Message | None:
    plain = _DASHES.sub("", unicodedata.normalize("NFKC", name).casefold())
    seen, bare = plain.translate(_LOOK_ALIKES), plain.rstrip("0123456789").translate(_LOOK_ALIKES)
    if any(word.translate(_LOOK_ALIKES) in seen for word in _OURS):
        return RESERVED
    return RESERVED if {seen, bare} & _OFFICES else None


class _Name(Text):
    """Base of the two types below."""

    clean: Any

    def read(self, node: colander.SchemaNode, value: Any) -> Any:
        text = value if isinstance(value, str) else super().read(node, value)
        try:
            return type(self).clean(text)
        except BadName as error:
            raise colander.Invalid(node, error.text) from None


class PersonName(_Name):
    """A person's real name or nickname for oneself."""

    clean = staticmethod(person)


class PublicName(_Name):
    """A name that others see: a group's, a branch's, an administrator's."""

    clean = staticmethod(public)

    def json_schema(self) -> JsonSchema:
        return {"type": "string"}
