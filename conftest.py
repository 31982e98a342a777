"""What every test of the checkout has, the core's in tests/ and the plugins' in plugins/*/tests."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

pytest_plugins = ["suwen.testing.fixtures", "tests.fixtures_app", "tests.fixtures_shop"]

# Two shared cores pause when they like: a deadline would fail good code.
settings.register_profile("suwen", deadline=None, print_blob=True)
settings.load_profile("suwen")


def pytest_configure() -> None:
    """Keep settings of a real site, which the environment would give to every test, out."""
    for name in list(os.environ):
        if name.startswith("SUWEN_") and not name.startswith("SUWEN_TEST_"):
            del os.environ[name]


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """A command that a test ran quietens the process's logs: the next test hears them again."""
    yield
    structlog.reset_defaults()
