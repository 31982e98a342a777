"""The running program and a real Chromium that watches itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.watching import Visitors
from tests.program import Program, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from suwen.testing.databases import PostgresDatabases

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program on SQLite, with demonstration data; started once."""
    with running(tmp_path_factory.mktemp("site")) as program:
        yield program


@pytest.fixture(scope="session")
def postgres_site(
    tmp_path_factory: pytest.TempPathFactory, postgres_databases: PostgresDatabases
) -> Iterator[Program]:
    """The program on PostgreSQL, migrated by its own command."""
    url = postgres_databases.empty()
    with running(tmp_path_factory.mktemp("postgres_site"), url) as program:
        yield program
    postgres_databases.drop(url)


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """Chromium, started once."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visitors(browser: Browser) -> Iterator[Visitors]:
    """Makes visitors, each with cookies of its own; what went wrong in their pages fails the test."""
    made = Visitors(browser)
    yield made
    made.close()


@pytest.fixture(scope="session")
def pages_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that a test uploads or downloads."""
    return tmp_path_factory.mktemp("pages")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep a picture of every page of a failed test where ``SUWEN_TEST_SHOTS`` names a folder."""
    report = yield
    folder = os.environ.get("SUWEN_TEST_SHOTS")
    made = getattr(item, "funcargs", {}).get("visitors")
    if report.when == "call" and report.failed and folder and isinstance(made, Visitors):
        made.take_pictures(Path(folder), item.name)
    return report
