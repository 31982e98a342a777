"""Findings of colander in the program's own words.

Colander's messages repeat what was entered and have no catalogue under our names of languages.
"""

from __future__ import annotations

from typing import Any, Final, cast

import colander

from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _


def invalid(error: colander.Invalid) -> Invalid:
    """Colander's finding as the error that surfaces know how to show."""
    return Invalid(_("提交的内容有误，请检查标出的项目"), fields=fields_of(error))


def fields_of(error: colander.Invalid) -> dict[str, str]:
    """The message of each field, by its path: ``items.0.quantity``."""
    found: dict[str, str] = {}
    for path in error.paths():
        name = ".".join(part for part in (step._keyname() for step in path) if part)  # noqa: SLF001
        for step in path:
            for message in step.messages():
                found.setdefault(name, reworded(message, step.node))
    return found


_WORDING: Final[dict[str, str]] = {
    "Required": _("请填写此项"),
    "Invalid email address": _("邮箱地址格式不正确"),
    "String does not match expected pattern": _("格式不正确"),
    "${val} is less than minimum value ${min}": _("不能小于 ${min}"),
    "${val} is greater than maximum value ${max}": _("不能大于 ${max}"),
    "Shorter than minimum length ${min}": _("至少 ${min} 个字"),
    "Longer than maximum length ${max}": _("最多 ${max} 个字"),
    '"${val}" is not one of ${choices}': _("请从给出的选项中选择"),
    "One or more of the choices you made was not acceptable": _("请从给出的选项中选择"),
    '"${val}" is not a number': _("请填写数字"),
    "Invalid date": _("日期格式不正确"),
    "Must be a URL": _("网址格式不正确"),
}
_WORDING_OF_LISTS: Final[dict[str, str]] = {
    "Shorter than minimum length ${min}": _("至少 ${min} 项"),
    "Longer than maximum length ${max}": _("最多 ${max} 项"),
}


def reworded(message: Any, node: colander.SchemaNode | None = None) -> str:
    """Colander's message in our words, which never repeat what was entered; others as they are."""
    if getattr(message, "domain", "colander") != "colander":
        return cast("str", message) if hasattr(message, "interpolate") else str(message)
    is_list = node is not None and isinstance(node.typ, colander.Sequence)
    ours = (_WORDING_OF_LISTS if is_list else {}).get(message) or _WORDING.get(message)
    if ours is None:
        plain = not hasattr(message, "domain")
        return str(message) if plain else _("填写的内容无效")
    filled = ours % message.mapping if getattr(message, "mapping", None) else ours
    return cast("str", filled)
