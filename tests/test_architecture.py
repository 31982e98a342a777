"""The rules of the house that a machine can check: docs/architecture.md says why."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "core/suwen").rglob("*.py"))
PLUGINS = sorted(ROOT.glob("plugins/*/src/**/*.py"))
OWN = [*CORE, *PLUGINS, ROOT / "dev.py", *sorted((ROOT / "devtools").glob("*.py"))]

LONGEST_FILE = 400
LONGEST_FUNCTION = 60

# What docs/plugins.md promises to authors of plugins; everything else may change at any time.
PUBLIC = (
    "suwen.api.operations",
    "suwen.hookspecs",
    "suwen.kernel.clock",
    "suwen.kernel.db",
    "suwen.kernel.errors",
    "suwen.kernel.i18n",
    "suwen.kernel.ids",
    "suwen.forms.schemas",
    "suwen.kernel.upsert",
    "suwen.testing",
)


def imported(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from suwen.kernel import db` imports a module, `from suwen.kernel.db import Base` a name.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_run_downward():
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_core_imports_no_plugin():
    found = [
        (shown(path), name) for path in CORE for name in imported(path) if name.startswith("suwen_")
    ]
    assert found == []


def test_plugins_import_only_what_is_public():
    found = [
        (shown(path), name)
        for path in PLUGINS
        if path.parts[len(ROOT.parts) + 1] != "dev_simulator"  # a program of its own
        for name in imported(path)
        if below(name, "suwen") and name.count(".") > 1 and not any(below(name, p) for p in PUBLIC)
    ]
    assert found == []


def test_plugins_do_not_import_each_other():
    found = []
    for path in PLUGINS:
        own = f"suwen_{path.parts[len(ROOT.parts) + 1]}"
        names = [name for name in imported(path) if name.startswith("suwen_")]
        found += [(shown(path), name) for name in names if not below(name, own)]
    assert found == []


def test_files_keep_their_budget():
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in OWN}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_keep_their_budget():
    found = {}
    for path in OWN:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    found[f"{shown(path)}:{node.name}"] = length
    assert found == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import suwen.orders.services", ["suwen.orders.services"]),
        ("def f():\n    from suwen.kernel import db, ids", ["suwen.kernel.db", "suwen.kernel.ids"]),
        ("from . import x", []),
    ],
)
def test_imports_are_found_wherever_they_stand(tmp_path, source, names):
    path = tmp_path / "module.py"
    path.write_text(source)
    assert list(imported(path)) == names


def test_the_kernel_stays_small():
    """What knows no domain is read by everybody: docs/architecture.md bounds it."""
    files = (ROOT / "core/suwen/kernel").rglob("*.py")
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) < 5000
