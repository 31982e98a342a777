"""The program's table of contents: what is included, in which order, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.config import Configurator

from suwen.kernel import house as kernel_house
from suwen.kernel import logs, settings

if TYPE_CHECKING:
    from pyramid.router import Router

    from suwen.kernel.house import House

INCLUDES = (
    # Kernel: languages before templates, templates before anything that has pages.
    "suwen.kernel.i18n",
    "suwen.kernel.web",
    "suwen.kernel.themes",
    "suwen.forms",
    "suwen.kernel.housekeeping",
    # The surfaces' frames: directives that the domains use to mount themselves.
    "suwen.api",
    "suwen.storefront",
    "suwen.admin",
    # Domains, floor by floor; whoever subscribes to an event stands above its sender.
    "suwen.messaging",
    "suwen.ledger",
    "suwen.accounts",
    "suwen.privacy",
    "suwen.places",
    "suwen.catalog",
    "suwen.payments",
    "suwen.questionnaires",
    "suwen.orders",
    "suwen.archives",
    "suwen.distribution",
    "suwen.groups",
    # Last: what plugins mount, and the development surfaces that fail closed.
    "suwen.kernel.plugins.mount",
    "suwen.storefront.development",
)


def main(global_config: dict[str, Any], **raw: Any) -> Router:  # noqa: ARG001
    """PasteDeploy's application factory."""
    read = settings.load(raw)
    logs.configure(read)
    return make_app(kernel_house.build(read), raw)


def make_app(house: House, raw: dict[str, Any] | None = None) -> Router:
    """The WSGI application around a house that stands."""
    config = Configurator(settings={**(raw or {}), **ini_of(house)})
    config.registry.house = house
    for name in INCLUDES:
        config.include(name)
    return config.make_wsgi_app()


def ini_of(house: House) -> dict[str, str]:
    """Settings that parts built from the ini's text read, such as the themes."""
    return {
        "suwen.environment": house.settings.environment,
        "suwen.secret_key": house.secret_key,
        "suwen.theme": house.settings.theme,
    }
