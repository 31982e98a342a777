"""Presentation: themes, the Jinja2 renderer, static files, navigation and flash messages.

``config.include("suwen.kernel.themes")`` gives the renderer for ``.jinja2``, ``request.theme`` and
``request.flash(kind, text)``, and these directives for domains and plugins:

- ``config.add_suwen_templates(folder)``: a plugin's templates, overridable by every theme;
- ``config.add_suwen_static(plugin_id, folder)``: its files, served below ``/static/plugins/<id>/``;
- ``config.add_suwen_nav(slot, title, route, order=, permission=, icon=, visible=, badge=)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import suwen
from suwen.kernel.themes import flash, preferences, static
from suwen.kernel.themes.chain import ThemeError, load_themes
from suwen.kernel.themes.navigation import NavEntry, NavGroup, NavItem
from suwen.kernel.themes.renderer import Themes, renderer_factory, request_theme
from suwen.kernel.themes.static import StaticFiles

__all__ = ["NavEntry", "NavGroup", "NavItem", "ThemeError", "Themes"]

PACKAGE: Final = Path(suwen.__file__).parent
THEMES: Final = PACKAGE / "_themes"
DIST: Final = PACKAGE / "static" / "dist"


def build_themes(settings: Mapping[str, Any]) -> Themes:
    """Read themes and assets from disk; raises :class:`ThemeError` for a broken theme.

    ``settings`` are the ini's: ``suwen.environment``, ``suwen.secret_key``, ``suwen.theme`` (default
    theme of the PC surface) and ``pyramid.reload_templates``.
    """
    files = StaticFiles()
    files.read_manifest(DIST)
    registry = load_themes([THEMES], {"pc": settings.get("suwen.theme") or "pc"})
    for theme in registry.themes.values():
        files.mount(f"themes/{theme.name}", theme.static)
    development = settings.get("suwen.environment") == "development"
    return Themes(
        registry=registry,
        files=files,
        secret=str(settings.get("suwen.secret_key") or "development"),
        secure=not development,
        environment_name="development" if development else "production",
        auto_reload=development,
    )


def add_suwen_templates(config: Any, folder: str | Path) -> None:
    """Directive: look for templates in ``folder`` after all themes."""
    config.registry["suwen.themes"].plugin_templates.append(Path(folder))


def add_suwen_static(config: Any, plugin_id: str, folder: str | Path) -> None:
    """Directive: serve a plugin's folder below ``/static/plugins/<plugin_id>/``."""
    config.registry["suwen.themes"].files.mount(f"plugins/{plugin_id}", Path(folder))


def add_suwen_nav(config: Any, slot: str, title: str, route: str, **options: Any) -> None:
    """Directive: add a navigation entry; options are those of :class:`NavEntry`."""
    entry = NavEntry(title=title, route=route, **options)
    config.registry["suwen.themes"].navigation.add(slot, entry)


def add_suwen_nav_group(config: Any, slot: str, title: str, order: int = 500) -> None:
    """Directive: name a group of the admin's side menu."""
    config.registry["suwen.themes"].navigation.titles[slot] = (order, title)


def includeme(config: Any) -> None:
    """Register renderer, request attributes, directives and the static routes."""
    themes = build_themes(config.registry.settings)
    config.registry["suwen.themes"] = themes
    config.add_renderer(".jinja2", renderer_factory)
    config.add_request_method(request_theme, "theme", reify=True)
    config.add_request_method(flash.flash, "flash")
    config.add_directive("add_suwen_templates", add_suwen_templates, action_wrap=False)
    config.add_directive("add_suwen_static", add_suwen_static, action_wrap=False)
    config.add_directive("add_suwen_nav", add_suwen_nav, action_wrap=False)
    config.add_directive("add_suwen_nav_group", add_suwen_nav_group, action_wrap=False)
    config.add_route("static", "/static/*subpath", request_method=("GET", "HEAD"))
    config.add_route("favicon", "/favicon.ico", request_method=("GET", "HEAD"))
    config.add_route("preferences", "/preferences", request_method="POST")
    config.add_view(static.serve, route_name="static", permission="__no_permission_required__")
    config.add_view(static.favicon, route_name="favicon", permission="__no_permission_required__")
    config.add_view(
        preferences.save,
        route_name="preferences",
        request_method="POST",
        permission="__no_permission_required__",
    )
    for theme in themes.registry.themes.values():
        if theme.path.joinpath("locale").is_dir():
            config.add_translation_dirs(str(theme.path / "locale"))
