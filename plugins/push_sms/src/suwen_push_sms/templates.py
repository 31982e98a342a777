"""Approved templates: which one carries a kind of message, and with which variables.

Providers send nothing but approved templates. A region names one per kind of message:
``verification_code = SMS_154950909: code, minutes``. The names are those of the message's payload;
Aliyun takes them by name, Tencent Cloud in this order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(
    r"(?P<kind>[a-z][a-z0-9_]{0,39})\s*=\s*(?P<id>[A-Za-z0-9_]{1,40})"
    r"\s*(?:[:：]\s*(?P<names>[A-Za-z][A-Za-z0-9_]*(?:\s*[,，]\s*[A-Za-z][A-Za-z0-9_]*)*)?)?"
)


class TemplateLineError(ValueError):
    """A line that is no template; its text is the line."""


class NotFittingError(Exception):
    """The message does not fit its template; ``code`` says why."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template and its variables, in order."""

    id: str
    names: tuple[str, ...]


def read(text: str) -> Mapping[str, Template]:
    """Templates by kind of message; raises ``TemplateLineError``."""
    found: dict[str, Template] = {}
    for line in filter(None, (raw.strip() for raw in text.splitlines())):
        match = _LINE.fullmatch(line)
        if match is None or match["kind"] in found:
            raise TemplateLineError(line)
        names = re.split(r"\s*[,，]\s*", match["names"]) if match["names"] else []
        found[match["kind"]] = Template(match["id"], tuple(names))
    return found


def fill(template: Template, payload: Mapping[str, str]) -> str:
    """What a template needs of a payload, as JSON: the message in this channel's form."""
    values = {name: str(payload[name]) for name in template.names if name in payload}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def values_of(template: Template, text: str) -> Mapping[str, str]:
    """The values again, in the template's order; raises ``NotFittingError``."""
    try:
        found = json.loads(text)
    except ValueError:
        raise NotFittingError("not_rendered") from None
    if not isinstance(found, dict) or set(found) != set(template.names):
        raise NotFittingError("variables")
    return {name: str(found[name]) for name in template.names}
