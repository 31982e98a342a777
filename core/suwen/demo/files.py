"""Data files of the demonstration."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any


def table(name: str) -> dict[str, Any]:
    """The content of ``data/<name>.toml``."""
    return tomllib.loads(_data(f"{name}.toml").decode())


def sample_report() -> bytes:
    """A laboratory's report about an invented person, as PDF."""
    return _data("sample_report.pdf")


def _data(name: str) -> bytes:
    return files("suwen.demo").joinpath("data").joinpath(name).read_bytes()
