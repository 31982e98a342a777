"""The guides name only what is there: files, tests, commands, settings."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from suwen.cli import cli
from suwen.kernel.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
TEST = re.compile(r"`((?:tests|plugins)/[\w/.]+\.py)::(\w+)`")
COMMAND = re.compile(r"suwen(?: -c \S+)?((?: [a-z]+)+)")
SECRETLY = re.compile(r"(?m)(?:^|[\s(`])(/(?:work|home|root|Users)/\S*)")


def text_of(page):
    return page.read_text(encoding="utf-8")


def dead_links(page, text):
    links = [link for link in LINK.findall(text) if "://" not in link]
    return [link for link in links if not (page.parent / link).exists()]


def missing_tests(text):
    return [
        f"{path}::{name}"
        for path, name in TEST.findall(text)
        if not (ROOT / path).exists() or name not in functions(ROOT / path)
    ]


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def is_command(words):
    """Whether the first one or two words lead to a command."""
    found = cli
    for word in words[:2]:
        if not isinstance(found, click.Group):
            return True
        found = found.get_command(click.Context(found), word)
        if found is None:
            return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert dead_links(page, text_of(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_path_of_a_machine(page):
    assert SECRETLY.findall(text_of(page)) == []


def test_the_tests_that_security_names_are_there():
    text = text_of(ROOT / "docs/security.md")
    assert len(TEST.findall(text)) > 40
    assert missing_tests(text) == []


@pytest.mark.parametrize("name", ["README.md", "docs/operating.md", "docs/plugins.md"])
def test_commands_are_there(name):
    lines = re.findall(
        r"`([^`\n]*suwen [^`\n]*)`|^(\.venv/bin/suwen .*|suwen .*)$",
        text_of(ROOT / name),
        re.MULTILINE,
    )
    found = [COMMAND.search(" ".join(pair)) for pair in lines]
    wanted = [match[1].split() for match in found if match]
    assert len(wanted) > 0
    assert [words for words in wanted if not is_command(words)] == []


def test_settings_are_there():
    names = {f"SUWEN_{field.name.upper()}" for field in fields(Settings)}
    told = set(re.findall(r"SUWEN_[A-Z_]+", text_of(ROOT / "docs/operating.md")))
    assert told - names == {"SUWEN_NAME", "SUWEN_TRACEBACK"}


def test_the_reward_scheme_carries_its_caveat():
    for name in ("README.md", "docs/security.md", "plugins/reward_tiered/README.md"):
        text = " ".join(text_of(ROOT / name).split())
        assert "within common practice, not provably safe" in text, name


def test_every_decision_is_listed():
    folder = ROOT / "docs/adr"
    listed = set(LINK.findall(text_of(folder / "README.md")))
    pages = {path.name for path in folder.glob("[0-9]*.md")}
    assert pages == listed
    for path in sorted(folder.glob("[0-9]*.md")):
        heads = re.findall(r"(?m)^## (\w+)$", text_of(path))
        assert heads == ["Context", "Decision", "Consequences"], path.name


def test_the_checks_can_fail():
    assert dead_links(ROOT / "README.md", "[a](docs/nothing.md) [b](LICENSE)") == [
        "docs/nothing.md"
    ]
    assert missing_tests("`tests/test_docs.py::test_nobody`") == ["tests/test_docs.py::test_nobody"]
    assert SECRETLY.findall("see /home/me/x") == ["/home/me/x"]
    assert is_command(["plugin", "list"])
    assert not is_command(["plugin", "teleport"])
    assert not is_command(["nothing"])
