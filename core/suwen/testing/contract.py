"""A plugin of pytest: keeps the tests of contract suites and writes down how each ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pytest

REPORT: Final = "--suwen-report"
PUBLIC: Final = "suwen.testing"
NOT_GIVEN: Final = "needs what only the author can give: see the suite's fixtures"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write."""
    parser.addoption(REPORT, dest="suwen_report", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to write."""
    config.pluginmanager.register(Reporter(config.getoption("suwen_report")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not inherited from a contract suite."""
    kept = [item for item in items if _is_contract(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _is_contract(item: Any) -> bool:
    name = getattr(item, "originalname", item.name)
    return any(
        base.__module__.startswith(PUBLIC) and name in vars(base)
        for base in getattr(item.cls, "__mro__", ())
    )


class Reporter:
    """Writes one line of JSON per test that passed, and per phase that did not."""

    def __init__(self, path: Path) -> None:
        """Write to ``path``."""
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write one down."""
        if report.when == "call" or not report.passed:
            line = {
                "name": _name(report.nodeid),
                "result": report.outcome,
                "message": _message(report),
            }
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _name(nodeid: str) -> str:
    name, bracket, parameters = nodeid.rpartition("::")[2].partition("[")
    return name.removeprefix("test_").replace("_", " ") + (
        f" {bracket}{parameters}" if bracket else ""
    )


def _message(report: Any) -> str:
    if report.passed:
        return ""
    if report.skipped:
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    line = (text.strip().splitlines() or [""])[0][:160]
    return NOT_GIVEN if line == "NotImplementedError" else line
