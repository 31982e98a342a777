from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from suwen.kernel.themes.chain import Theme
from suwen.kernel.themes.environment import ChainLoader, ThemeEnvironment


class Globals:
    NAMES = frozenset({"_", "lang"})
    lang = "zh-CN"

    def __init__(self):
        self.modules = {}

    def translate(self, text, **mapping):
        return f"<{text}>"


@pytest.fixture
def folders(tmp_path):
    made = {}
    for name in ("near", "far", "plugin"):
        made[name] = tmp_path / name / "templates"
        made[name].mkdir(parents=True)
    return made


@pytest.fixture
def environment(folders, tmp_path):
    chain = [Theme(name, name, tmp_path / name) for name in ("near", "far")]
    return ThemeEnvironment(ChainLoader(chain, [folders["plugin"]]), auto_reload=True)


def put(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def render(environment, name, **values):
    return environment.get_template(name).render(values, page_globals=Globals())


def test_nearest_theme_wins_and_plugins_come_last(environment, folders):
    put(folders["plugin"], "suwen_x/a.jinja2", "plugin")
    assert render(environment, "suwen_x/a.jinja2") == "plugin"
    put(folders["far"], "suwen_x/a.jinja2", "far")
    assert render(environment, "suwen_x/a.jinja2") == "far"
    put(folders["near"], "suwen_x/a.jinja2", "near")
    assert render(environment, "suwen_x/a.jinja2") == "near"


def test_parent_is_the_next_theme_up(environment, folders):
    put(folders["far"], "layout.jinja2", "[{% block b %}far{% endblock %}]")
    put(
        folders["near"],
        "layout.jinja2",
        '{% extends "parent:layout.jinja2" %}{% block b %}near{% endblock %}',
    )
    assert render(environment, "layout.jinja2") == "[near]"


def test_parent_of_the_last_theme_is_missing(environment, folders):
    put(folders["far"], "a.jinja2", '{% extends "parent:a.jinja2" %}')
    with pytest.raises(TemplateNotFound, match="parent:a"):
        render(environment, "a.jinja2")


def test_a_theme_can_be_named_exactly(environment, folders):
    put(folders["near"], "a.jinja2", "near")
    put(folders["far"], "a.jinja2", "far")
    assert render(environment, "@far/a.jinja2") == "far"


@pytest.mark.parametrize("name", ["../secret", "a//b", "./a", "@far/../../secret", "@nobody/a"])
def test_names_cannot_leave_the_folders(environment, folders, name):
    put(folders["far"].parent, "secret", "secret")
    with pytest.raises(TemplateNotFound):
        environment.get_template(name)


def test_imported_macros_see_the_page(environment, folders):
    put(
        folders["far"],
        "m.jinja2",
        '{% macro hello(x) %}{{ _("好") }}{{ lang }}{{ x }}{% endmacro %}',
    )
    put(folders["near"], "a.jinja2", '{% from "m.jinja2" import hello %}{{ hello(1) }}')
    put(folders["near"], "b.jinja2", '{% import "m.jinja2" as m %}{{ m.hello(2) }}')
    assert render(environment, "a.jinja2") == "&lt;好&gt;zh-CN1"
    assert render(environment, "b.jinja2").endswith("zh-CN2")


def test_macros_see_the_views_values_only_when_asked_to(environment, folders):
    put(folders["far"], "m.jinja2", "{% macro see() %}{{ mine is defined }}{% endmacro %}")
    put(folders["near"], "a.jinja2", '{% from "m.jinja2" import see %}{{ see() }}')
    put(folders["near"], "b.jinja2", '{% from "m.jinja2" import see with context %}{{ see() }}')
    assert render(environment, "a.jinja2", mine=1) == "False"
    assert render(environment, "b.jinja2", mine=1) == "True"


def test_the_views_value_hides_a_global(environment, folders):
    put(folders["near"], "a.jinja2", "{{ lang }}")
    assert render(environment, "a.jinja2", lang="own") == "own"


def test_text_is_escaped_and_undefined_names_raise(environment, folders):
    put(folders["near"], "a.jinja2", "{{ text }}")
    assert render(environment, "a.jinja2", text="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        render(environment, "a.jinja2")
