"""The ``suwen`` command, with a death on demand: ``SUWEN_TEST_DIE`` says where to be killed.

``after_commit``   a notification is committed, and no byte of its answer has left
``before_commit``  everything of a notification is written, and nothing is committed
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine


def die() -> None:
    """As if the machine had lost power."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_commit() -> None:
    """Be killed when the transaction that books a payment is about to be committed."""

    def noticed(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith("INSERT INTO LEDGER_ENTRY"):
            connection.info["books"] = True

    def committing(connection: Connection) -> None:
        if connection.info.get("books"):
            die()

    event.listen(Engine, "before_cursor_execute", noticed)
    event.listen(Engine, "commit", committing)


def die_after_commit() -> None:
    """Be killed when the application has finished a notification, before the server answers."""
    from suwen import app

    make_app = app.make_app

    def wrapped(*arguments: Any) -> Any:
        application = make_app(*arguments)

        def deadly(environ: dict[str, Any], start_response: Any) -> Any:
            answer = application(environ, start_response)
            if environ["PATH_INFO"].startswith("/notify/"):
                die()
            return answer

        return deadly

    app.make_app = wrapped  # type: ignore[assignment]


if __name__ == "__main__":
    wish = os.environ.pop("SUWEN_TEST_DIE", "")
    if wish:
        {"before_commit": die_before_commit, "after_commit": die_after_commit}[wish]()
    from suwen.cli import main

    sys.exit(main())
