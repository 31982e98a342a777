"""What every template can use: the page's globals, each computed when it is first used.

``docs/themes.md`` documents them; they are the contract with authors of themes and plugins.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from markupsafe import Markup
from pyramid.csrf import get_csrf_token

from suwen.kernel.i18n import html_lang, translate
from suwen.kernel.themes.flash import pop_flashes
from suwen.kernel.themes.navigation import NavGroup, NavItem
from suwen.kernel.themes.preferences import display_modes

log = logging.getLogger(__name__)

ILLUSTRATIONS: Final = 12


class Page:
    """Globals of one page. Nothing here may break an error page: see :meth:`_guarded`."""

    NAMES: ClassVar[frozenset[str]] = frozenset({
        "_", "request", "asset", "tstatic", "pstatic", "url", "here", "has_route", "csrf_token", "region",
        "regions", "identity", "csrf_field", "nav", "nav_groups", "flashes", "locale", "lang", "environment",
        "theme", "display", "illustration", "site_name",
    })  # fmt: skip

    site_name = "素问"

    def __init__(self, request: Any, themes: Any) -> None:
        """Remember the request; nothing is read from it yet."""
        self.request = request
        self._themes = themes
        self.modules: dict[str, Any] = {}

    def _guarded(self, read: Callable[[], Any], fallback: Any) -> Any:
        # An error page is rendered after the transaction was aborted: the database may be gone.
        try:
            return read()
        except Exception:
            if getattr(self.request, "exception", None) is None:
                raise
            log.warning("a page global failed on an error page", exc_info=True)
            return fallback

    def translate(self, text: str, **mapping: Any) -> str:
        """``_("还剩 ${left} 件", left=3)`` in the visitor's language."""
        return translate(self.request, text, mapping or None)

    @cached_property
    def locale(self) -> str:
        """``zh_CN`` or ``en``."""
        return str(self.request.locale_name)

    @cached_property
    def lang(self) -> str:
        """Value of the page's ``lang`` attribute."""
        return html_lang(self.locale)

    @cached_property
    def theme(self) -> str:
        """Name of the theme that shows this page."""
        return str(self.request.theme)

    @cached_property
    def display(self) -> Any:
        """The visitor's choices: ``mode`` (auto, light, dark) and ``care`` (large text)."""
        return display_modes(self.request)

    @cached_property
    def environment(self) -> str:
        """``production`` or ``development``."""
        return str(self._themes.environment_name)

    @cached_property
    def region(self) -> Any:
        """The visitor's region (``code``, ``name``) or None."""
        return self._guarded(lambda: getattr(self.request, "region", None), None)

    @cached_property
    def regions(self) -> Sequence[Any]:
        """All regions to choose from."""
        return list(self._guarded(lambda: getattr(self.request, "regions", ()), ()))

    @cached_property
    def identity(self) -> Any:
        """Who is signed in (``member_id``, ``display_name``, ``is_staff``, ``permissions``) or None."""
        return self._guarded(lambda: self.request.identity, None)

    @cached_property
    def flashes(self) -> list[tuple[str, str]]:
        """Messages for this page as (kind, text)."""
        return list(self._guarded(lambda: pop_flashes(self.request), []))

    def asset(self, name: str) -> str:
        """Address of a built asset: ``asset("suwen.js")``."""
        return str(self._themes.files.asset(name))

    def tstatic(self, path: str) -> str:
        """Address of a theme's file, nearest in the chain: ``tstatic("css/base.css")``."""
        return str(self._themes.static_url(self.theme, path))

    def pstatic(self, plugin: str, path: str) -> str:
        """Address of a plugin's file: ``pstatic("payment_wechat", "logo.svg")``."""
        return str(self._themes.files.url(f"plugins/{plugin}/{path}"))

    def illustration(self, slug: str) -> str:
        """Address of the placeholder picture of a product without one; the same slug, the same picture."""
        number = zlib.crc32(slug.encode()) % ILLUSTRATIONS + 1
        return self.tstatic(f"img/product-{number}.svg")

    def url(self, route: str, /, **arguments: Any) -> str:
        """Path of a route; ``_query`` and ``_anchor`` as in Pyramid."""
        return str(self.request.route_path(route, **arguments))

    def here(self, **changes: Any) -> str:
        """This page's address with other query values: ``here(cursor=None, state="paid")``."""
        kept = [(name, value) for name, value in self.request.GET.items() if name not in changes]
        new = [(name, value) for name, value in changes.items() if value not in {None, ""}]
        query = urlencode(kept + new)
        return f"{self.request.path}?{query}" if query else str(self.request.path)

    def has_route(self, route: str) -> bool:
        """Whether a part of the program that this page would link to is there."""
        return bool(self._themes.has_route(self.request.registry, route))

    def csrf_token(self) -> str:
        """Token for the hidden field of every POST form."""
        return str(self._guarded(lambda: get_csrf_token(self.request), ""))

    def csrf_field(self) -> Markup:
        """Hidden field with the token."""
        field = Markup('<input type="hidden" name="csrf_token" value="{}">')
        return field.format(self.csrf_token())

    def nav(self, slot: str) -> list[NavItem]:
        """Visible entries of a slot."""
        navigation = self._themes.navigation
        return list(self._guarded(lambda: navigation.visible(self.request, slot), []))

    def nav_groups(self, prefix: str = "admin") -> list[NavGroup]:
        """Visible groups below a prefix."""
        navigation = self._themes.navigation
        return list(self._guarded(lambda: navigation.groups(self.request, prefix), []))
