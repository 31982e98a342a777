"""docs/hooks.md names every hook and every method of a Protocol, and something implements each."""

import ast
import inspect
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import suwen.hookspecs
from suwen import ENTRY_POINT_GROUP, PROJECT
from suwen.hookspecs import archive, common, lifecycle, payment, push, questionnaire, reward
from tests.test_architecture import PUBLIC

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/hooks.md").read_text(encoding="utf-8")
MODULES = (common, payment, reward, archive, questionnaire, push, lifecycle)
IMPLEMENTERS = [
    *sorted(ROOT.glob("plugins/*/src/**/*.py")),
    *sorted(ROOT.glob("tests/plugins/**/*.py")),
    # The way out is the one Protocol that the core fills itself.
    ROOT / "core/suwen/kernel/http.py",
]


def hooks(modules=MODULES):
    """Names of the functions that are marked as hook specifications."""
    return sorted(
        name
        for module in modules
        for name, found in vars(module).items()
        if inspect.isfunction(found) and hasattr(found, f"{PROJECT}_spec")
    )


def methods(modules=MODULES):
    """``Protocol.method`` with the names of its parameters, for every Protocol."""
    return {
        f"{name}.{member}": list(inspect.signature(function).parameters)[1:]
        for module in modules
        for name, found in vars(module).items()
        if inspect.isclass(found) and getattr(found, "_is_protocol", False)
        if found.__module__ == module.__name__
        for member, function in vars(found).items()
        if inspect.isfunction(function) and not member.startswith("_")
    }


def sections(page=PAGE):
    """Text below each heading of the third level, by the name before its parenthesis."""
    parts = re.split(r"(?m)^#{2,3} ", page)[1:]
    headed = [part.split("\n", 1) for part in parts if part.startswith("`")]
    return {re.match(r"`([\w.]+)\(", head)[1]: (head, text) for head, text in headed}


def undocumented(names, page=PAGE):
    return [name for name in names if name not in sections(page)]


def functions(paths):
    """Names of functions per class (or of the module, None) in files."""
    found = {}
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for owner in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef))]:
            names = {node.name for node in owner.body if isinstance(node, ast.FunctionDef)}
            found.setdefault(None if owner is tree else (path, owner.name), set()).update(names)
    return found


def without_implementation(names, paths):
    """Hooks that no module defines, and methods of Protocols that no class has in full."""
    found = functions(paths)
    members = {}
    for name in names:
        owner, dot, member = name.partition(".")
        if dot:
            members.setdefault(owner, set()).add(member)
    classes = [names for key, names in found.items() if key is not None]
    lonely = [name for name in names if "." not in name and name not in found.get(None, ())]
    return lonely + [
        owner for owner, wanted in members.items() if not any(wanted <= has for has in classes)
    ]


def test_there_is_something_to_document():
    assert len(hooks()) >= 9
    assert {name.partition(".")[0] for name in methods()} >= {"PaymentGateway", "RewardScheme"}


def test_every_module_of_the_contract_is_looked_at():
    folder = Path(suwen.hookspecs.__file__).parent
    names = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert names == {module.__name__.rpartition(".")[2] for module in MODULES}


def test_every_hook_and_method_is_documented():
    assert undocumented([*hooks(), *methods()]) == []


def test_nothing_is_documented_that_does_not_exist():
    assert set(sections()) - set(hooks()) - set(methods()) == set()


@pytest.mark.parametrize("name", [*hooks(), *methods()])
def test_parameters_and_duties_are_told(name):
    head, text = sections()[name]
    parameters = methods().get(name)
    if parameters is None:
        module = next(m for m in MODULES if hasattr(m, name))
        parameters = list(inspect.signature(getattr(module, name)).parameters)
    told = re.findall(r"(\w+)(?:: [^,)]*|=[^,)]*)?(?:,|\))", head.partition("(")[2])
    assert [word for word in told if word in parameters] == parameters
    assert "Exception" in text or "exception" in text or "As `" in text
    assert "```python" in text


def test_every_hook_and_method_is_implemented():
    assert without_implementation([*hooks(), *methods()], IMPLEMENTERS) == []


def test_every_family_has_a_real_plugin():
    """Entry points, not files: what is shipped is what is installed."""
    modules = [point.load() for point in entry_points(group=ENTRY_POINT_GROUP)]
    registering = [name for name in hooks() if name.endswith("s") and name.count("_") > 1]
    assert len(registering) == 5
    assert [name for name in registering if not any(hasattr(m, name) for m in modules)] == []


def test_the_checks_can_fail(tmp_path):
    assert undocumented(["suwen_new_hook", "PaymentGateway.teleport"]) == [
        "suwen_new_hook",
        "PaymentGateway.teleport",
    ]
    assert undocumented(["suwen_mount"], page="### `suwen_event(event)`\n\ntext") == ["suwen_mount"]
    half = tmp_path / "half.py"
    half.write_text("class Half:\n    def create(self): ...\n")
    names = ["PaymentGateway.create", "PaymentGateway.query", "suwen_nobody"]
    assert without_implementation(names, [half]) == ["suwen_nobody", "PaymentGateway"]


def test_the_guide_names_exactly_what_plugins_may_import():
    guide = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    table = guide.partition("## What you may import")[2].partition("\n## ")[0]
    assert set(re.findall(r"(?m)^\| `([\w.]+)`", table)) == {"suwen", *PUBLIC}
