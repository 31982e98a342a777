from __future__ import annotations

from pathlib import Path

import pytest

from suwen.kernel.themes import THEMES
from suwen.kernel.themes.chain import ThemeError, load_themes


def theme(root: Path, name: str, parent: str | None = None, more: str = "") -> None:
    folder = root / name
    folder.mkdir()
    line = f'parent = "{parent}"\n' if parent else ""
    text = f'[theme]\nname = "{name}"\ntitle = "{name}"\n{line}{more}'
    folder.joinpath("theme.toml").write_text(text, encoding="utf-8")


def test_chain_runs_from_the_theme_to_its_root(tmp_path):
    theme(tmp_path, "base")
    theme(tmp_path, "pc", "base")
    theme(tmp_path, "yueyang", "pc")
    registry = load_themes([tmp_path])
    assert [each.name for each in registry.chain("yueyang")] == ["yueyang", "pc", "base"]


def test_unknown_parent_is_named(tmp_path):
    theme(tmp_path, "pc", "nowhere")
    with pytest.raises(ThemeError, match="nowhere"):
        load_themes([tmp_path])


def test_circle_is_named(tmp_path):
    theme(tmp_path, "a", "b")
    theme(tmp_path, "b", "a")
    with pytest.raises(ThemeError, match="inherits from itself"):
        load_themes([tmp_path])


def test_default_theme_must_exist(tmp_path):
    theme(tmp_path, "base")
    with pytest.raises(ThemeError, match="gone"):
        load_themes([tmp_path], {"pc": "gone"})


@pytest.mark.parametrize(
    ("more", "said"),
    [('surface = "watch"\n', "watch"), ("api = 9\n", "api 9"), ("= broken", "cannot be read")],
)
def test_malformed_theme_is_refused(tmp_path, more, said):
    theme(tmp_path, "odd", more=more)
    with pytest.raises(ThemeError, match=said):
        load_themes([tmp_path])


def test_folder_and_name_must_agree(tmp_path):
    theme(tmp_path, "one")
    tmp_path.joinpath("one").rename(tmp_path / "two")
    with pytest.raises(ThemeError, match="calls itself"):
        load_themes([tmp_path])


def test_the_same_theme_twice_is_refused(tmp_path):
    for root in ("x", "y"):
        tmp_path.joinpath(root).mkdir()
        theme(tmp_path / root, "base")
    with pytest.raises(ThemeError, match="twice"):
        load_themes([tmp_path / "x", tmp_path / "y"])


def test_default_of_a_surface_falls_back(tmp_path):
    theme(tmp_path, "base")
    registry = load_themes([tmp_path])
    assert registry.default("mobile") == "base"


def test_shipped_themes_are_sound():
    registry = load_themes([THEMES])
    assert [each.name for each in registry.chain("pc")] == ["pc", "base"]
