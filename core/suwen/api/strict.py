"""JSON as its types say: colander's own types would read ``"3"``, ``3.7`` and ``true`` as 3.

Also refused, wherever it stands: NUL and lone surrogates, which no database stores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import colander

from suwen.kernel.i18n import _

Test = Callable[[Any], bool]


def _is_integer(value: Any) -> bool:
    return type(value) is int


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_TESTS: Final[Mapping[type, tuple[Test, str]]] = {
    colander.String: (_is_text, _("请填写文字")),
    colander.Integer: (_is_integer, _("请填写整数")),
    colander.Float: (_is_number, _("请填写数字")),
    colander.Decimal: (_is_text, _("请填写文字")),
    colander.Boolean: (lambda value: isinstance(value, bool), _("请填写是或否")),
    colander.Date: (_is_text, _("日期格式不正确")),
    colander.DateTime: (_is_text, _("时间格式不正确")),
    colander.Time: (_is_text, _("时间格式不正确")),
    colander.Mapping: (lambda value: isinstance(value, dict), _("应为 JSON 对象")),
    colander.Sequence: (lambda value: isinstance(value, list), _("应为 JSON 数组")),
    colander.Set: (lambda value: isinstance(value, list), _("应为 JSON 数组")),
}


def checked(node: colander.SchemaNode, value: Any) -> Any:
    """``value`` with null for "not given"; raises ``colander.Invalid`` where a type is wrong."""
    if value is None:
        return colander.null
    found = _TESTS.get(type(node.typ))
    if found is not None and not found[0](value):
        raise colander.Invalid(node, found[1])
    if isinstance(node.typ, colander.Mapping) and isinstance(value, dict):
        return _object(node, value)
    if isinstance(node.typ, colander.Sequence) and isinstance(value, list):
        return _array(node, value)
    if not storable(value):
        raise colander.Invalid(node, _("含有不能使用的字符"))
    return value


def _object(node: colander.SchemaNode, value: Mapping[str, Any]) -> dict[str, Any]:
    error, result = colander.Invalid(node), dict(value)
    for number, child in enumerate(node.children):
        if child.name not in value:
            continue
        try:
            result[child.name] = checked(child, value[child.name])
        except colander.Invalid as problem:
            error.add(problem, number)
    if error.children:
        raise error
    return result


def _array(node: colander.SchemaNode, value: list[Any]) -> list[Any]:
    error, result = colander.Invalid(node), []
    for number, item in enumerate(value):
        try:
            result.append(checked(node.children[0], item))
        except colander.Invalid as problem:
            error.add(problem, number)
    if error.children:
        raise error
    return result


def storable(value: Any) -> bool:
    """Whether all text in a JSON value can be stored."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return all(storable(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(storable(part) for part in value)
    return True
