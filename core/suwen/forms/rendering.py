"""Form templates along a theme's chain, and what they ask while rendering."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import colander
from chameleon.utils import Markup
from deform.template import ZPTRendererFactory
from pyramid.csrf import get_csrf_token
from translationstring import ChameleonTranslate, TranslationString

from suwen.forms.wording import reworded
from suwen.kernel.i18n import _, translate

REQUIRED: Final = _("请填写${title}")
CHOICE_REQUIRED: Final = _("请选择${title}")
WORDS: Final = {
    "fix": _("有 ${n} 处需要修改"),
    "cancel": _("取消"),
    "unsaved": _("有尚未保存的修改"),
    "show_password": _("显示密码"),
    "stored": _("已设置，留空不变"),
    "add": _("添加一项"),
    "remove": _("移除这一项"),
    "concealed": _("不显示"),
    "yes": _("是"),
    "no": _("否"),
}
"""Words of the form templates; they stand here because extraction reads Python and Jinja2 only."""
CHOICES: Final = frozenset({"select", "radio_choice", "checkbox_choice", "file"})
OWN_LABEL: Final = frozenset({"checkbox", "radio_choice", "checkbox_choice", "mapping", "sequence"})


@lru_cache(maxsize=16)
def factory(folders: tuple[str, ...], *, auto_reload: bool = False) -> ZPTRendererFactory:
    """Compiled templates of one chain, shared by all forms; compiling them takes half a second.

    deform's own templates are not in the path: half of them carry inline scripts, which our
    content security policy would silently stop. A widget that needs one fails by name instead.
    """
    return ZPTRendererFactory(folders, auto_reload=auto_reload)


def warm_up(folders: tuple[str, ...], *, auto_reload: bool = False) -> int:
    """Compile every template of the chain now, not in the first visitor's request; how many."""
    compiled = factory(folders, auto_reload=auto_reload)
    names = sorted({
        str(path.relative_to(folder).with_suffix(""))
        for folder in map(Path, folders)
        for path in folder.rglob("*.pt")
    })  # fmt: skip
    for name in names:
        compiled.load(name).cook_check()
    return len(names)


def identify(field: Any, path: object, parent: str = "") -> Any:
    """Give a field and those below it readable ids that are unique on the page."""
    field.oid = f"{parent}-{path}" if parent else str(path)
    for child in field.children:
        identify(child, child.name or "item", field.oid)
    return field


class Renderer:
    """What deform calls to render a template: bound to one request, so that it knows the language."""

    def __init__(self, request: Any) -> None:
        """Take the compiled templates of the request's theme."""
        themes = request.registry["suwen.themes"]
        self._factory = factory(themes.deform_folders(request.theme), auto_reload=False)
        self._chameleon = ChameleonTranslate(self.translate)
        self._helper = Helper(request, themes)

    def translate(self, text: Any) -> str:
        """Text in the visitor's language; deform asks for it too."""
        return self._helper.text(text)

    def __call__(self, template_name: str, **values: Any) -> Any:
        """Render a template by name or by ``package:path``."""
        template = self._factory.load(template_name)
        return Markup(template(translate=self._chameleon, ui=self._helper, **values))


class Helper:
    """``ui`` in form templates: words, errors and the aria attributes that belong to them."""

    def __init__(self, request: Any, themes: Any) -> None:
        """Remember the request."""
        self._request = request
        self._themes = themes

    def text(self, text: Any) -> str:
        """Text in the visitor's language, also where its mapping holds texts."""
        mapping = getattr(text, "mapping", None)
        if mapping and any(isinstance(value, TranslationString) for value in mapping.values()):
            text = text % {name: self.text(v) for name, v in mapping.items() if isinstance(v, str)}
        return translate(self._request, text) if text else ""

    def word(self, name: str, **mapping: Any) -> str:
        """One of ``WORDS``."""
        return translate(self._request, WORDS[name], mapping)

    def icon(self, name: str) -> str:
        """Address of a symbol in the sprite."""
        return f"{self._themes.files.asset('icons.svg')}#{name}"

    def csrf_token(self) -> str:
        """Value of the hidden field."""
        return str(get_csrf_token(self._request))

    def item(self, field: Any, name: object) -> Any:
        """An item of a sequence with ids of its own; deform numbers them alike in every form."""
        return identify(field, name)

    def own_label(self, field: Any) -> bool:
        """Whether the widget's template writes the label itself (a legend or beside the box)."""
        return getattr(field.widget, "template", "") in OWN_LABEL

    def errors(self, field: Any) -> list[str]:
        """Messages of a field in the visitor's language; none for a mapping's children."""
        if field.error is None:
            return []
        return [self._error(field, message) for message in field.error.messages() if message]

    def _error(self, field: Any, message: Any) -> str:
        if message == "Required":
            template = getattr(field.widget, "template", "")
            words = CHOICE_REQUIRED if template in CHOICES else REQUIRED
            return self.text(words % {"title": self.text(field.title)})
        return self.text(reworded(message, field.schema))

    def aria(self, field: Any) -> dict[str, str]:
        """``aria-invalid`` and ``aria-describedby`` of the control."""
        failed = bool(self.errors(field))
        ids = [f"{field.oid}-error"] if failed else []
        ids += [f"{field.oid}-help"] if field.description else []
        described = {"aria-describedby": " ".join(ids)} if ids else {}
        return {**({"aria-invalid": "true"} if failed else {}), **described}

    def attributes(self, field: Any) -> dict[str, Any]:
        """Everything on the control besides its value: the widget's wishes and aria."""
        widget = field.widget
        wished = {**getattr(widget, "input_attributes", {}), **getattr(widget, "attributes", {})}
        limit = _max_length(field.schema.validator)
        if limit is not None:
            wished.setdefault("maxlength", str(limit))
        if field.required:
            wished["required"] = "required"
        wished.pop("style", None)  # markup may not carry styles under our policy
        return {**wished, **self.aria(field)}

    def summary(self, form: Any) -> list[tuple[str, str]]:
        """(id of the control, message) of every error, in the order of the fields."""
        own = [("", text) for text in self.errors(form)] if not form.error_is_of_children else []
        return own + list(self._walk(form))

    def _walk(self, field: Any) -> Iterable[tuple[str, str]]:
        for child in getattr(field, "sequence_fields", None) or field.children:
            if not child.children:
                yield from ((child.oid, text) for text in self.errors(child))
            yield from self._walk(child)


def _max_length(validator: Any) -> int | None:
    for each in getattr(validator, "validators", (validator,)):
        if isinstance(each, colander.Length) and each.max:
            return int(each.max)
    return None
