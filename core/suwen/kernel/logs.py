"""Structured logs: one line of JSON in production, readable lines in development.

Never a secret, code, phone number, payload or health datum: call sites log ids and names of things.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from suwen.kernel.settings import Settings

# With local variables a traceback would carry plugins' secrets and members' data into the log.
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
_FORBIDDEN = frozenset(
    {
        "password",
        "code",
        "otp",
        "phone",
        "email",
        "address",
        "token",
        "secret",
        "authorization",
        "body",
    }
)


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank values whose names say that they must not be logged."""
    for name in event.keys() & _FORBIDDEN:
        event[name] = "[removed]"
    return event


def shorten(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep the first line of each error: below it PostgreSQL quotes the row that it refused."""
    stacks = event.get("exception")
    for stack in stacks if isinstance(stacks, list) else ():
        stack["exc_value"] = stack["exc_value"].partition("\n")[0]
    return event


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's loggers for this process."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            scrub,
            _TRACEBACKS if settings.log_format == "json" else structlog.processors.format_exc_info,
            shorten,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
