"""The renderer of ``.jinja2`` names: the theme is chosen per request, at render time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suwen.kernel.themes.chain import ThemeRegistry
from suwen.kernel.themes.environment import ChainLoader, ThemeEnvironment
from suwen.kernel.themes.navigation import Navigation
from suwen.kernel.themes.page import Page
from suwen.kernel.themes.preferences import surface_of
from suwen.kernel.themes.static import StaticFiles


@dataclass(slots=True)
class Themes:
    """Everything about presentation that belongs to one application."""

    registry: ThemeRegistry
    files: StaticFiles
    secret: str
    secure: bool = False
    environment_name: str = "production"
    auto_reload: bool = False
    navigation: Navigation = field(default_factory=Navigation)
    plugin_templates: list[Path] = field(default_factory=list)
    _environments: dict[str, ThemeEnvironment] = field(default_factory=dict)
    _urls: dict[tuple[str, str], str] = field(default_factory=dict)
    _routes: frozenset[str] | None = None

    def cookie_name(self, name: str) -> str:
        """``__Host-`` in production; a name of its own over plain HTTP."""
        return f"__Host-{name}" if self.secure else f"dev-{name}"

    def environment(self, theme: str) -> ThemeEnvironment:
        """The Jinja2 environment of a theme, made once."""
        if theme not in self._environments:
            loader = ChainLoader(self.registry.chain(theme), self.plugin_templates)
            self._environments[theme] = ThemeEnvironment(loader, auto_reload=self.auto_reload)
        return self._environments[theme]

    def deform_folders(self, theme: str) -> tuple[str, ...]:
        """Folders of form templates along the chain, nearest first."""
        chain = self.registry.chain(theme)
        return tuple(str(each.deform) for each in chain if each.deform.is_dir())

    def static_address(self, theme: str, path: str) -> str:
        """``themes/<theme>/<path>`` of the nearest theme that has the file."""
        chain = self.registry.chain(theme)
        for candidate in chain:
            if candidate.static.joinpath(path).is_file():
                return f"themes/{candidate.name}/{path}"
        return f"themes/{chain[-1].name}/{path}"

    def static_url(self, theme: str, path: str) -> str:
        """Address of a theme's file with its content hash; raises ``UnknownAsset``."""
        known = self._urls.get((theme, path))
        if known is not None:
            return known
        url = self.files.url(self.static_address(theme, path))
        if not self.auto_reload:
            self._urls[theme, path] = url
        return url

    def has_route(self, registry: Any, name: str) -> bool:
        """Whether a route of that name exists (asked by layouts, so that no link is dead)."""
        if self._routes is None:
            from pyramid.interfaces import IRoutesMapper

            mapper = registry.queryUtility(IRoutesMapper)
            self._routes = frozenset(r.name for r in mapper.get_routes()) if mapper else frozenset()
        return name in self._routes

    def select(self, request: Any) -> str:
        """Name of the request's theme: the region's for the surface, else the surface's default."""
        surface = surface_of(request)
        chosen = dict(getattr(getattr(request, "region", None), "themes", None) or {}).get(surface)
        if chosen in self.registry.themes:
            return str(chosen)
        return self.registry.default(surface)


def request_theme(request: Any) -> str:
    """``request.theme``: decided once; an error page with no database falls back to the default."""
    themes: Themes = request.registry["suwen.themes"]
    if getattr(request, "exception", None) is not None:
        return themes.registry.default(surface_of(request))
    return themes.select(request)


class JinjaRenderer:
    """Render one template name in the environment of the request's theme."""

    def __init__(self, name: str, themes: Themes) -> None:
        """Remember the name; the template itself is looked up for each request."""
        self._name = name
        self._themes = themes

    def __call__(self, value: Mapping[str, Any], system: Mapping[str, Any]) -> str:
        """Render the view's mapping; page globals are there unless the view names them itself."""
        request = system["request"]
        response = request.response
        response.vary = sorted({*(response.vary or ()), "Cookie", "User-Agent"})
        template = self._themes.environment(request.theme).get_template(self._name)
        page = Page(request, self._themes)
        return template.render(dict(value), page_globals=page, context=system.get("context"))


def renderer_factory(info: Any) -> JinjaRenderer:
    """Pyramid's renderer factory for ``.jinja2``."""
    return JinjaRenderer(info.name, info.registry["suwen.themes"])
