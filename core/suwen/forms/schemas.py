"""Types of colander schemas that the domains share: strict, bounded, documented.

JSON says which type a value has, so a number is never read from a string, nor from true. Forms and
query strings know text only: ``from_text`` reads the same schemas from it, with a strict grammar.
A type's ``json_schema()`` is what the OpenAPI document says of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, date, datetime
from typing import Any, ClassVar, Final

import colander

from suwen.forms.money import BadAmount, format_yuan, parse_yuan
from suwen.forms.wording import invalid
from suwen.kernel.i18n import _

MAX_INTEGER: Final = 2**63 - 1
"""What a column of the database can hold."""
MAX_FEN: Final = 10**13
"""A hundred billion yuan: more is a mistake."""
DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_TRUE: Final = frozenset({"true", "1", "on", "yes"})
_FALSE: Final = frozenset({"false", "0", "off", "no"})

JsonSchema = dict[str, Any]


def from_text(schema: colander.SchemaNode, values: Mapping[str, Any], **bindings: Any) -> Any:
    """Deserialize the text of a form or query string; raises ``colander.Invalid``."""
    return schema.bind(text=True, **bindings).deserialize(dict(values))


def validated(schema: colander.SchemaNode, values: Mapping[str, Any], **bindings: Any) -> Any:
    """``from_text`` for views: raises our ``Invalid`` with the message beside each field."""
    try:
        return from_text(schema, values, **bindings)
    except colander.Invalid as error:
        raise invalid(error) from None


def _is_text(node: colander.SchemaNode) -> bool:
    return bool((node.bindings or {}).get("text"))


class _Strict(colander.SchemaType):
    """Base: null and None mean "not given"; what is written out is the value itself."""

    def serialize(self, node: colander.SchemaNode, appstruct: Any) -> Any:  # noqa: ARG002
        """For forms that show a stored value."""
        return appstruct if appstruct is colander.null else str(appstruct)

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        """Read a value; raises ``colander.Invalid``."""
        if cstruct is colander.null or cstruct is None:
            return colander.null
        if isinstance(cstruct, str) and _is_text(node):
            cstruct = cstruct.strip()
        if isinstance(cstruct, str) and not cstruct:
            return colander.null
        return self.read(node, cstruct)

    def read(self, node: colander.SchemaNode, value: Any) -> Any:
        """Read what is there."""
        raise NotImplementedError


class StrictInteger(_Strict):
    """A whole number: never a float, a boolean or a string, and never outside its range."""

    def __init__(self, minimum: int = -MAX_INTEGER, maximum: int = MAX_INTEGER) -> None:
        self.minimum, self.maximum = minimum, maximum

    def read(self, node: colander.SchemaNode, value: Any) -> int:
        if isinstance(value, str) and _is_text(node) and _INTEGER.fullmatch(value):
            value = int(value)
        if type(value) is not int:
            raise colander.Invalid(node, _("请填写整数"))
        if value < self.minimum:
            raise colander.Invalid(node, _("不能小于 ${min}", mapping={"min": self.minimum}))
        if value > self.maximum:
            raise colander.Invalid(node, _("不能大于 ${max}", mapping={"max": self.maximum}))
        return value

    def json_schema(self) -> JsonSchema:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


class Fen(StrictInteger):
    """Money in fen (1/100 yuan)."""

    def __init__(self, minimum: int = 0, maximum: int = MAX_FEN) -> None:
        super().__init__(minimum, maximum)


class Yuan(_Strict):
    """Money as people type it, ``12`` or ``12.50`` yuan in ASCII digits, read as fen."""

    def read(self, node: colander.SchemaNode, value: Any) -> int:
        try:
            return parse_yuan(value if isinstance(value, str) else "")
        except BadAmount as error:
            raise colander.Invalid(node, error.text) from None

    def serialize(self, node: colander.SchemaNode, appstruct: Any) -> Any:  # noqa: ARG002
        if appstruct is colander.null:
            return appstruct
        return format_yuan(appstruct)

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "pattern": "^[0-9]{1,9}([.][0-9]{1,2})?$"}


class StrictBoolean(_Strict):
    """true or false."""

    def read(self, node: colander.SchemaNode, value: Any) -> bool:
        if isinstance(value, str) and _is_text(node):
            word = value.lower()
            value = True if word in _TRUE else False if word in _FALSE else value
        if not isinstance(value, bool):
            raise colander.Invalid(node, _("请填写是或否"))
        return value

    def serialize(self, node: colander.SchemaNode, appstruct: Any) -> Any:  # noqa: ARG002
        return appstruct if appstruct is colander.null else "true" if appstruct else "false"

    def json_schema(self) -> JsonSchema:
        return {"type": "boolean"}


class Text(_Strict):
    """Text: trimmed, in Unicode's composed form, without control characters.

    ``multiline`` allows line breaks. The length is bounded by a validator of the node.
    """

    def __init__(self, *, multiline: bool = False) -> None:
        self.multiline = multiline

    def read(self, node: colander.SchemaNode, value: Any) -> Any:
        if not isinstance(value, str):
            raise colander.Invalid(node, _("请填写文字"))
        value = unicodedata.normalize("NFC", value.replace("\r\n", "\n").strip())
        allowed = "\n\t" if self.multiline else ""
        if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in value):
            raise colander.Invalid(node, _("含有不能使用的字符"))
        return value or colander.null

    def json_schema(self) -> JsonSchema:
        return {"type": "string"}


class _Pattern(_Strict):
    pattern: ClassVar[re.Pattern[str]]
    message: ClassVar[str]

    def read(self, node: colander.SchemaNode, value: Any) -> Any:
        if not isinstance(value, str) or not self.pattern.fullmatch(value):
            raise colander.Invalid(node, self.message)
        return value

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "pattern": f"^{self.pattern.pattern}$"}


class IdString(_Pattern):
    """An id: a string of digits in JSON, because JavaScript loses bits of large numbers."""

    pattern = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
    message = _("编号不正确")

    def read(self, node: colander.SchemaNode, value: Any) -> int:
        number = int(super().read(node, value))
        if number > MAX_INTEGER:
            raise colander.Invalid(node, self.message)
        return number


class DivisionCode(_Pattern):
    """A GB/T 2260 division code or the prefix of one: ``4306``, ``430602``."""

    pattern = re.compile(r"[1-9][0-9]{1,5}", re.ASCII)
    message = _("地区代码不正确")


class Day(_Strict):
    """A calendar day, ``2026-11-22``."""

    def read(self, node: colander.SchemaNode, value: Any) -> date:
        refused = colander.Invalid(node, _("日期格式不正确"))
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            raise refused
        try:
            found = date.fromisoformat(value)
        except ValueError:  # the 30th of February
            raise refused from None
        if found.year in {
            MINYEAR,
            MAXYEAR,
        }:  # a day's beginning or end elsewhere may be beyond time
            raise refused
        return found

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "format": "date"}


class DateTimeOut(_Strict):
    """A moment in an answer: RFC 3339 with an offset."""

    def read(self, node: colander.SchemaNode, value: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise colander.Invalid(node, _("时间格式不正确")) from None
        if moment.tzinfo is None:
            raise colander.Invalid(node, _("时间格式不正确"))
        return moment

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "format": "date-time"}


class MapOf(_Strict):
    """An object whose keys are not known beforehand, such as answers by the number of the item."""

    def __init__(self, value: Any, *, max_items: int = 500, key: str = r".{1,64}") -> None:
        """``value`` is the type of every value, ``key`` the pattern of every key."""
        self.value, self.max_items, self.key = value, max_items, key

    def read(self, node: colander.SchemaNode, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > self.max_items:
            raise colander.Invalid(node, _("填写的内容无效"))
        error, found = colander.Invalid(node), {}
        for number, (name, item) in enumerate(value.items()):
            child = colander.SchemaNode(self.value, name=str(name)).bind(text=_is_text(node))
            if not re.fullmatch(self.key, str(name)):
                error.add(colander.Invalid(child, _("填写的内容无效")), number)
                continue
            try:
                found[str(name)] = child.deserialize(item)
            except colander.Invalid as problem:
                error.add(problem, number)
        if error.children:
            raise error
        return found

    def json_schema(self) -> JsonSchema:
        return {
            "type": "object",
            "maxProperties": self.max_items,
            "propertyNames": {"pattern": f"^{self.key}$"},
            "additionalProperties": self.value.json_schema(),
        }


class UploadedFile(_Strict):
    """A file of a multipart form, as WebOb gives it: ``.filename`` and ``.file``."""

    def read(self, node: colander.SchemaNode, value: Any) -> Any:
        if not getattr(value, "filename", None):
            raise colander.Invalid(node, _("请选择文件"))
        return value

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "contentMediaType": "application/octet-stream"}


class Anything(_Strict):
    """Any JSON value, in an answer whose shape a plugin decides."""

    def read(self, node: colander.SchemaNode, value: Any) -> Any:  # noqa: ARG002
        return value

    def json_schema(self) -> JsonSchema:
        return {}


class PageQuery(colander.MappingSchema):
    """Query of every list: how many, and where the page before ended."""

    limit = colander.SchemaNode(StrictInteger(1, MAX_LIMIT), missing=DEFAULT_LIMIT)
    cursor = colander.SchemaNode(Text(), validator=colander.Length(max=200), missing=None)


def listing(item: colander.SchemaNode) -> colander.SchemaNode:
    """Schema of a list's answer: ``items`` and ``next_cursor`` (null at the end)."""
    answer = colander.SchemaNode(colander.Mapping())
    answer.add(colander.SchemaNode(colander.Sequence(), item, name="items"))
    answer.add(colander.SchemaNode(Text(), name="next_cursor", missing=None))
    return answer
