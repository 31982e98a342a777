"""An error of the database must not carry a row of people's data into the log."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from suwen.kernel import logs, settings

if TYPE_CHECKING:
    from suwen.kernel.house import House

SECRET = "乳腺癌易感基因检测"
INSERT = text("INSERT INTO product (id, slug, name) VALUES (1, 'x', :name)")


@pytest.fixture
def json_logs() -> Iterator[io.StringIO]:
    """Logs as in production; what was set before comes back."""
    before = structlog.get_config()
    out = io.StringIO()
    logs.configure(settings.Settings(log_format="json"))
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=out))
    yield out
    structlog.configure(**before)


def test_a_refused_row_is_not_written_to_the_log(house: House, json_logs: io.StringIO) -> None:
    """SQLAlchemy adds the parameters to its messages, PostgreSQL the whole row."""
    with pytest.raises(IntegrityError) as caught, house.database.transaction() as db:
        db.execute(INSERT, {"name": SECRET})
    structlog.get_logger("test").error("page.failed", exc_info=caught.value)
    line = json_logs.getvalue().strip()
    assert SECRET not in line
    assert "IntegrityError" in line
    assert json.loads(line)["event"] == "page.failed"


def test_no_message_of_the_database_names_parameters(house: House) -> None:
    """Whoever logs the text of an error, the standard library included, logs no values."""
    with pytest.raises(IntegrityError) as caught, house.database.transaction() as db:
        db.execute(INSERT, {"name": SECRET})
    assert "[parameters:" not in str(caught.value)
