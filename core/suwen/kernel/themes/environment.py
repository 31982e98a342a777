"""One Jinja2 environment per theme, over a loader that walks the theme's chain.

Names: ``layouts/storefront.jinja2`` is the first hit in the chain, then in the plugins' folders;
``parent:x.jinja2`` is the next theme up from the template that says it; ``@base/x.jinja2`` is exactly
that theme.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, pass_context
from jinja2.environment import Template, TemplateModule
from jinja2.runtime import Context
from jinja2.utils import missing, open_if_exists
from translationstring import TranslationString

from suwen.kernel.themes.chain import Theme
from suwen.kernel.themes.filters import FILTERS

PARENT = "parent:"


class ChainLoader(BaseLoader):
    """Find templates along the chain, then in plugins' folders (a list that may still grow)."""

    def __init__(self, chain: Sequence[Theme], plugin_folders: Sequence[Path]) -> None:
        self._chain = tuple(chain)
        self._plugin_folders = plugin_folders

    def locate(self, name: str) -> Path | None:
        """Path of the file that answers to a name, or None."""
        if name.startswith("@"):
            theme_name, _, rest = name[1:].partition("/")
            folders = [t.templates for t in self._chain if t.name == theme_name]
            return _first(folders, rest)
        return _first([*(t.templates for t in self._chain), *self._plugin_folders], name)

    def above(self, current: str, name: str) -> str:
        """Resolve ``parent:name`` as written in the template ``current``."""
        if current.startswith("@"):
            holder = current[1:].partition("/")[0]
            index = next(i for i, t in enumerate(self._chain) if t.name == holder)
        else:
            at = self.locate(current)
            hits = [i for i, t in enumerate(self._chain) if at and at.is_relative_to(t.templates)]
            index = hits[0] if hits else -1
        for theme in self._chain[index + 1 :]:
            if _first([theme.templates], name):
                return f"@{theme.name}/{name}"
        raise TemplateNotFound(PARENT + name)

    def get_source(
        self,
        environment: Environment,  # noqa: ARG002 - jinja2 calls by position and by name
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        """Source, path and a check that also fails when a nearer theme gains the file."""
        path = self.locate(template)
        handle = open_if_exists(str(path)) if path else None
        if path is None or handle is None:
            raise TemplateNotFound(template)
        with handle:
            source = handle.read().decode("utf-8")
        stamp = path.stat().st_mtime_ns

        def current() -> bool:
            return self.locate(template) == path and path.stat().st_mtime_ns == stamp

        return source, str(path), current


def _first(folders: Sequence[Path], name: str) -> Path | None:
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return None
    for folder in folders:
        candidate = folder.joinpath(*parts)
        if candidate.is_file():
            return candidate
    return None


class PageTemplate(Template):
    """Imported macros see the page's globals, for they all need the visitor's language.

    A module of macros is run once per page, not once per import: a page has about fifteen imports.
    What the view gave is passed to a macro as arguments, or with ``import … with context``.
    """

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        page = ctx.parent.get("page_globals") if ctx is not None else None
        if page is None:
            return super()._get_default_module(ctx)
        if self.name not in page.modules:
            page.modules[self.name] = self.make_module({"page_globals": page})
        found: TemplateModule = page.modules[self.name]
        return found


class PageContext(Context):
    """Looks names that the view did not give up on the page object, so each is computed only if used."""

    def resolve_or_missing(self, key: str) -> Any:
        """The view's value, else the page's global, else ``missing``."""
        found = super().resolve_or_missing(key)
        if found is not missing:
            return found
        page = super().resolve_or_missing("page_globals")
        if page is not missing and key in page.NAMES:
            return getattr(page, "translate" if key == "_" else key)
        return missing


@pass_context
def _translated(context: Context, value: Any) -> Any:
    if isinstance(value, TranslationString):
        return context.resolve("_")(value)
    return value


class ThemeEnvironment(Environment):
    """Jinja2 as every theme gets it: escaping on, undefined names raise, parents resolvable."""

    template_class = PageTemplate
    context_class = PageContext

    def __init__(self, loader: ChainLoader, *, auto_reload: bool) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=auto_reload,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_translated,
            cache_size=-1,
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        )
        self.filters.update(FILTERS)
        self._chain_loader = loader

    def join_path(self, template: str, parent: str) -> str:
        """Resolve ``parent:x`` against the theme of the template that says it."""
        if template.startswith(PARENT):
            return self._chain_loader.above(parent, template.removeprefix(PARENT))
        return template
