"""Loading plugins: a bad one is named and left out, the others work."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.kernel.plugins.host import PluginError, PluginHost
from tests.plugins.channels import Channel

pytest_plugins = ["tests.fixtures_surfaces"]

BAD = {
    "import_error": "ModuleNotFoundError: No module named 'a_package_that_nobody_has'",
    "wrong_version": "PluginError: needs suwen >=9, this is ",
    "raises_in_hook": "RuntimeError: the second channel is broken",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_plugin_is_quarantined_with_its_cause(dummy, name):
    host = PluginHost(strict=False)
    host.load([dummy(name), dummy("disabled")])

    bad = host.plugins[f"dummy_{name}"]
    assert bad.broken
    assert bad.error.startswith(BAD[name])
    assert [plugin.id for plugin in host.working()] == ["dummy_disabled"]


@pytest.mark.parametrize("name", BAD)
def test_development_does_not_start_with_a_bad_plugin(dummy, name):
    with pytest.raises(PluginError, match=f"dummy_{name}"):
        PluginHost(strict=True).load([dummy(name)])


def test_what_a_failing_plugin_registered_is_taken_back(dummy):
    host = PluginHost(strict=False)
    host.load([dummy("raises_in_hook")])

    assert list(host.channels) == []
    assert not host.manager.has_plugin("dummy_raises_in_hook")


def test_a_working_plugin_is_found_by_its_code(dummy):
    host = PluginHost(strict=True)
    host.load([dummy("disabled")])

    assert host.channels.get("dummy_disabled").plugin == "dummy_disabled"
    assert [(family, item.code) for family, item in host.objects_of("dummy_disabled")] == [
        ("push", "dummy_disabled")
    ]


def module(plugin_id="inline", **content):
    info = PluginInfo(id=plugin_id, title="内联", family="push")
    return SimpleNamespace(**{"plugin_info": info, **content})


@hookimpl
def suwen_pusch_channels():
    return []


@pytest.mark.parametrize(
    ("made", "cause"),
    [
        (SimpleNamespace(), "no plugin_info"),
        (module("another"), "plugin_info.id is another"),
        (module(suwen_pusch_channels=suwen_pusch_channels), "unknown hook suwen_pusch_channels"),
        (
            module(
                plugin_info=PluginInfo(
                    id="inline", title="x", family="push", personal_columns=("inline_x.phone",)
                )
            ),
            "neither exports nor erases",
        ),
    ],
)
def test_the_gate(made, cause):
    with pytest.raises(PluginError, match=cause):
        PluginHost(strict=True).register("inline", made, "1.0")


def test_two_plugins_cannot_bring_the_same_code():
    host = PluginHost(strict=True)
    first = hookimpl(lambda: [Channel("same", "一")])
    second = hookimpl(lambda: [Channel("same", "二")])
    host.register("one", module("one", suwen_push_channels=first), "1")

    with pytest.raises(ValueError, match="same is registered by one and two"):
        host.register("two", module("two", suwen_push_channels=second), "1")


def test_what_does_not_follow_the_protocol_is_refused():
    class NoSend(Channel):
        send = property()

    made = hookimpl(lambda: [SimpleNamespace(info=SimpleNamespace(code="x"))])
    with pytest.raises(TypeError, match="lacks methods"):
        PluginHost(strict=True).register("inline", module(suwen_push_channels=made), "1")


def test_a_plugin_that_exits_at_import_is_named(monkeypatch, tmp_path):
    (tmp_path / "suwen_dummy_exits.py").write_text("import sys\nsys.exit(0)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from importlib.metadata import EntryPoint

    host = PluginHost(strict=False)
    host.load([EntryPoint("dummy_exits", "suwen_dummy_exits", "suwen.plugins")])

    assert "sys.exit" in host.plugins["dummy_exits"].error
    assert "suwen_dummy_exits" not in sys.modules


def raising_mount(config):
    config.add_route("inline.page", "/inline")
    raise RuntimeError("no page for you")


def mounted(strict):
    from pyramid.config import Configurator

    from suwen.kernel.plugins.mount import mount

    host = PluginHost(strict=strict)
    plugin = host.register("inline", module(suwen_mount=hookimpl(raising_mount)), "1")
    config = Configurator()
    mount(config, host, plugin)
    config.commit()
    return host, [route.name for route in config.introspector.get_category("routes") or ()]


def test_a_plugin_whose_pages_fail_to_mount_is_quarantined_and_leaves_nothing():
    host, routes = mounted(strict=False)
    assert host.plugins["inline"].error == "RuntimeError: no page for you"
    assert host.working() == []
    assert routes == []


def test_development_names_the_plugin_that_fails_to_mount():
    with pytest.raises(PluginError, match="inline: RuntimeError"):
        mounted(strict=True)
