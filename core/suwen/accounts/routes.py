"""Addresses of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator

ROUTES: Final = (
    ("register", "/register"),
    ("sign_in", "/sign-in"),
    ("sign_out", "/sign-out"),
    ("accounts.reset", "/reset-password"),
    ("accounts.step_up", "/step-up"),
    ("region.choose", "/region"),
    ("accounts.home", "/me"),
    ("accounts.profile", "/me/profile"),
    ("accounts.password", "/me/password"),
    ("accounts.addresses", "/me/addresses"),
    ("accounts.address_new", "/me/addresses/new"),
    ("accounts.address", "/me/addresses/{id}"),
    ("accounts.address_delete", "/me/addresses/{id}/delete"),
    ("accounts.sessions", "/me/sessions"),
    ("accounts.consents", "/me/consents"),
    ("accounts.consent", "/me/consents/{purpose}"),
    ("accounts.totp", "/me/totp"),
    ("accounts.dependants", "/me/dependants"),
    ("accounts.dependant_new", "/me/dependants/new"),
    ("accounts.dependant", "/me/dependants/{id}"),
    ("accounts.dependant_leave", "/me/dependants/{id}/leave"),
    ("accounts.dependant_link", "/me/dependants/links/{token}"),
    ("accounts.logins", "/me/logins"),
    ("accounts.login_change", "/me/logins/change"),
)

NAV: Final = (
    (_("会员中心"), "accounts.home", 10, "house-door", "member"),
    (_("个人资料"), "accounts.profile", 800, "person", "member.private"),
    (_("地址管理"), "accounts.addresses", 810, "truck", "member"),
    (_("家人"), "accounts.dependants", 805, "people", "member.private"),
    (_("授权管理"), "accounts.consents", 820, "shield-check", "member.private"),
    (_("登录与安全"), "accounts.sessions", 830, "shield-lock", "member.private"),
)


def includeme(config: Configurator) -> None:
    """Mount routes and the member's menu."""
    for name, pattern in ROUTES:
        config.add_route(name, pattern)
    for title, route, order, icon, permission in NAV:
        config.add_suwen_nav(
            "storefront.member", title, route, order=order, permission=permission, icon=icon
        )
