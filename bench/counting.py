"""How many SQL statements and how much processor time a request costs, counted in this process on the same database."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from sqlalchemy import event
from webob import Request

if TYPE_CHECKING:
    from benchlib import Site

    from suwen.hookspecs.common import HttpTransport
    from suwen.kernel.house import House


@dataclass
class Local:
    """The whole application in this process."""

    house: House
    app: Any
    statements: list[str] = field(default_factory=list)

    def get(self, path: str, headers: dict[str, str] | None = None) -> int:
        """Statements of one warm GET; raises unless it gives 200."""
        for _ in range(3):
            self.statements.clear()
            response = Request.blank(path, headers=headers or {}).get_response(self.app)
            assert response.status_code == 200, response.text[:500]
        return len(self.statements)

    def cpu_ms(self, path: str) -> float:
        """Processor time of one warm GET in this process, waiting not included."""
        return cpu_ms(self.app, path)


def cpu_ms(app: Any, path: str, count: int = 200) -> float:
    """Processor time of one warm GET of a WSGI application, in milliseconds: the least of three."""
    found = []
    for _ in range(3):
        start = time.process_time()
        for _ in range(count):
            Request.blank(path).get_response(app)
        found.append((time.process_time() - start) * 1000 / count)
    return min(found)


@contextlib.contextmanager
def local(
    site: Site, transport: HttpTransport | None = None, *, production: bool = False
) -> Iterator[Local]:
    """Build the application around the site's database and count what it asks."""
    from suwen.app import make_app
    from suwen.cli.program import Program
    from suwen.kernel import house as kernel_house
    from suwen.kernel import logs, settings

    program = Program(str(site.ini()))
    env = site.environment(production=production)
    with patch.dict(os.environ, env, clear=True):
        read = settings.load(program.raw)
        logs.configure(read)
        house = kernel_house.build(read, transport=transport)
        made = Local(house, make_app(house, program.raw))
    event.listen(
        house.database.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_: made.statements.append(statement),
    )
    try:
        yield made
    finally:
        house.close()
