"""``suwen plugin verify``: the family's contract suite, run on an installed plugin.

A plugin installed from a folder brings its own suite, with the world that its provider needs, in
``tests/``. For another one a suite is generated: what only an author can give is then missing and
fails by name.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import click

from suwen import ENTRY_POINT_GROUP
from suwen.testing.contract import PUBLIC, REPORT

if TYPE_CHECKING:
    from suwen.kernel.plugins.host import PluginHost

LIMIT_S: Final = 900

SUITES: Final[Mapping[str, tuple[str, str, str]]] = {
    "payment": ("suwen.testing.payment", "InfoContract", "gateway"),
    "reward": ("suwen.testing.reward", "RewardSchemeContract", "scheme"),
    "archive": ("suwen.testing.archive", "ArchiveTypeContract", "archive_type"),
    "questionnaire": ("suwen.testing.questionnaire", "QuestionnaireScorerContract", "scorer"),
    "push": ("suwen.testing.push", "PushChannelContract", "channel"),
}
HOOKS: Final = {
    "payment": "suwen_payment_gateways",
    "reward": "suwen_reward_schemes",
    "archive": "suwen_archive_types",
    "questionnaire": "suwen_questionnaire_scorers",
    "push": "suwen_push_channels",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One proof: ``result`` is passed, failed or skipped."""

    name: str
    result: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the suite said."""

    plugin: str
    family: str
    generated: bool
    outcomes: Sequence[Outcome]

    def count(self, result: str) -> int:
        """How many proofs had this result."""
        return sum(outcome.result == result for outcome in self.outcomes)

    @property
    def ok(self) -> bool:
        """Something was proved, and nothing failed."""
        return self.count("failed") == 0 and self.count("passed") > 0

    def rows(self) -> Sequence[tuple[str, str, str]]:
        """For a table."""
        return [(one.result, one.name, one.message) for one in self.outcomes]

    def summary(self) -> str:
        """The last line."""
        counts = [f"{self.count(word)} {word}" for word in ("passed", "failed", "skipped")]
        origin = "generated suite" if self.generated else "the plugin's own suite"
        return f"{self.plugin} ({self.family}, {origin}): {', '.join(counts)}"

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        counts = {word: self.count(word) for word in ("passed", "failed", "skipped")}
        tests = [asdict(outcome) for outcome in self.outcomes]
        head = {"plugin": self.plugin, "family": self.family, "generated": self.generated}
        return {"ok": self.ok, **head, **counts, "tests": tests}


def verify(host: PluginHost, plugin_id: str) -> Verdict:
    """Run the suite; raises ``UnknownPlugin`` or, for a quarantined plugin, ``PluginError``."""
    from suwen.kernel.plugins.host import PluginError
    from suwen.kernel.plugins.switch import UnknownPlugin

    plugin = host.plugins.get(plugin_id)
    if plugin is None:
        raise UnknownPlugin
    if plugin.info is None or plugin.broken:
        raise PluginError(f"{plugin_id}: {plugin.error}")
    family = plugin.info.family
    if family not in SUITES:
        raise PluginError(f"{plugin_id}: there is no contract suite for the family {family}")
    personal = _personal(plugin.module)
    shipped = _shipped(_entry_point(plugin_id))
    if shipped:
        return Verdict(plugin_id, family, generated=False, outcomes=[personal, *_run(shipped)])
    with tempfile.TemporaryDirectory(prefix="suwen-verify-") as folder:
        path = Path(folder) / "test_contract.py"
        path.write_text(generated(family, plugin_id), encoding="utf-8")
        return Verdict(plugin_id, family, generated=True, outcomes=[personal, *_run([path])])


def _personal(module: Any) -> Outcome:
    """The part of the contract that holds for every family, and needs no database."""
    name = "personal data are declared, handed over and erased"
    try:
        from suwen.testing.personal import faults_of
    except ModuleNotFoundError:
        return Outcome(name, "skipped", "the contract suites need pytest")
    faults = faults_of(module)
    return Outcome(name, "failed" if faults else "passed", "; ".join(faults)[:300])


def _entry_point(plugin_id: str) -> EntryPoint:
    (point,) = entry_points(group=ENTRY_POINT_GROUP, name=plugin_id)
    return point


def _shipped(point: EntryPoint) -> list[Path]:
    """Test files beside the plugin's source that use a contract suite."""
    folder = _source_folder(point)
    if folder is None:
        return []
    files = sorted(folder.joinpath("tests").rglob("test_*.py"))
    return [path for path in files if PUBLIC in path.read_text(encoding="utf-8")]


def _source_folder(point: EntryPoint) -> Path | None:
    """Where the plugin was installed from, if that was a folder of this machine (PEP 610)."""
    text = point.dist.read_text("direct_url.json") if point.dist else None
    if not text:
        return None
    url = urlsplit(json.loads(text)["url"])
    folder = Path(unquote(url.path))
    return folder if url.scheme == "file" and folder.is_dir() else None


def generated(family: str, plugin_id: str) -> str:
    """A suite for a plugin that brings none."""
    module, suite, fixture = SUITES[family]
    return f"""\
from importlib.metadata import entry_points

import pytest

from {module} import {suite}

(POINT,) = entry_points(group="{ENTRY_POINT_GROUP}", name="{plugin_id}")
OBJECTS = list(POINT.load().{HOOKS[family]}())


class TestContract({suite}):
    @pytest.fixture(params=OBJECTS, ids=lambda obj: obj.info.code)
    def {fixture}(self, request):
        return request.param
"""


def _run(files: Sequence[Path]) -> Sequence[Outcome]:
    with tempfile.TemporaryDirectory(prefix="suwen-report-") as folder:
        report = Path(folder) / "report.jsonl"
        words = [
            "-q",
            "--import-mode=importlib",
            "-p",
            "suwen.testing.contract",
            "-p",
            "no:cacheprovider",
        ]
        words.append(f"{REPORT}={report}")
        command = [sys.executable, "-m", "pytest", *words, *map(str, files)]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        outcomes = _read(report)
    if not outcomes:
        raise click.ClickException(_cause(done.stdout + done.stderr))
    return outcomes


def _read(report: Path) -> Sequence[Outcome]:
    if not report.exists():
        return ()
    return [Outcome(**json.loads(line)) for line in report.read_text("utf-8").splitlines()]


def _cause(output: str) -> str:
    if "No module named pytest" in output:
        return "the contract suites need pytest: pip install suwen[testing]"
    lines = [line for line in output.splitlines() if line.startswith("E  ")] or output.splitlines()
    return f"the suite did not run: {lines[-1].strip() if lines else 'no output'}"
