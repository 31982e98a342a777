"""Dependencies are pinned, explained, and under licences that may be shipped."""

import ast
import re
import sys
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
LOCKS = ("base", "dev")
FORBIDDEN = re.compile(r"(?<!L)\b[AG]*GPL|GNU (Affero )?General Public", re.IGNORECASE)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(text: str) -> set[str]:
    """Names in a list of requirements."""
    lines = (line.strip() for line in text.splitlines())
    return {normal(re.match(r"[\w.-]+", line)[0]) for line in lines if line and line[0] not in "#-"}


def wanted_by_plugins() -> set[str]:
    found = set()
    for path in ROOT.glob("plugins/*/setup.cfg"):
        parser = ConfigParser(interpolation=None)
        parser.read(path, encoding="utf-8")
        found |= wanted(parser.get("options", "install_requires", fallback=""))
    return {name for name in found if not name.startswith("suwen")}


def read(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def pinned(lock: str) -> set[str]:
    return {
        normal(name)
        for name in re.findall(r"(?m)^([\w.-]+)(?:\[[\w,-]+\])?==", read(f"{lock}.lock"))
    }


def explained() -> set[str]:
    return {normal(name) for name in re.findall(r"(?m)^\| ([\w.-]+) \|", PAGE)} - {"package"}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_names_and_hashes_and_nothing_else(name):
    line = re.compile(
        r"[\w.-]+(\[[\w,-]+\])?==[\w.+!-]+( ; [^/:]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )
    assert [text for text in read(f"{name}.lock").splitlines() if not line.fullmatch(text)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_everything_asked_for_is_pinned(name):
    assert wanted(read(f"{name}.in")) - pinned(name) == set()


def imported(paths) -> dict[str, str]:
    """Distributions that files import, each with one of the files."""
    owners = packages_distributions()
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            else:
                continue
            for module in modules:
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and not top.startswith("suwen"):
                    # `zope` belongs to several: one that is asked for is enough.
                    names = {normal(name) for name in owners.get(top, [top])}
                    found["/".join(sorted(names))] = str(path.relative_to(ROOT))
    return found


def test_core_asks_for_all_that_it_imports():
    testing = {"hypothesis", "pytest", "webtest"}
    paths = (ROOT / "core/suwen").rglob("*.py")
    asked = wanted(read("base.in")) | testing
    assert {n: path for n, path in imported(paths).items() if not set(n.split("/")) & asked} == {}


def test_only_the_helpers_for_tests_import_test_libraries():
    paths = [path for path in (ROOT / "core/suwen").rglob("*.py") if "testing" not in path.parts]
    assert imported(paths).keys() & {"hypothesis", "pytest", "webtest"} == set()


def test_plugins_ask_for_nothing_that_is_not_pinned():
    assert wanted_by_plugins() - pinned("dev") == set()


def test_locks_agree():
    entry = re.compile(r"(?m)^([\w.-]+)(?:\[[\w,-]+\])?==([^ ]+)")
    base, dev = (dict(entry.findall(read(f"{name}.lock"))) for name in LOCKS)
    assert base.items() - dev.items() == set()


def test_everything_asked_for_is_explained_and_nothing_else():
    assert explained() == wanted(read("base.in")) | wanted(read("dev.in")) | wanted_by_plugins()


@pytest.mark.parametrize("name", sorted(pinned("base")))
def test_nothing_shipped_is_under_gpl(name):
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return  # pinned for another system or Python
    words = [found.get("License-Expression") or "", (found.get("License") or "")[:200]]
    words += [text for text in found.get_all("Classifier", []) if text.startswith("License")]
    assert not [text for text in words if FORBIDDEN.search(text)]


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("GNU General Public License v2", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("MIT", False),
    ],
)
def test_licences_are_told_apart(text, forbidden):
    assert bool(FORBIDDEN.search(text)) is forbidden
