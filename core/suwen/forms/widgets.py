"""Widgets: deform's own where they fit, ours for numbers, e-mail, money, dates, files and secrets.

Each names a template in ``themes/<name>/deform/``; none needs a script. A plugin may use deform's
TextInputWidget, TextAreaWidget, SelectWidget, RadioChoiceWidget, CheckboxWidget,
CheckboxChoiceWidget, PasswordWidget, HiddenWidget, MappingWidget and SequenceWidget as they are.
"""

from __future__ import annotations

import re
from typing import Any, Final

import colander
from deform import widget as deform_widgets
from deform.widget import (
    CheckboxChoiceWidget,
    CheckboxWidget,
    HiddenWidget,
    PasswordWidget,
    RadioChoiceWidget,
    SelectWidget,
    TextAreaWidget,
    TextInputWidget,
)

from suwen.forms import schemas
from suwen.kernel.i18n import _
from suwen.kernel.themes.filters import fen_plain

__all__ = [
    "CheckboxChoiceWidget",
    "CheckboxWidget",
    "DateWidget",
    "EmailWidget",
    "FileWidget",
    "HiddenWidget",
    "MoneyWidget",
    "NumberWidget",
    "PasswordWidget",
    "PhoneWidget",
    "RadioChoiceWidget",
    "SecretWidget",
    "SelectWidget",
    "TextAreaWidget",
    "TextInputWidget",
    "YuanWidget",
    "default_widget",
]

NOT_YUAN: Final = _("请填写金额，例如 12.50")
_YUAN: Final = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2}))?", re.ASCII)


class EmailWidget(TextInputWidget):
    """One line for an e-mail address."""

    input_type = "email"
    input_attributes: Final = {"inputmode": "email", "autocomplete": "email"}


class PhoneWidget(TextInputWidget):
    """One line for a telephone number."""

    input_type = "tel"
    input_attributes: Final = {"inputmode": "tel", "autocomplete": "tel"}


class NumberWidget(TextInputWidget):
    """A whole number; a text field with a number pad, because a wheel must not change it."""

    input_attributes: Final = {"inputmode": "numeric", "autocomplete": "off"}
    short = True


class YuanWidget(TextInputWidget):
    """Money whose schema type reads yuan as typed (``schemas.Yuan``)."""

    input_attributes: Final = {"inputmode": "decimal", "autocomplete": "off"}
    short = True
    input_prepend = "¥"


class MoneyWidget(YuanWidget):
    """Money whose schema type is an integer of fen: shown and typed in yuan."""

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        """Fen as yuan; what could not be read is shown as it was typed."""
        text = str(cstruct) if cstruct not in {colander.null, None} else ""
        shown = fen_plain(int(text)) if re.fullmatch(r"-?[0-9]+", text, re.ASCII) else text
        raw = getattr(field, "typed", None)
        return super().serialize(field, shown if raw is None else raw, **kw)

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        """Yuan as typed, as fen; raises ``colander.Invalid`` and keeps what was typed."""
        text = super().deserialize(field, pstruct)
        if text is colander.null:
            return text
        match = _YUAN.fullmatch(text)
        if match is None:
            field.typed = text
            raise colander.Invalid(field.schema, NOT_YUAN, value=text)
        fen = int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
        return f"{match[1]}{fen}"


class DateWidget(TextInputWidget):
    """The browser's own date field; ``2026-11-22`` in and out."""

    input_type = "date"
    short = True


class SecretWidget(TextInputWidget):
    """A key or password of a provider. Its value is never sent to a browser.

    ``stored`` says that one is kept already, so that an empty field means: leave it as it is.
    ``rows`` makes it a text area for keys of several lines.
    """

    template = "secret"
    stored = False
    rows: int | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:  # noqa: ARG002
        """An empty field, whatever is kept."""
        return super().serialize(field, colander.null, **kw)


class FileWidget(deform_widgets.Widget):
    """A file field; the value is WebOb's ``FieldStorage`` (see ``schemas.UploadedFile``)."""

    template = "file"
    accept: str | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:  # noqa: ARG002
        """A browser never shows a chosen file again."""
        return field.renderer(self.template, field=field, cstruct="", **kw)

    def deserialize(self, field: Any, pstruct: Any) -> Any:  # noqa: ARG002
        """What WebOb read, or null when nothing was chosen."""
        return pstruct if getattr(pstruct, "filename", None) else colander.null


def default_widget(node: colander.SchemaNode) -> deform_widgets.Widget | None:
    """Widget of a node that names none, by its type and validator; None leaves it to deform."""
    chosen = _one_of(node.validator)
    if chosen is not None:
        return SelectWidget(values=[(str(value), str(value)) for value in chosen])
    if _has(node.validator, colander.Email):
        return EmailWidget()
    for kind, make in _BY_TYPE:
        if isinstance(node.typ, kind):
            return make()
    return None


_BY_TYPE: Final = (
    (schemas.Fen, MoneyWidget),
    (schemas.Yuan, YuanWidget),
    (schemas.StrictBoolean, CheckboxWidget),
    ((schemas.StrictInteger, colander.Integer), NumberWidget),
    ((schemas.Day, colander.Date), DateWidget),
    (schemas.UploadedFile, FileWidget),
)


def _validators(validator: Any) -> tuple[Any, ...]:
    return tuple(getattr(validator, "validators", (validator,)))


def _has(validator: Any, kind: type) -> bool:
    return any(isinstance(each, kind) for each in _validators(validator))


def _one_of(validator: Any) -> Any:
    for each in _validators(validator):
        if isinstance(each, colander.OneOf):
            return each.choices
    return None
