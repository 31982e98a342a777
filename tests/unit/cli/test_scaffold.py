"""New plugins, and the proof of plugins."""

from __future__ import annotations

import importlib
import sys

import pytest

from suwen.cli import main, scaffold, verifying
from suwen.kernel.plugins.host import PluginHost

FAMILIES = {
    "payment": "payment_acme",
    "reward": "reward_acme",
    "archive": "archive_acme",
    "questionnaire": "scorer_acme",
    "push": "push_acme",
}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Write a plugin and make it importable, here and in the suite's process."""

    def write(family, name="acme"):
        made = scaffold.write(family, name, tmp_path)
        source = str(made.folder / "src")
        monkeypatch.syspath_prepend(source)
        monkeypatch.setenv("PYTHONPATH", source)
        return made

    yield write
    for name in [name for name in sys.modules if name.startswith("suwen_") and "acme" in name]:
        del sys.modules[name]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_new_plugin_registers_as_it_stands(made, family):
    plugin = made(family)
    assert plugin.plugin_id == FAMILIES[family]

    host = PluginHost(strict=True)
    module = importlib.import_module(f"suwen_{plugin.plugin_id}.plugin")
    host.register(plugin.plugin_id, module, "0.1.0")

    assert [found for found, _item in host.objects_of(plugin.plugin_id)] == [family]


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_of_the_template_is_left(made, family):
    for path in made(family).folder.rglob("*"):
        assert not any(word in str(path) for word in ("PACKAGE", ".tmpl"))
        if path.is_file():
            content = path.read_text("utf-8")
            words = ("PACKAGE", "CLASS_NAME", "PLUGIN_ID", "TITLE", "FAMILY", "DIST_NAME")
            assert not [word for word in words if word in content], path


@pytest.mark.slow
@pytest.mark.parametrize("family", ["reward", "archive", "questionnaire", "push"])
def test_a_new_plugin_keeps_its_contract(made, family):
    plugin = made(family)

    outcomes = verifying._run([plugin.folder / "tests" / "test_contract.py"])

    assert outcomes
    assert [one for one in outcomes if one.result != "passed"] == []


@pytest.mark.slow
def test_a_new_gateway_fails_only_where_its_author_has_to_write(made):
    plugin = made("payment")

    outcomes = verifying._run([plugin.folder / "tests" / "test_contract.py"])

    failed = [one for one in outcomes if one.result == "failed"]
    assert failed
    assert {one.message for one in failed} == {
        "NotImplementedError: world: the provider and its buyers, see PaymentWorld"
    }


@pytest.mark.parametrize("name", ["", "1x", "a b", "../x", "acme_", "x" * 60, "中文", "push_"])
def test_bad_names_are_refused(tmp_path, name, capsys):
    assert main(["plugin", "new", "push", "--into", str(tmp_path), "--", name]) == 1
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path, capsys):
    for status in (0, 1):
        assert main(["plugin", "new", "push", "acme", "--into", str(tmp_path)]) == status
    assert "exists already" in capsys.readouterr().err


def test_the_familys_prefix_is_not_doubled(tmp_path):
    assert scaffold.write("push", "push_Acme-2", tmp_path).plugin_id == "push_acme_2"


@pytest.fixture
def installed(made, tmp_path, monkeypatch):
    """A plugin as pip leaves it, without its tests."""

    def install(family):
        plugin = made(family)
        info = plugin.folder / "src" / f"suwen_{plugin.plugin_id}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: suwen-{plugin.plugin_id}\nVersion: 0.1.0\n"
        )
        line = f"{plugin.plugin_id} = suwen_{plugin.plugin_id}.plugin"
        (info / "entry_points.txt").write_text(f"[suwen.plugins]\n{line}\n")
        importlib.invalidate_caches()
        host = PluginHost(strict=True)
        host.load([verifying._entry_point(plugin.plugin_id)])
        return plugin, info, host

    return install


@pytest.mark.slow
def test_a_plugin_without_tests_gets_a_generated_suite(installed):
    plugin, _info, host = installed("questionnaire")

    verdict = verifying.verify(host, plugin.plugin_id)

    assert verdict.ok
    assert verdict.generated
    assert verdict.count("passed") > 20
    assert "generated suite" in verdict.summary()


@pytest.mark.slow
def test_what_a_generated_suite_cannot_know_fails_by_name(installed):
    plugin, _info, host = installed("push")

    verdict = verifying.verify(host, plugin.plugin_id)

    assert not verdict.ok
    messages = {one.message for one in verdict.outcomes if one.result == "failed"}
    assert messages <= {
        "NotImplementedError: a subclass gives a context",
        "NotImplementedError: a subclass gives addresses to accept",
        "NotImplementedError: a subclass gives addresses to refuse",
    }


@pytest.mark.slow
def test_a_plugin_installed_from_a_folder_brings_its_own_suite(installed):
    plugin, info, host = installed("archive")
    (info / "direct_url.json").write_text(f'{{"url": "file://{plugin.folder}", "dir_info": {{}}}}')
    extra = "def test_of_its_own():\n    raise AssertionError\n"
    tests = plugin.folder / "tests"
    (tests / "test_more.py").write_text(extra)
    with (tests / "test_contract.py").open("a") as file:
        file.write("\n\n" + extra)

    verdict = verifying.verify(host, plugin.plugin_id)

    assert not verdict.generated
    assert verdict.ok
    assert verdict.as_dict()["failed"] == 0


@pytest.mark.slow
def test_a_suite_that_cannot_run_says_why(tmp_path):
    path = tmp_path / "test_x.py"
    path.write_text("import suwen.testing, nothing_of_this_name\n")

    with pytest.raises(Exception, match="nothing_of_this_name"):
        verifying._run([path])


def test_nothing_proved_is_not_a_proof():
    assert not verifying.Verdict("x", "push", generated=False, outcomes=[]).ok
    skipped = [verifying.Outcome("a", "skipped")]
    assert not verifying.Verdict("x", "push", generated=False, outcomes=skipped).ok
