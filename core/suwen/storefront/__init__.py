"""The storefront's frame: error pages, health, and the development surfaces.

The pages themselves belong to the domains, which mount them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.httpexceptions import HTTPException, HTTPForbidden
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from suwen.kernel.errors import SuwenError
from suwen.storefront import errors

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Error pages and health."""
    for context, view in (
        (Exception, errors.unexpected),
        (OperationalError, errors.unavailable),
        (PoolTimeout, errors.unavailable),
        (DataError, errors.impossible_value),
        (HTTPException, errors.http_error),
        (HTTPForbidden, errors.forbidden),
        (SuwenError, errors.suwen_error),
    ):
        config.add_exception_view(view, context=context)
    config.include("suwen.storefront.health")
