"""Forms from colander schemas: accessible, translated, working without a script.

A view::

    form = form_for(request, Schema(), values={"name": …}, buttons=(button(_("保存")),))
    if request.method == "POST":
        try:
            service.save(form.read())
        except FormError:
            request.response.status_int = 422
        except SuwenError as error:
            form.fail(error)
            request.response.status_int = 422
        else:
            return HTTPSeeOther(…)
    return {"form": form}

and its template: ``{{ form.render() }}``. The form carries its CSRF token and its error summary.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import colander
import deform
from chameleon.utils import Markup
from deform.exception import ValidationFailure as FormError
from deform.form import Button
from pyramid.events import ApplicationCreated

from suwen.forms import rendering
from suwen.forms.widgets import SecretWidget, TextAreaWidget, default_widget
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

__all__ = ["Form", "FormError", "button", "form_for"]


class Form(deform.Form):
    """A deform form bound to one request; ``sticky`` keeps its buttons in sight."""

    sticky = False
    cancel_url: str | None = None
    error_is_of_children = False
    error: colander.Invalid | None
    post: Any

    def read(self) -> Mapping[str, Any]:
        """The validated values of the request's POST; raises ``FormError``, then render again."""
        try:
            values: Mapping[str, Any] = self.validate(list(self.post.items()))
        except FormError:
            self.error_is_of_children = not (self.error and self.error.msg)
            raise
        return values

    def fail(self, error: SuwenError) -> None:
        """Put a service's findings beside their fields; what has no field stands on top."""
        placed = [self._place(path, text) for path, text in error.fields.items()]
        self.error = self.error or colander.Invalid(self.schema, error.text)
        self.error_is_of_children = bool(placed) and all(placed)

    def _place(self, path: str, text: str) -> bool:
        field: Any = self
        for name in path.split("."):
            if name not in field:
                return False
            field = field[name]
        field.error = colander.Invalid(field.schema, text)
        return True

    def render(self, *args: Any, **values: Any) -> Markup:
        """HTML of the form as it stands: values, or what was typed with its errors."""
        return Markup(super().render(*args, **values))


def button(title: str, name: str = "save", kind: str = "primary", **options: Any) -> Button:
    """A submit button; ``kind`` is primary, secondary, danger or link."""
    return Button(name=name, title=title, css_class=f"btn-{kind}", **options)


def form_for(
    request: Any,
    schema: colander.SchemaNode,
    *,
    values: Mapping[str, Any] | None = None,
    action: str = "",
    buttons: Sequence[Button] | None = None,
    form_id: str = "form",
    stored_secrets: Collection[str] = (),
    sticky: bool = False,
    cancel_url: str | None = None,
) -> Form:
    """A form for a schema.

    ``values`` are what the fields show at first. Nodes marked ``secret=True`` are never shown;
    those named in ``stored_secrets`` may be left empty and are then absent from what is read.
    """
    bound = schema.bind(request=request, text=True)
    _keep_secrets(bound, frozenset(stored_secrets))
    form = Form(
        bound,
        renderer=rendering.Renderer(request),
        action=action,
        buttons=tuple(buttons or (button(_("保存")),)),
        formid=form_id,
    )
    form.post, form.sticky, form.cancel_url = request.POST, sticky, cancel_url
    rendering.identify(form, form_id)
    _choose_widgets(form)
    shown = {name: value for name, value in (values or {}).items() if value is not None}
    form.set_appstruct(shown)
    return form


def _keep_secrets(schema: colander.SchemaNode, stored: frozenset[str]) -> None:
    for node in schema.children:
        if not getattr(node, "secret", False):
            continue
        rows = node.widget.rows if isinstance(node.widget, TextAreaWidget) else None
        node.widget = SecretWidget(stored=node.name in stored, rows=rows, strip=rows is None)
        if node.name in stored:
            node.missing = colander.drop


def _choose_widgets(field: Any) -> None:
    """Our widgets where the schema names none."""
    for child in field.children:
        if child.schema.widget is None:
            ours = default_widget(child.schema)
            if ours is not None:
                child.widget = ours
        _choose_widgets(child)


def warm_up(event: Any) -> None:
    """Subscriber: compile the form templates of the default themes before the first visitor."""
    themes = event.app.registry["suwen.themes"]
    names: Iterable[str] = {themes.registry.default(surface) for surface in ("pc", "admin")}
    for name in sorted(names):
        rendering.warm_up(themes.deform_folders(name))


def includeme(config: Any) -> None:
    """Compile templates at the start."""
    config.add_subscriber(warm_up, ApplicationCreated)
